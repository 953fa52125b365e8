"""Is what JavaScript's stock exporters are acknowledged for stored once, with the collector killed and overloaded?"""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "js"
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


class Exporting:
    """A Node.js program that exports until it is told to stop, and what it was acknowledged."""

    def __init__(self, kind: str, collector: Collector) -> None:
        command = ["node", str(FOLDER / "export.js"), kind, KINDS[kind](collector)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.batches: list[list[str]] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> "Exporting":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            assert self._process.wait(60) == 0
        finally:
            self._process.kill()
            self._reader.join()
            for pipe in (self._process.stdout, self._process.stderr):
                assert pipe is not None
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.batches.append(json.loads(line))


def check(collector: Collector, kind: str, batches: list[list[str]]) -> None:
    expected = {span_id for batch in batches for span_id in batch}
    sql = f"SELECT span_id FROM spans WHERE name = 'javascript {kind}'"
    with collector.ledger() as ledger:
        rows = ledger.query(sql)["span_id"].to_pylist()
    assert len(rows) == len(set(rows))
    assert expected - set(rows) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_the_receiver_is_killed_beneath_it(
    start_collector: Callable[..., Collector], wait_until: Callable[..., None], kind: str
) -> None:
    """kill -9 twice while batches are sent: nothing that was acknowledged is missing or there twice."""
    collector = start_collector()
    with Exporting(kind, collector) as program:
        for round_ in range(1, 4):
            wait_until(lambda wanted=round_ * 5: len(program.batches) >= wanted, 120)
            if round_ < 3:
                os.kill(collector.child("receiver"), signal.SIGKILL)
    check(collector, kind, program.batches)


@pytest.mark.parametrize("kind", KINDS)
def test_it_waits_out_an_overload(
    start_collector: Callable[..., Collector], wait_until: Callable[..., None], overloaded: Any, kind: str
) -> None:
    """Told to come again, it does, over HTTP; over gRPC it tells its caller. Either way it goes on afterwards."""
    collector = start_collector("--max-request", "1")
    overloaded(collector)
    with Exporting(kind, collector) as program:
        time.sleep(3)
        overloaded.release()
        wait_until(lambda: len(program.batches) >= 3, 120)
    check(collector, kind, program.batches)
    if kind == "grpc":
        return  # this exporter leaves trying again to whoever configures its channel
    with collector.ledger() as ledger:
        sql = f"SELECT DISTINCT attributes['batch']::INT AS batch FROM spans WHERE name = 'javascript {kind}'"
        found = sorted(ledger.query(sql)["batch"].to_pylist())
    assert found == list(range(len(found)))
