"""Is what was finished still there after the process is gone?"""

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from otel_burn.spool import Spool, drain


def test_left_over_records_are_delivered_once_in_order(tmp_path: Path) -> None:
    """What a process did not deliver is delivered by whoever drains, in order, and then never again."""
    spool = Spool(tmp_path, "one")
    for record in (b"a", b"bb" * 1000, b"ccc"):
        spool.append(record)
    _, end = spool.pending(1)
    spool.delivered(end)
    spool.close()
    got: list[bytes] = []
    assert drain(tmp_path, got.append) == 2
    assert got == [b"bb" * 1000, b"ccc"]
    assert drain(tmp_path, got.append) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_busy_process_gets_its_disk_back(tmp_path: Path) -> None:
    """The file stays as small as what waits, though something always does; nothing is lost or doubled."""
    spool = Spool(tmp_path, "one")
    got: list[bytes] = []
    sent = [str(number).encode() * 100_000 for number in range(400)]
    for number, record in enumerate(sent):
        spool.append(record)
        if number % 2:
            records, end = spool.pending(1 if number % 4 == 1 else 600_000)
            got += records
            spool.delivered(end)
            spool.compact()
        assert (tmp_path / "one.spool").stat().st_size < 4_000_000 + 3 * (spool._end - spool._delivered)
    assert spool.waiting
    spool.release()
    drain(tmp_path, got.append)
    assert got == sent


def test_a_living_process_keeps_its_spool(tmp_path: Path) -> None:
    """Nobody drains the spool of a process that still runs."""
    spool = Spool(tmp_path, "one")
    spool.append(b"a")
    got: list[bytes] = []
    program = "import pathlib, sys, otel_burn.spool as s; print(s.drain(pathlib.Path(sys.argv[1]), print))"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0\n"
    spool.close()
    assert drain(tmp_path, got.append) == 1


def test_a_collector_that_is_away_costs_nothing(tmp_path: Path) -> None:
    """When delivery fails in the middle, the rest waits for the next time."""
    spool = Spool(tmp_path, "one")
    for record in (b"a", b"b", b"c"):
        spool.append(record)
    spool.close()
    got: list[bytes] = []

    def deliver(record: bytes) -> None:
        if len(got) == 1:
            raise ConnectionError("away")
        got.append(record)

    with pytest.raises(ConnectionError):
        drain(tmp_path, deliver)
    drain(tmp_path, lambda record: got.append(record))
    assert got == [b"a", b"b", b"c"]


def test_a_torn_record_ends_the_file(tmp_path: Path) -> None:
    """A record that a crash cut off is left out; those before it are delivered."""
    spool = Spool(tmp_path, "one")
    spool.append(b"whole")
    spool.append(b"torn" * 100)
    spool.close()
    (path,) = tmp_path.iterdir()
    os.truncate(path, path.stat().st_size - 5)
    got: list[bytes] = []
    assert drain(tmp_path, got.append) == 1
    assert got == [b"whole"]


def test_a_full_spool_says_what_it_drops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its size a spool takes nothing more, and counts."""
    monkeypatch.setattr("otel_burn.spool.LARGEST", 100)
    spool = Spool(tmp_path, "one")
    assert [spool.append(b"x" * 40) for _ in range(4)] == [True, True, False, False]
    assert spool.dropped == 2
    spool.close()


PROGRAM = """
import os, signal, sys, time
from pathlib import Path
import httpx2
import otel_burn
otel_burn.instrument()
answer = {"id": "1", "model": "m", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 1}}
client = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, json=answer)))
for _ in range(3):
    client.post("http://llm/v1/chat/completions", json={"messages": [{"content": "canary-7f3a"}]})
time.sleep(1.5)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_calls_survive_kill_9(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the collector away and the process killed, its calls are in the spool, and no word of content is."""
    monkeypatch.setenv("OTEL_BURN_ENDPOINT", "http://127.0.0.1:9")
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(PROGRAM)], check=False)
    assert done.returncode == -signal.SIGKILL
    got: list[bytes] = []
    assert drain(Path(os.environ["OTEL_BURN_HOME"]) / "spool", got.append) == 3
    assert not any(b"canary-7f3a" in record for record in got)


def test_a_spool_is_never_seen_without_its_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever drains in the very moment in which a spool is made leaves it alone."""
    lock = fcntl.flock

    def drain_first(file: int, operation: int) -> None:
        if not operation & fcntl.LOCK_NB:
            drain(tmp_path, lambda _: None)
        lock(file, operation)

    monkeypatch.setattr("otel_burn.spool.fcntl.flock", drain_first)
    spool = Spool(tmp_path, "one")
    spool.append(b"a")
    spool.close()
    got: list[bytes] = []
    assert drain(tmp_path, got.append) == 1
    assert got == [b"a"]


def test_a_disk_that_is_full_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record of which only a part could be written is an error, and hides none that follows."""
    spool = Spool(tmp_path, "one")
    write = os.pwrite
    with monkeypatch.context() as full:
        full.setattr(
            "otel_burn.spool.os.pwrite", lambda file, data, at: write(file, data[: len(data) // 2], at)
        )
        with pytest.raises(OSError, match="a part of a record"):
            spool.append(b"x" * 100)
    assert not spool.waiting
    spool.append(b"a")
    assert spool.pending(1000)[0] == [b"a"]
    spool.close()
