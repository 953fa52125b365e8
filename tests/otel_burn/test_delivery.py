"""What does delivery do with a collector that refuses, hangs, or isn't there?"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_burn.delivery import Delivery, RefusedError, StrangerError, post_traces
from otel_burn.spool import Spool


@pytest.mark.parametrize(
    "endpoint",
    [
        "localhost:4318",
        "http://host:port",
        "http://[::1",
        "ftp://127.0.0.1",
        "http://",
        "http://127.0.0.1:9/a b",
        f"http://{'a' * 70}.example",
    ],
)
def test_an_address_that_is_none_is_a_collector_that_is_away(endpoint: str) -> None:
    """A mistyped endpoint is one kind of error, after which spans wait on disk."""
    with pytest.raises(OSError, match=r"endpoint|can't be asked"):
        post_traces(endpoint, b"")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *((status, RefusedError) for status in (400, 413, 500)),
        *((status, StrangerError) for status in (301, 308, 401, 404, 429, 503)),
    ],
)
def test_only_success_is_success(server: Any, status: int, error: type[Exception]) -> None:
    """What is about the request is final; what may be a wrong address or a busy server leaves spans on disk."""
    server.say({}, status)
    with pytest.raises(error, match=str(status)):
        post_traces(server.url, b"")


def test_a_refused_record_takes_no_others_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a burst, only what the collector refuses is dropped, and that is said once."""
    arrived: list[bytes] = []

    def post(_: str, body: bytes) -> None:
        if b"bad" in body:
            raise RefusedError("bad")
        arrived.append(body)

    monkeypatch.setattr("otel_burn.delivery.post_traces", post)
    spool = Spool(tmp_path, "one")
    for record in (b"a", b"bad", b"b", b"bad", b"c"):
        spool.append(record)
    delivery = Delivery(spool, "", threading.Lock())
    with caplog.at_level(logging.WARNING, "otel_burn"):
        delivery.stop(5)
    assert arrived == [b"a", b"b", b"c"]
    assert len(caplog.records) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_refused_record_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Later contexts must not build on it."""

    def post(*_: Any) -> None:
        raise RefusedError("bad")

    monkeypatch.setattr("otel_burn.delivery.post_traces", post)
    spool, told = Spool(tmp_path, "one"), []
    spool.append(b"a")
    Delivery(spool, "", threading.Lock(), lambda: told.append(True)).stop(5)
    assert told == [True]


def test_all_that_waited_is_delivered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a collector missed is more than one post, and the process has nothing new to say."""
    arrived: list[bytes] = []
    monkeypatch.setattr("otel_burn.delivery.post_traces", lambda _, body: arrived.append(body))
    monkeypatch.setattr("otel_burn.delivery._GATHER_SECONDS", 0.01)
    spool = Spool(tmp_path, "one")
    for _ in range(4):
        spool.append(b"x" * 3_000_000)
    delivery = Delivery(spool, "", threading.Lock())
    delivery.wake()
    assert wait_until(lambda: len(arrived) == 4, 5)
    delivery.stop(5)


def test_a_hanging_collector_never_makes_us_write_into_files_of_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spool's descriptor stays ours until the thread that writes to it has ended."""
    answer = threading.Event()
    monkeypatch.setattr("otel_burn.delivery.post_traces", lambda *_: answer.wait(10))
    spool = Spool(tmp_path, "one")
    spool.append(b"a")
    delivery = Delivery(spool, "", threading.Lock())
    delivery.stop(0.1)
    with (tmp_path / "theirs").open("w+b") as theirs:
        theirs.write(b"words of the program")
        theirs.flush()
        assert not os.path.sameopenfile(theirs.fileno(), spool._file)
        answer.set()
        assert wait_until(lambda: not (tmp_path / "one.spool").exists(), 5)
        assert (tmp_path / "theirs").read_bytes() == b"words of the program"


def wait_until(condition: Callable[[], bool], timeout: float) -> bool:
    """Whether *condition* came true within *timeout* seconds, asked every few milliseconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
