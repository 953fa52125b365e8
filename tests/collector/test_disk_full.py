"""Is what was acknowledged kept when the disk is full, and does all go on by itself when there is space again?"""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

StartCollector = Callable[..., Any]
WaitUntil = Callable[..., None]
BODY_SPANS = 400


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs to mount a tmpfs, which only root may")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, leave: int) -> Path:
    """Fill *disk* until *leave* bytes are free."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with filler.open("wb") as file:
        file.write(bytes(max(free - leave, 0)))
    return filler


def ids(collector: Any) -> list[int]:
    with collector.ledger() as ledger:
        found = ledger.query("SELECT span_id FROM spans ORDER BY ALL")["span_id"].to_pylist()
    return [int(one, 16) for one in found]


def test_a_nearly_full_disk_is_answered_with_try_again(
    start_collector: StartCollector, small_disk: Path, make_spans: Any, wait_until: WaitUntil
) -> None:
    """503 with a delay that exporters wait for, before anything fails; 200 once there is space."""
    collector = start_collector("--min-free", "16M", db=small_disk / "burn.duckdb")
    assert collector.send(make_spans(1)).status == 200
    filler = fill(small_disk, 8 << 20)
    wait_until(lambda: collector.send(make_spans(2)).status == 503)
    refused = collector.send(make_spans(2))
    assert refused.headers["retry-after"] == "1"
    assert b"MiB free" in refused.body
    filler.unlink()
    wait_until(lambda: collector.send(make_spans(3)).status == 200)
    assert set(ids(collector)) >= {1, 3}


def test_a_full_disk_loses_nothing_that_was_acknowledged(
    start_collector: StartCollector, small_disk: Path, make_spans: Any, wait_until: WaitUntil
) -> None:
    """ENOSPC in the journal, in a commit, in a checkpoint: each request that got a 200 is there once in the end."""
    collector = start_collector("--min-free", "0", db=small_disk / "burn.duckdb")
    acknowledged: list[int] = []

    def send(number: int) -> int:
        numbers = range(number * BODY_SPANS + 1, (number + 1) * BODY_SPANS + 1)
        status = int(collector.send(make_spans(*numbers)).status)
        if status == 200:
            acknowledged.extend(numbers)
        return status

    assert send(0) == 200
    filler = fill(small_disk, 1 << 20)
    statuses = [send(number) for number in range(1, 60)]
    assert set(statuses) == {200, 503}
    assert statuses[-1] == 503
    filler.unlink()
    wait_until(lambda: send(100) == 200, 60)
    wait_until(lambda: _settled(collector), 120)
    found = ids(collector)
    assert len(found) == len(set(found))
    assert set(acknowledged) <= set(found)
    assert collector.stop() == 0


def _settled(collector: Any) -> bool:
    from otel_burn_collector.reader import open_ledger

    return open_ledger(collector.db).wait_loaded(5)
