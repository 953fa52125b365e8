"""Does what is to happen of itself happen? Backups by the clock, deletion by size, the end with the supervisor."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.keeping import Keeping
from otel_burn_collector.offline import Offline
from otel_burn_collector.settings import data_dir_of
from otel_burn_collector.store import backups, retaining, upkeep
from otel_burn_collector.store.database import open_store

WaitUntil = Callable[..., None]
MakeSpans = Callable[..., bytes]


@pytest.fixture
def db(tmp_path: Path, make_spans: MakeSpans) -> Path:
    """A ledger with something in it."""
    path = tmp_path / "burn.duckdb"
    with Offline(path) as offline:
        offline.put(Kind.TRACES, Encoding.PLAIN, make_spans(1, 2, 3))
    return path


def test_a_backup_is_made_when_one_is_due(
    db: Path, monkeypatch: pytest.MonkeyPatch, wait_until: WaitUntil
) -> None:
    """Once what the ledger holds is old enough; not again while nothing has come since."""
    monkeypatch.setattr(upkeep, "LOOK_SECONDS", 0.0)
    folder = backups.folder_of(data_dir_of(db))
    with open_store(db) as con:
        working = upkeep.Upkeep(con, db, data_dir_of(db) / "journal", Keeping(backup_hours=1e-9))

        def made() -> int:
            working.step(worked=False)
            return len(backups.listed(folder))

        wait_until(lambda: made() == 1)
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            assert made() == 1
            time.sleep(0.02)


@pytest.mark.parametrize(("limit", "left"), [(1, 0), (0, 3), (1 << 40, 3)])
def test_spans_go_when_the_database_is_too_large(
    db: Path, monkeypatch: pytest.MonkeyPatch, limit: int, left: int
) -> None:
    """The oldest day first; 0 is no limit."""
    monkeypatch.setattr(retaining, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(retaining, "FIRST_SECONDS", 0.0)
    with open_store(db) as con:
        working = retaining.Retaining(con, Keeping(keep_spans=0, max_size=limit))
        working.step()
        assert con.execute("SELECT count(*) FROM spans").fetchall() == [(left,)]


def test_a_killed_supervisor_takes_its_processes_along(
    start_collector: Callable[..., Any], make_spans: MakeSpans, wait_until: WaitUntil
) -> None:
    """They load what was acknowledged and end, so that a new collector can take over."""
    collector = start_collector()
    children = [collector.child("receiver"), collector.child("store")]
    assert collector.send(make_spans(1, 2, 3)).status == 200
    os.kill(collector.process.pid, signal.SIGKILL)
    collector.process.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), 60)
    with start_collector(db=collector.db).ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 3}]
