"""Does a question end when somebody cancels it, at the collector and in the file, before it began and after?"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_burn_collector.offline import Offline
from otel_burn_collector.reader import Ledger, open_ledger
from otel_burn_collector.stopping import StoppedError, Stopper

SLOW = "SELECT count(*) FROM range(100000000000) a, range(10) b"


def cancelled(ledger: Ledger, *, when: Callable[[], None]) -> tuple[StoppedError, float]:
    """What a slow question raises once it is cancelled, and how many seconds after that."""
    stopper, at = Stopper(), [0.0]

    def cancel() -> None:
        when()
        at[0] = time.monotonic()
        stopper.stop()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(StoppedError, match="cancelled") as raised:
        ledger.query(SLOW, stopper=stopper)
    thread.join()
    return raised.value, time.monotonic() - at[0]


def test_a_collector_stops_what_is_cancelled(
    start_collector: Callable[..., Any], wait_until: Callable[..., None]
) -> None:
    """The query ends where it runs, not only for whoever waits; the collector answers the next one."""
    collector = start_collector()
    with collector.ledger() as ledger:
        client = ledger._client
        assert client
        assert client.query_seconds() == ledger.query_seconds() == 120

        def running(number: int) -> bool:
            return bool(client.status()["queries_running"] == number)

        _, seconds = cancelled(ledger, when=lambda: wait_until(lambda: running(1)))
        assert seconds < 10
        wait_until(lambda: running(0))
        assert ledger.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


def test_a_file_is_let_go_of(tmp_path: Path) -> None:
    """Without a collector it is our own query that ends, and the file is free at once."""
    with Offline(tmp_path / "burn.duckdb"):
        pass  # makes the database
    with open_ledger(tmp_path / "burn.duckdb") as ledger:
        assert ledger.via == "file"
        cancelled(ledger, when=lambda: time.sleep(0.5))
        assert ledger.query_seconds() == 120
        with Offline(tmp_path / "burn.duckdb"):
            pass  # which wants it for itself


def test_what_was_cancelled_before_is_not_asked() -> None:
    """Whoever cancels early does not pay for an answer."""
    stopper = Stopper()
    stopper.stop()
    with pytest.raises(StoppedError), stopper.ends(lambda: None):
        pytest.fail("it was asked all the same")
