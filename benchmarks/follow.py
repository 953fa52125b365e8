"""How long after a call does `otel-burn findings --follow` say what is wrong with it?

    python benchmarks/follow.py [--rounds 5] [--db DB]

A collector and the command run as processes of their own, over an empty database or one that is full already (a copy of
it: it is written to). An agent fails the same way again and again, as OTLP; the clock runs from the moment before the
request with the call that makes it a finding until the finding's line is there.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import trajectories
from ingest import start

from otel_burn_collector.discovery import Running

PATIENCE_SECONDS = 120.0
CALLS = 5
"""The third call brings a warning, the fourth, which reads the third result, makes it a loop."""


def main() -> None:
    """Measure, and print a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--db", type=Path, help="a database to begin with")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = options.db.absolute() if options.db else Path(folder) / "burn.duckdb"
        running, collector = start(db)
        try:
            with following(db) as lines:
                waited = [measure(running, lines, number) for number in range(options.rounds)]
        finally:
            collector.terminate()
            collector.wait()
    print(
        f"{options.rounds} loops: median {statistics.median(waited):.1f} s, at most {max(waited):.1f} s "
        f"(load {os.getloadavg()[0]:.0f})"
    )


def measure(running: Running, lines: "Queue[dict[str, Any]]", number: int) -> float:
    """Seconds from the call that makes a loop until the line that says so."""
    session = f"follow-{time.time_ns()}-{number}"
    step = {
        "thought": "Once more.",
        "tool": "run_tests",
        "args": {"path": "tests"},
        "obs": "E   AssertionError: 3 != 4",
    }
    run = {"id": session, "source": "follow", "steps": [step] * CALLS}
    for span in list(trajectories.spans(run))[:CALLS]:
        now = time.time_ns()
        span |= {"startTimeUnixNano": str(now - 1_000_000_000), "endTimeUnixNano": str(now)}
        sent = time.monotonic()
        post(running, span)
        # Until the fourth call nothing is waited for: an agent's calls come seconds apart.
        if said(
            lines, session, PATIENCE_SECONDS if span["attributes"] and _turn(span, run) == CALLS - 2 else 3.0
        ):
            return time.monotonic() - sent
    raise SystemExit(f"No finding of {session} within {PATIENCE_SECONDS:g} s.")


def _turn(span: dict[str, Any], run: dict[str, Any]) -> int:
    return [each["spanId"] for each in trajectories.spans(run)].index(span["spanId"])


def said(lines: "Queue[dict[str, Any]]", session: str, seconds: float) -> bool:
    """Whether *session* has a loop, said within so many *seconds*."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except Empty:
            return False
        if line["session_id"] == session and line["tier"] == "loop":
            return True
    return False


def post(running: Running, span: dict[str, Any]) -> None:
    """Send *span* to the collector."""
    request = urllib.request.Request(
        f"{running.http_url}/v1/traces",
        data=json.dumps(trajectories.otlp([span])).encode(),
        headers={"content-type": "application/json"},
    )
    urllib.request.urlopen(request).read()


@contextmanager
def following(db: Path) -> Iterator["Queue[dict[str, Any]]"]:
    """The findings that the command prints, as they come."""
    command = [sys.executable, "-m", "otel_burn", "findings", "--follow", "--json", "--db", str(db)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    found: Queue[dict[str, Any]] = Queue()
    assert process.stdout is not None
    output = process.stdout
    Thread(target=lambda: [found.put(json.loads(line)) for line in output], daemon=True).start()
    try:
        yield found
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


if __name__ == "__main__":
    main()
