"""What is made ready before the first reader comes? What pages import, and what the first page asks: while the browser
opens, which takes as long."""

import gc
import importlib
import pkgutil
import threading
from collections.abc import Callable
from typing import Final

import otel_burn_dashboards

LOADED_LATE: Final = ("altair", "numpy", "pandas", "pyarrow")
"""What Streamlit imports only when a page first shows a chart or a table."""
SCRIPTS: Final = ("app", "app_pages")
"""What Streamlit runs: it would do so on import."""


def begin(work: Callable[[], None]) -> None:
    """Do *work* in a thread."""
    threading.Thread(target=work, name="ScriptRunner.warming", daemon=True).start()


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


def ask() -> None:
    """Ask what the first page asks when nothing has been chosen yet. The server has to run, as it keeps the answers."""
    from otel_burn_dashboards import burning, queries, source  # noqa: PLC0415 - by now they are loaded
    from otel_burn_dashboards.state import View  # noqa: PLC0415

    seen, now = View(), source.now()
    source.prepare(queries.freshness)
    source.prepare(burning.names)
    source.prepare(burning.burn, scope=seen.scope(now), by=seen.by, then=seen.then, now=now)
