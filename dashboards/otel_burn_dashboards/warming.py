"""What is loaded before the first reader comes? All that pages import: two seconds that nobody should wait for."""

import gc
import importlib
import pkgutil
import threading
from typing import Final

import otel_burn_dashboards

LOADED_LATE: Final = ("altair", "numpy", "pandas", "pyarrow")
"""What Streamlit imports only when a page first shows a chart or a table."""
SCRIPTS: Final = ("app", "app_pages")
"""What Streamlit runs: it would do so on import."""


def begin() -> threading.Thread:
    """Load it in a thread, while the reader's browser opens."""
    thread = threading.Thread(target=load, name="ScriptRunner.warming", daemon=True)
    thread.start()
    return thread


def load() -> None:
    """Import what pages import, and have the garbage collector leave it alone: Streamlit runs it after each page, and
    looking through every module took it 0.3 s."""
    for module in pkgutil.iter_modules(otel_burn_dashboards.__path__):
        if module.name not in SCRIPTS:
            importlib.import_module(f"otel_burn_dashboards.{module.name}")
    for name in LOADED_LATE:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
