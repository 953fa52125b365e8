"""Is the log folded in when it should be, never when it must not be, and does a wrong clock change nothing?"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.journal.writer import JournalWriter
from otel_burn_collector.ledger import retention
from otel_burn_collector.store.database import open_store
from otel_burn_collector.store.folding import Folding, log_bytes
from otel_burn_collector.store.loading import load_all
from otel_burn_collector.store.progress import read_progress
from otel_burn_collector.store.queries import Query

MakeSpans = Callable[..., bytes]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Where the database of a test is."""
    return tmp_path / "burn.duckdb"


@pytest.fixture
def con(db: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new database."""
    con = open_store(db)
    yield con
    con.close()


def load(con: duckdb.DuckDBPyConnection, folder: Path, *bodies: bytes) -> None:
    writer = JournalWriter(folder, after=read_progress(con).position.segment)
    for body in bodies:
        writer.append(Kind.TRACES, Encoding.PLAIN, body).result(10)
    writer.close()
    load_all(con, JournalReader(folder, read_progress(con).position))


def test_a_checkpoint_waits_for_a_copy_and_for_room(
    con: duckdb.DuckDBPyConnection, db: Path, make_spans: MakeSpans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is an error: the log stays, and is folded in afterwards."""
    load(con, db.parent / "j", make_spans(*range(1, 100)))
    folding, log = Folding(con, db), db.with_name(f"{db.name}.wal")
    before = log_bytes(log)
    with folding.copying:
        assert not folding.fold()
    with monkeypatch.context() as full:
        full.setattr("otel_burn_collector.store.folding.SPARE_BYTES", 1 << 60)
        assert not folding.fold()
    assert log_bytes(log) == before > 0
    assert folding.fold()
    assert log_bytes(log) == 0
    assert folding.checkpointed == read_progress(con).position


def test_nothing_is_folded_in_while_a_backup_holds_the_file(con: duckdb.DuckDBPyConnection, db: Path) -> None:
    """`hold` makes the checkpoint and keeps every other one away, DuckDB's own too."""
    folding = Folding(con, db)
    assert folding.hold()
    assert not folding.hold()
    folding.copying.release()
    assert folding.hold()
    assert con.execute("SELECT current_setting('checkpoint_threshold')").fetchall() == [("1.0 TiB",)]


def test_a_slow_reader_sees_one_moment_while_loading_and_folding_go_on(
    con: duckdb.DuckDBPyConnection, db: Path, make_spans: MakeSpans
) -> None:
    """Its rows are those of its beginning; the checkpoints beside it succeed, now or once it has ended."""
    load(con, db.parent / "j", make_spans(*range(1, 3001)))
    folding = Folding(con, db)
    with Query(con, "SELECT span_id, i FROM spans, range(50) AS r(i)") as query:
        batches = query.batches()
        seen = next(batches).num_rows
        for number in range(3):
            load(con, db.parent / "j", make_spans(*range(10_000 + number * 10, 10_010 + number * 10)))
            folding.fold()
        seen += sum(batch.num_rows for batch in batches)
    assert seen == 3000 * 50
    assert con.execute("SELECT count(*) FROM spans").fetchall() == [(3030,)]
    load(con, db.parent / "j", make_spans(50_000))
    assert folding.fold()


def test_a_clock_that_was_set_back_changes_nothing(
    con: duckdb.DuckDBPyConnection, db: Path, make_spans: MakeSpans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Order is that of positions; how fresh the ledger is never goes back."""
    load(con, db.parent / "j", make_spans(1))
    before = read_progress(con).received_at
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 400 * 86_400 * 10**9)
    load(con, db.parent / "j", make_spans(2))
    monkeypatch.undo()
    assert con.execute("SELECT count(*) FROM spans").fetchall() == [(2,)]
    assert read_progress(con).received_at == before


@pytest.mark.parametrize("start", [1, 4_000_000_000_000_000_000, 9_200_000_000_000_000_000])
def test_spans_of_any_time_load_and_are_retained_by_it(
    con: duckdb.DuckDBPyConnection, db: Path, make_spans: MakeSpans, start: int
) -> None:
    """1970, 2096 and 2261: the row is there, sums work, and retention takes only what is older than it says."""
    request = ExportTraceServiceRequest()
    span = (
        request.resource_spans.add()
        .scope_spans.add()
        .spans.add(
            trace_id=b"t" * 16,
            span_id=b"s" * 8,
            name="far",
            start_time_unix_nano=start,
            end_time_unix_nano=start + 5,
        )
    )
    for key in ("gen_ai.operation.name", "gen_ai.request.model"):
        span.attributes.add(key=key).value.string_value = "chat"
    load(con, db.parent / "j", request.SerializeToString(), make_spans(1))
    assert con.execute("SELECT count(*), count(started_at) FROM spans").fetchall() == [(2, 2)]
    con.execute("FROM daily").fetchall()
    retention.want(con, "spans", 10**18)
    con.begin()
    while retention.purge(con):
        pass
    con.commit()
    assert con.execute("SELECT count(*) FROM spans").fetchall() == [(1 if start == 1 else 2,)]
