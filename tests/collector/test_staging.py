"""Do large batches, which reach DuckDB as files, say what small ones do, and leave nothing behind?"""

import sys
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.journal.writer import JournalWriter
from otel_burn_collector.ledger.incoming import STAGED_ROWS
from otel_burn_collector.store import loading
from otel_burn_collector.store.database import open_store, staging_of
from otel_burn_collector.store.progress import read_progress
from otel_burn_collector.store.queries import Query, QueryError

NOW = 1_790_000_000_000_000_000


def request(first: int) -> bytes:
    """More spans than go without a file, with values that a file might change."""
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    resource.resource.attributes.add(key="service.name").value.string_value = "agent"
    spans = resource.scope_spans.add().spans
    for number in range(first, first + STAGED_ROWS + 100):
        span = spans.add(trace_id=number.to_bytes(16, "big"), span_id=b"s" * 8, name=f"span {number}")
        span.start_time_unix_nano, span.end_time_unix_nano = NOW + number, NOW + number + 1
        span.attributes.add(key="text").value.string_value = "a\0b" * (number % 3)
        span.attributes.add(key="number").value.int_value = number
        span.attributes.add(key="none")
        if number % 2:
            del span.attributes[:]
            span.events.add(name="retry", time_unix_nano=NOW)
    return bytes(message.SerializeToString())


def loaded(folder: Path, *bodies: bytes) -> list[Any]:
    """The rows of *bodies*, loaded one after the other."""
    con = open_store(folder / "burn.duckdb")
    for body in bodies:
        writer = JournalWriter(folder / "j")
        writer.append(Kind.TRACES, Encoding.PLAIN, body).result(10)
        writer.close()
        loading.load_all(con, JournalReader(folder / "j", read_progress(con).position))
    rows = con.execute(
        "SELECT * REPLACE (epoch_ns(started_at) AS started_at) FROM spans ORDER BY ALL"
    ).fetchall()
    con.close()
    assert list(staging_of(folder / "burn.duckdb").iterdir()) == []
    return rows


def test_a_batch_in_a_file_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every column, nanoseconds and missing values too; what is there already is not loaded again."""
    bodies = [request(1), request(STAGED_ROWS)]
    by_file = loaded(tmp_path / "file", *bodies)
    # The package has a function of the module's name.
    monkeypatch.setattr(sys.modules["otel_burn_collector.ledger.incoming"], "STAGED_ROWS", 1 << 30)
    assert by_file == loaded(tmp_path / "arrow", *bodies)
    assert len(by_file) == 2 * STAGED_ROWS + 99


def test_a_full_disk_in_the_staging_folder_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no file can be written, a batch goes without."""

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    assert len(loaded(tmp_path, request(1))) == STAGED_ROWS + 100


def test_what_a_killed_store_left_is_removed_and_no_query_reads_it(tmp_path: Path) -> None:
    """The folder is DuckDB's to read, and nobody else's through it."""
    db = tmp_path / "burn.duckdb"
    staging = staging_of(db)
    staging.mkdir(parents=True)
    (staging / "batch_spans-1.parquet").write_bytes(b"half a file")
    con = open_store(db)
    assert list(staging.iterdir()) == []
    (staging / "secret.csv").write_text("secret\n42\n")
    for source in (f"read_csv('{staging}/secret.csv')", f"'{staging}/secret.csv'", f"glob('{staging}/*')"):
        with pytest.raises(QueryError), Query(con, f"SELECT * FROM {source}") as query:
            query.table()
    con.close()
