"""Does loading go on past what makes no rows, and count each request once?"""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector import ledger
from otel_burn_collector.decode import decode
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Encoding, Kind, Position, Record
from otel_burn_collector.journal.writer import JournalWriter
from otel_burn_collector.ledger import Incoming, deriving
from otel_burn_collector.store import loading
from otel_burn_collector.store.database import open_store
from otel_burn_collector.store.loader import Loader
from otel_burn_collector.store.progress import read_progress

MakeSpans = Callable[..., bytes]
NOW, HOUR = 1_790_000_000_000_000_000, 3_600_000_000_000


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new database."""
    con = open_store(tmp_path / "burn.duckdb")
    yield con
    con.close()


def journal(folder: Path, *records: tuple[Kind, Encoding, bytes]) -> None:
    writer = JournalWriter(folder)
    for record in records:
        writer.append(*record).result(10)
    writer.close()


def load(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    loading.load_all(con, JournalReader(folder, read_progress(con).position))


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return [row[0] for row in con.execute(sql).fetchall()]


def plain(body: bytes) -> tuple[Kind, Encoding, bytes]:
    return Kind.TRACES, Encoding.PLAIN, body


def test_a_body_counts_once_within_a_batch_and_across(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, make_spans: MakeSpans
) -> None:
    """However it was compressed."""
    body = make_spans(1, 2)
    zipped = (Kind.TRACES, Encoding.GZIP, gzip.compress(body))
    journal(tmp_path / "j", plain(body), plain(body), zipped)
    load(con, tmp_path / "j")
    journal(tmp_path / "j", plain(body), plain(make_spans(3)))
    load(con, tmp_path / "j")
    assert rows(con, "SELECT count(*) FROM spans") == [3]
    assert rows(con, "SELECT count(*) FROM journal.bodies") == [2]


@pytest.mark.parametrize(
    ("start", "end"),
    [(NOW - 9 * HOUR, NOW), (0, 0), (NOW, NOW), (0, NOW)],
    ids=["long", "undated", "instant", "ended"],
)
def test_a_span_that_comes_again_in_another_request_counts_once(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, start: int, end: int
) -> None:
    """Whatever times it has, or none, and whatever else is sent with it."""
    for number in range(3):
        request = ExportTraceServiceRequest()
        spans = request.resource_spans.add().scope_spans.add().spans
        spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, start_time_unix_nano=start, end_time_unix_nano=end)
        spans.add(
            trace_id=b"t" * 16, span_id=bytes([number + 1]) * 8, start_time_unix_nano=NOW + number * HOUR
        )
        journal(tmp_path / "j", plain(request.SerializeToString()))
        load(con, tmp_path / "j")
    assert rows(con, "SELECT count(*) FROM spans") == [4]


def test_a_record_that_no_code_expects_is_set_aside_alone(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, make_spans: MakeSpans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of its batch is loaded; where it lies and why is written down; it is not tried for ever."""
    real = ledger.receive

    def receive(con: duckdb.DuckDBPyConnection, batch: Incoming) -> None:
        if "span 13" in batch["batch_spans"]["name"].to_pylist():
            raise KeyError("unlucky")
        real(con, batch)

    monkeypatch.setattr(ledger, "receive", receive)
    journal(tmp_path / "j", plain(make_spans(1)), plain(make_spans(13)), plain(make_spans(2)))
    load(con, tmp_path / "j")
    load(con, tmp_path / "j")
    assert rows(con, "SELECT name FROM spans ORDER BY name") == ["span 1", "span 2"]
    assert rows(con, "SELECT reason FROM journal.damage") == ["it makes no rows: KeyError: 'unlucky'"]


def receive(con: duckdb.DuckDBPyConnection, body: bytes) -> None:
    """Load a request, as the store does while more is coming."""
    nowhere = Position(0, 0)
    batch = decode([Record(Kind.TRACES, Encoding.PLAIN, 0, body, nowhere, nowhere)])
    con.begin()
    ledger.receive(con, ledger.incoming(batch))
    con.commit()


def test_calls_that_a_kill_left_underived_are_derived_at_the_next_start(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, make_spans: MakeSpans
) -> None:
    """What is to be derived is in the database with the spans; until it is derived, nothing counts as loaded."""
    for trace in (1, 2):
        receive(con, make_spans(1, 2, trace=trace, calls=True))
    assert rows(con, "SELECT count(*) FROM llm_calls") == [0]
    again = loading.Loading(con, JournalReader(tmp_path / "j", Position(3, 0)))
    assert again.visible == Position(0, 0)
    again.load_next()
    again.close()
    assert again.visible == Position(3, 0)
    assert rows(con, "SELECT count(*) FROM llm_calls") == [4]
    assert rows(con, "SELECT count(*) FROM store.pending") == [0]


