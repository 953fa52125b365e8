"""Is everything that was acknowledged there once, whatever is killed and whenever?"""

import http.client
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

ROUNDS = 3
CLIENTS = 3
SPANS = 20


class Clients:
    """Senders that try again until they are acknowledged, as exporters do, and know what was."""

    def __init__(self, collector: Any, make_spans: Callable[..., bytes]) -> None:
        self._collector = collector
        self._make_spans = make_spans
        self._stop = threading.Event()
        self.acknowledged: list[tuple[int, int]] = []
        self._threads = [
            threading.Thread(target=self._send, args=(number,)) for number in range(1, CLIENTS + 1)
        ]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, client: int) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            body = self._make_spans(
                *range(number * SPANS, number * SPANS + SPANS),
                trace=client * 10**6 + number,
                service="killed",
                calls=True,
            )
            if self._until_acknowledged(body):
                self.acknowledged.append((client, number))

    def _until_acknowledged(self, body: bytes) -> bool:
        while True:
            try:
                if self._collector.send(body).status == 200:
                    return True
            except (OSError, http.client.HTTPException):
                if self._stop.is_set():
                    return False
                time.sleep(0.02)


def check(collector: Any, clients: Clients) -> None:
    with collector.ledger() as ledger:
        found = ledger.query(
            "SELECT trace_id, span_id, count(*) AS n FROM spans WHERE service_name = 'killed' GROUP BY ALL"
        ).to_pylist()
        calls = ledger.query("SELECT trace_id, span_id, input_tokens FROM llm_calls").to_pylist()
        damage = ledger.query("SELECT reason FROM journal.damage")["reason"].to_pylist()
    assert {row["n"] for row in found} == {1}
    there = {(int(row["trace_id"], 16) // 10**6, int(row["span_id"], 16)) for row in found}
    sent = {
        (client, span)
        for client, number in clients.acknowledged
        for span in range(number * SPANS, number * SPANS + SPANS)
    }
    assert len(sent) > ROUNDS * SPANS
    assert sent - there == set()
    assert sorted(map(_ids, calls)) == sorted(map(_ids, found))
    assert all(row["input_tokens"] == int(row["span_id"], 16) for row in calls)
    # A killed receiver may leave the record that it was writing; anything else would be ours.
    assert set(damage) <= {"the segment ends within a record"}


def _ids(row: dict[str, Any]) -> tuple[str, str]:
    return row["trace_id"], row["span_id"]


@pytest.mark.parametrize("victims", [["receiver"], ["store"], ["receiver", "store"]], ids="+".join)
def test_killing_a_process_under_load_loses_nothing(
    start_collector: Callable[..., Any], make_spans: Callable[..., bytes], victims: list[str]
) -> None:
    """kill -9 of the receiver, the store, and both, a few times each: the supervisor brings them back."""
    collector = start_collector()
    dice = random.Random(7)
    with Clients(collector, make_spans) as clients:
        for _ in range(ROUNDS):
            time.sleep(dice.uniform(0.2, 0.6))
            for pid in [collector.child(name) for name in victims]:
                os.kill(pid, signal.SIGKILL)
            before = len(clients.acknowledged)
            deadline = time.monotonic() + 20
            while len(clients.acknowledged) < before + 3:
                assert time.monotonic() < deadline, "nothing is acknowledged any more"
                time.sleep(0.02)
            _wait_for_children(collector, victims)
    check(collector, clients)
    assert collector.stop() == 0


def _wait_for_children(collector: Any, names: list[str]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            for name in names:
                collector.child(name)
            return
        except ValueError:
            time.sleep(0.05)
    raise AssertionError(f"{names} did not come back")


def test_killing_the_whole_collector_loses_nothing(
    start_collector: Callable[..., Any], make_spans: Callable[..., bytes], wait_until: Callable[..., None]
) -> None:
    """The supervisor is killed: its processes end by themselves, and the next start loads what is journalled."""
    collector = start_collector()
    with Clients(collector, make_spans) as clients:
        time.sleep(0.8)
        children = [collector.child("receiver"), collector.child("store")]
        for pid in (collector.process.pid, *children):
            os.kill(pid, signal.SIGKILL)
        collector.process.wait()
    again = start_collector(db=collector.db)
    check(again, clients)


def test_the_processes_of_a_killed_supervisor_end(
    start_collector: Callable[..., Any], wait_until: Callable[..., None]
) -> None:
    """Nothing keeps the port or the database of a collector that is gone."""
    collector = start_collector()
    children = [collector.child("receiver"), collector.child("store")]
    collector.process.kill()
    collector.process.wait()
    wait_until(lambda: not any(_alive(pid) for pid in children))
    start_collector(db=collector.db)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"


def test_a_stopping_collector_loads_what_it_has(
    start_collector: Callable[..., Any], make_spans: Callable[..., bytes]
) -> None:
    """SIGTERM under load: exit code 0, and the file alone then has everything acknowledged."""
    from otel_burn_collector.reader import open_ledger

    collector = start_collector()
    with Clients(collector, make_spans) as clients:
        time.sleep(0.8)
        assert collector.stop() == 0
    with open_ledger(collector.db) as ledger:
        assert ledger.via == "file"
        assert not ledger.freshness().waiting
        found = ledger.query("SELECT count(*) AS n FROM spans").to_pylist()[0]["n"]
    assert found >= len(clients.acknowledged) * SPANS > 0
    assert not collector.db.with_name(f"{collector.db.name}.wal").exists()
