"""How is a program instrumented that never heard of us? At its start, at next to no cost.

Nothing but an import hook is put in. Everything else is imported once the program imports an HTTP client.
"""

import atexit
import os
import sys
from types import ModuleType

from otel_burn.taps import TAPS
from otel_burn.taps.import_hook import ImportHook


def start() -> None:
    """Instrument this process as soon as it imports an HTTP client that we tap. Never raises."""
    hook = ImportHook(TAPS, lambda _name, _module: _instrument(hook))
    hook.put_in()
    if os.environ.get("OTEL_BURN_RUN_ID"):
        atexit.register(_note_untapped)


def _instrument(hook: ImportHook) -> None:
    hook.take_out()
    try:
        from otel_burn import instrumentation  # noqa: PLC0415 - the point of this module

        instrumentation.instrument()
        if active := instrumentation.active():
            active.start()  # again, for a library that was half imported the first time
    except Exception as error:  # noqa: BLE001 - the program is not ours to stop
        sys.stderr.write(f"otel-burn: this process is not instrumented: {error}\n")


def _note_untapped() -> None:
    """Leave a note of a process that imported no HTTP client of ours, so that the report can name it."""
    instrumentation: ModuleType | None = sys.modules.get("otel_burn.instrumentation")
    if instrumentation is None:
        from otel_burn.process_note import write  # noqa: PLC0415 - at the end, off the start-up

        try:  # noqa: SIM105 - contextlib is not loaded for a note
            write(os.environ["OTEL_BURN_RUN_ID"], ended=True)
        except Exception:  # noqa: BLE001, S110 - no home, no right to write: no traceback for a note
            pass
