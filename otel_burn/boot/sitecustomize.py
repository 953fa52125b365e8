"""How does `otel-burn run` get into Python programs? Their interpreters import this file at start-up.

It stands first on PYTHONPATH, instruments the process, and lets the `sitecustomize` that would have been
imported without us have its turn. It may be run by any Python of any age, with or without otel-burn, so it
uses nothing that an old one lacks, and whatever goes wrong here stays here.
"""

import os
import sys


def _leave_path():
    """Take this folder off the path: the program shall not find it. PYTHONPATH stays for its children."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != here]


def _start():
    try:
        from otel_burn.autostart import start
    except Exception:  # noqa: BLE001 - no otel-burn in this interpreter, or no Python that it runs on
        _say_untouched()
    else:
        start()


def _say_untouched():
    """Leave a note for the report that this interpreter runs without otel-burn."""
    folder = os.environ.get("OTEL_BURN_RUN_FOLDER")
    if not folder:
        return
    try:
        import json

        note = {"argv": sys.argv[:1], "executable": sys.executable, "instrumented": False}
        with open(os.path.join(folder, "process-%d.json" % os.getpid()), "w") as file:  # noqa: UP031
            json.dump(note, file)
    except Exception:  # noqa: BLE001, S110 - a note is not worth a failure
        pass


def _chain():
    """Import the next `sitecustomize` on the path, in our place; stay in place where there is none."""
    ours = sys.modules.pop(__name__, None)
    try:
        __import__(__name__)
    except ImportError as error:
        if getattr(error, "name", __name__) != __name__:
            raise  # theirs is there and misses something: the interpreter says so, as it would without us
    finally:
        sys.modules.setdefault(__name__, ours)


_leave_path()
_start()
_chain()
