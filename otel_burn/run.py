"""What did this run burn? `otel-burn run -- python agent.py` instruments a program and reports at its end."""

import argparse
import contextlib
import os
import secrets
import signal
import sys
import time
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from otel_burn import locations, running_collector, settings
from otel_burn.cli import dispatch
from otel_burn.command import Command
from otel_burn.delivery import RefusedError, post_traces
from otel_burn.errors import BurnError
from otel_burn.passing_signals import run_program
from otel_burn.spool import drain

BOOT: Final = Path(__file__).parent / "boot"
_REPORT_WAIT_SECONDS: Final = 30
_KEEP_SECONDS: Final = 60
"""Between looks at whether the collector still runs."""
_NOWHERE: Final = "http://127.0.0.1:0"
"""Nobody can listen there: better than the standard port, where a stranger may."""
_NOT_EXECUTABLE: Final = 126
_NOT_FOUND: Final = 127
"""What a shell returns for the same mistakes."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `otel-burn run`."""
    parser.usage = "otel-burn run [--db FILE] [--no-report] -- COMMAND …"
    parser.add_argument("--db", type=Path, help="the database that the spans go to (default: OTEL_BURN_DB)")
    parser.add_argument("--no-report", action="store_true", help="print no report when the program has ended")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="the program to run, with its arguments")


def run(options: argparse.Namespace) -> int:
    """Run the program instrumented, report what it burned, and return its exit code."""
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise BurnError(
            "there is no program to run; say which after two dashes: otel-burn run -- python agent.py"
        )
    if settings.disabled():
        _say(
            "OTEL_SDK_DISABLED or OTEL_BURN_DISABLED is set: the program runs, and nothing of it is recorded"
        )
    db = Path(options.db or locations.database()).absolute()
    run_id = (
        os.environ.get("OTEL_BURN_RUN_ID") or f"run-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}"
    )
    destination = Destination(db)
    try:
        status = run_program(
            command,
            _environment(run_id, destination.url),
            every=_KEEP_SECONDS,
            meanwhile=destination.keep_quietly,
        )
    except FileNotFoundError:
        _say(f"there is no program {command[0]!r}; is it installed and on PATH?")
        return _NOT_FOUND
    except PermissionError:
        _say(f"{command[0]!r} may not be run; is it executable?")
        return _NOT_EXECUTABLE
    _deliver_rest(run_id, destination)
    if not options.no_report and not settings.disabled():
        _report(run_id, db, destination.url)
    return _leave_as(status)


COMMAND: Final = Command("run a Python program and report what it burned", configure, run)


class Destination:
    """Where a run's spans go: where the user said, or to the collector of a database, started if need be."""

    def __init__(self, db: Path) -> None:
        self._db = db
        self._given = os.environ.get("OTEL_BURN_ENDPOINT")
        self.url = self._given.rstrip("/") if self._given else _NOWHERE
        try:
            self.keep()
        except BurnError as error:
            # The program runs all the same: its spans wait on disk until a collector is there.
            _say(
                f"{error}\notel-burn: the program runs all the same; its spans are kept in {locations.spool()}"
            )

    def keep(self) -> None:
        """Start the collector again if it has ended: a program may be silent for longer than it waits for work."""
        if self._given is None and running_collector.healthy(self.url) is None:
            port = urlsplit(self.url).port or locations.DEFAULT_HTTP_PORT
            self.url = running_collector.ensure(self._db, port=port).http_url

    def keep_quietly(self) -> None:
        """The same, without a word when it fails: it is tried again at the end, and said then."""
        with contextlib.suppress(BurnError):
            self.keep()


def _environment(run_id: str, endpoint: str) -> dict[str, str]:
    folder = locations.run_folder(run_id)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:  # ours to bear: the program runs all the same
        _say(f"{folder} cannot be made ({error.strerror}): what this run burns may be lost")
    path = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    return {
        **os.environ,
        "OTEL_BURN_RUN_ID": run_id,
        "OTEL_BURN_RUN_FOLDER": str(folder),
        "OTEL_BURN_ENDPOINT": endpoint,
        "PYTHONPATH": os.pathsep.join([str(BOOT), *(entry for entry in path if entry != str(BOOT))]),
    }


def _deliver_rest(run_id: str, destination: Destination) -> None:
    """Deliver what processes of the run left behind that were killed before they could."""
    try:
        destination.keep()
        drain(locations.spool(), lambda data: post_traces(destination.url, data), prefix=run_id)
    except (OSError, HTTPException, RefusedError, BurnError) as error:
        where = locations.without_secrets(destination.url)
        _say(
            f"spans of this run could not be delivered to {where} ({error}). They are kept in "
            f"{locations.spool()}; the next collector on this machine picks them up: otel-burn collector"
        )


def _report(run_id: str, db: Path, endpoint: str) -> None:
    if running_collector.of_database(db) is None:
        if endpoint != _NOWHERE:
            where = locations.without_secrets(endpoint)
            _say(f"the spans of {run_id} went to {where}; there is no database of it here to report from")
        return
    try:
        with contextlib.redirect_stdout(sys.stderr):
            dispatch(["report", "--db", str(db), "--run", run_id, "--wait", str(_REPORT_WAIT_SECONDS)])
    except BurnError as error:
        _say(f"there is no report of this run: {error}")


def _leave_as(status: int) -> int:
    """The program's exit code; where a signal ended it, end by the same signal."""
    if status < 0:
        sys.stdout.flush()
        sys.stderr.flush()
        with contextlib.suppress(OSError):  # SIGKILL needs no default handler
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
        return 128 - status  # a signal that does not end us
    return status


def _say(sentence: str) -> None:
    sys.stderr.write(f"otel-burn: {sentence}\n")