def test_a_trace_that_cannot_be_derived_holds_up_no_other(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, make_spans: MakeSpans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its spans stay; the calls of all others are there, and a rebuild meets it no more."""
    real = deriving.priced

    def priced(used: pa.Table) -> pa.Table:
        if 13 in used["input_tokens"].to_pylist():
            raise KeyError("unlucky")
        return real(used)

    monkeypatch.setattr(deriving, "priced", priced)
    for trace in range(1, 8):
        receive(con, make_spans(13 if trace == 5 else 1, trace=trace, calls=True))
    load(con, tmp_path / "j")
    assert rows(con, "SELECT count(*) FROM spans") == [7]
    assert rows(con, "SELECT count(*) FROM llm_calls WHERE input_tokens = 1") == [6]
    con.begin()
    ledger.rebuild(con)
    con.commit()
    assert rows(con, "SELECT count(*) FROM llm_calls") == [6]


@pytest.mark.parametrize(
    "record",
    [
        (Kind.TRACES, Encoding.GZIP, b"no gzip"),
        (Kind.TRACES, Encoding.PLAIN, b"\xff\xff no protobuf"),
        (Kind.LOGS, Encoding.JSON, b"{"),
        (Kind.COMMAND, Encoding.JSON, b'{"verb": "unknown"}'),
        (Kind.COMMAND, Encoding.JSON, b"not json"),
    ],
)
def test_what_should_never_have_been_journalled_is_passed(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    make_spans: MakeSpans,
    record: tuple[Kind, Encoding, bytes],
) -> None:
    """Nothing stops the loader; each is named once."""
    journal(tmp_path / "j", plain(make_spans(1)), record, plain(make_spans(2)))
    load(con, tmp_path / "j")
    assert rows(con, "SELECT count(*) FROM spans") == [2]
    assert len(rows(con, "SELECT reason FROM journal.damage")) == 1


def test_rows_and_position_are_one_transaction(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, make_spans: MakeSpans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the database fails before the commit, neither is there; the next start loads it."""

    def full(*_: object) -> None:
        raise duckdb.IOException("IO Error: No space left on device")

    journal(tmp_path / "j", plain(make_spans(1)))
    monkeypatch.setattr("otel_burn_collector.store.progress.write_position", full)
    with pytest.raises(duckdb.IOException):
        load(con, tmp_path / "j")
    assert rows(con, "SELECT count(*) FROM spans") == [0]
    assert read_progress(con).position == Position(0, 0)
    monkeypatch.undo()
    load(con, tmp_path / "j")
    assert rows(con, "SELECT count(*) FROM spans") == [1]


def test_a_failed_database_ends_the_loader_and_says_so(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, make_spans: MakeSpans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store process then ends and is started again: an instance in doubt is not used on."""

    def full(*_: object) -> None:
        raise duckdb.FatalException("FATAL Error: the database has been invalidated")

    told: list[bool] = []
    journal(tmp_path / "j", plain(make_spans(1)))
    monkeypatch.setattr(ledger, "receive", full)
    loader = Loader(con, tmp_path / "burn.duckdb", tmp_path / "j", on_end=lambda: told.append(True))
    loader.start()
    loader.join(10)
    assert isinstance(loader.failure, duckdb.FatalException)
    assert told == [True]


def test_a_quiet_loader_folds_the_log_in(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, make_spans: MakeSpans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon after the last work there is no write-ahead log to replay; a reader in between only delays that."""
    monkeypatch.setattr("otel_burn_collector.store.folding.QUIET_SECONDS", 0.2)
    log = tmp_path / "burn.duckdb.wal"
    journal(tmp_path / "j", plain(make_spans(*range(1, 100))))
    loader = Loader(con, tmp_path / "burn.duckdb", tmp_path / "j", on_end=lambda: None)
    loader.start()
    for _ in range(200):
        if loader.loaded > Position(0, 0) and not (log.exists() and log.stat().st_size):
            break
        loader.join(0.05)
    assert not (log.exists() and log.stat().st_size)
    assert loader.loaded.segment == 1
    loader.stop(10)
    assert loader.failure is None


def test_what_many_calls_were_derived_with_is_given_back(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, make_calls: Callable[[int], bytes]
) -> None:
    """At once, not when the next batch comes."""
    journal(tmp_path / "j", (Kind.TRACES, Encoding.JSON, make_calls(deriving.MANY)))
    load(con, tmp_path / "j")
    assert rows(con, "SELECT count(*) FROM llm_calls") == [deriving.MANY]
    assert rows(con, "SELECT table_name FROM duckdb_tables() WHERE temporary") == []
