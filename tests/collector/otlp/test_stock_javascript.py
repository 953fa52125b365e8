"""Is what JavaScript's stock exporters are acknowledged for stored once, with the collector killed and overloaded?"""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "js"
BATCHES = 25
Collector = Any

if shutil.which("node") is None:
    pytest.skip("needs Node.js, which is not here", allow_module_level=True)
if not (FOLDER / "node_modules").is_dir():
    pytest.skip(f"needs JavaScript's exporters: npm install --prefix {FOLDER}", allow_module_level=True)

KINDS = {
    "proto": lambda collector: f"{collector.url}/v1/traces",
    "http": lambda collector: f"{collector.url}/v1/traces",
    "grpc": lambda collector: collector.running.grpc_url,
}


@contextmanager
def exporting(kind: str, collector: Collector, batches: int, pause: int) -> Iterator[subprocess.Popen[str]]:
    """A Node.js program that exports; it is read and waited for by the test."""
    command = ["node", str(FOLDER / "export.js"), kind, KINDS[kind](collector), str(batches), str(pause)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        try:
            yield program
        finally:
            program.kill()


def acknowledged(program: subprocess.Popen[str]) -> list[str]:
    """The ids of spans in acknowledged batches, once the program has ended."""
    out, said = program.communicate(timeout=180)
    assert program.returncode == 0, said
    return [span_id for line in out.splitlines() for span_id in json.loads(line)]


def check(collector: Collector, kind: str, expected: list[str]) -> None:
    with collector.ledger() as ledger:
        rows = ledger.query(f"SELECT span_id FROM spans WHERE name = 'javascript {kind}'")[
            "span_id"
        ].to_pylist()
    assert len(rows) == len(set(rows))
    assert set(expected) - set(rows) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_receiver_is_killed_beneath_it(start_collector: Callable[..., Collector], kind: str) -> None:
    """kill -9 twice while batches are sent: nothing that was acknowledged is missing or there twice."""
    collector = start_collector()
    with exporting(kind, collector, BATCHES, 100) as program:
        for _ in range(2):
            time.sleep(1)
            _kill_receiver(collector)
        expected = acknowledged(program)
    assert len(expected) > BATCHES * 20 // 2
    check(collector, kind, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_it_waits_out_an_overload(
    start_collector: Callable[..., Collector], overloaded: Any, kind: str
) -> None:
    """Told to come again, it does: every batch is acknowledged and stored."""
    collector = start_collector("--max-request", "1")
    overloaded(collector)
    release = threading.Timer(2, overloaded.release)
    with exporting(kind, collector, 3, 0) as program:
        release.start()
        expected = acknowledged(program)
    release.join()
    assert len(expected) == 60
    check(collector, kind, expected)


def _kill_receiver(collector: Collector) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            os.kill(collector.child("receiver"), signal.SIGKILL)
            return
        except ValueError:  # it is being started again
            assert time.monotonic() < deadline
            time.sleep(0.1)
