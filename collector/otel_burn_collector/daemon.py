"""How does a collector start in the background? In a session of its own, and only then said to run when it serves."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from otel_burn.errors import BurnError
from otel_burn_collector.discovery import Running, find_collector, make_private
from otel_burn_collector.settings import data_dir_of
from otel_burn_collector.supervisor import refuse_second

LOG = "collector.log"
LOOK_SECONDS = 0.05


def start_detached(arguments: Sequence[str], *, db: Path, data_dir: Path | None) -> Running:
    """Start `otel-burn collector` with *arguments* in the background and return it once it serves."""
    db = db.absolute()
    refuse_second(db)
    folder = data_dir or data_dir_of(db)
    make_private(folder)
    path = folder / LOG
    path.touch(mode=0o600)
    with path.open("ab") as log:
        begin = log.tell()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "otel_burn", "collector", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    while process.poll() is None:
        running = find_collector(db)
        if running is not None and running.pid == process.pid:
            return running
        time.sleep(LOOK_SECONDS)
    raise BurnError(_last_words(path, begin))


def _last_words(path: Path, begin: int) -> str:
    """What a collector that did not start said at its end."""
    lines = path.read_bytes()[begin:].decode(errors="replace").strip().splitlines()
    said = [line.removeprefix("otel-burn: ") for line in lines if line.startswith("otel-burn: ")]
    return said[-1] if said else f"The collector did not start. Its log {path} says why."
