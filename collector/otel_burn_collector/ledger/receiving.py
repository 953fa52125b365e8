"""What does a batch bring? Rows as received, and reports, whose calls are derived at once or later."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from otel_burn_collector.batch import Batch
from otel_burn_collector.ledger.deriving import count_pending, derive, derive_pending
from otel_burn_collector.ledger.incoming import Incoming, any_rows, incoming
from otel_burn_collector.ledger.listing import store_lists
from otel_burn_collector.ledger.reading import read
from otel_burn_collector.ledger.records import records
from otel_burn_collector.ledger.report_rows import MANIFESTS, REPORTS, UNREAD, corrections, table
from otel_burn_collector.ledger.spoken import hear
from otel_burn_collector.ledger.statements import count, registered, rows, run
from otel_burn_collector.ledger.tool_runs import tool_runs


def apply(con: duckdb.DuckDBPyConnection, batch: Batch | Incoming) -> None:
    """Load *batch* and derive what it changes, inside the caller's transaction."""
    _receive(con, incoming(batch) if isinstance(batch, Batch) else batch)
    if count_pending(con):
        run(con, "put_off")
        derive_pending(con)
    else:
        derive(con)


def receive(con: duckdb.DuckDBPyConnection, batch: Incoming) -> None:
    """Load *batch*, inside the caller's transaction; `derive_pending` derives what it changes."""
    _receive(con, batch)
    if count(con, "seeds"):
        run(con, "put_off")


def _receive(con: duckdb.DuckDBPyConnection, tables: Incoming) -> None:
    with registered(con, **tables):
        run(con, "near_batch", "insert_spans")
        unknown = any_rows(tables["batch_unknown"])
        if unknown or any_rows(tables["batch_logs"]):
            run(con, "insert_logs")
        if unknown:
            run(con, "insert_unknown_usage")
        if any_rows(tables["batch_metrics"]):
            run(con, "insert_metrics")
        touch(con, tables)


def touch(con: duckdb.DuckDBPyConnection, tables: Incoming) -> None:
    """Store what the new spans and records report; `seeds` has the reports that they change, new ones and old."""
    run(con, "insert_lineage", "find_grown")
    reports, manifests, unread = read(new_records(con, tables))
    if unread:
        with registered(con, new_unread=table(unread, UNREAD)):
            run(con, "insert_unread")
    with registered(con, new_reports=table(reports, REPORTS)):
        run(con, "touch_reports")
        if count(con, "grown"):
            run(con, "touch_below")
        if reports:
            run(con, "insert_reports")
            write_corrections(con, reports)
        _list(con, tables, reports, manifests)
    if any_rows(tables["batch_logs"]):
        touch_tool_runs(con)


def _list(
    con: duckdb.DuckDBPyConnection,
    tables: Incoming,
    reports: Sequence[Mapping[str, Any]],
    manifests: Sequence[Mapping[str, Any]],
) -> None:
    """Store what the new reports say of contexts and answers, and what was said beside them."""
    with registered(con, new_manifests=table(manifests, MANIFESTS)):
        if manifests and store_lists(con):
            run(con, "touch_unblocked")
    spoken = tables["batch_spoken"]
    heard = any_rows(spoken) or (reports and count(con, "store.spoken"))
    if heard and isinstance(spoken, pa.Table) and hear(con, spoken):
        run(con, "touch_unblocked")


def write_corrections(con: duckdb.DuckDBPyConnection, reports: Sequence[Mapping[str, Any]]) -> None:
    """Store what was corrected in *reports*, mostly nothing."""
    found = corrections(reports)
    if found.num_rows:
        with registered(con, new_corrections=found):
            run(con, "insert_corrections")


def new_records(con: duckdb.DuckDBPyConnection, tables: Incoming) -> Sequence[Mapping[str, Any]]:
    """The rows of the batch that may report a call and had not arrived before.

    Those of a time whose calls are purged are left out: whether they were counted nobody can tell any more.
    """
    candidates, fields, contents = (tables[f"batch_{name}"] for name in ("records", "fields", "contents"))
    if not (
        isinstance(candidates, pa.Table) and isinstance(fields, pa.Table) and isinstance(contents, pa.Table)
    ):
        return ()
    if not candidates.num_rows:
        return ()
    steps = ["read_known_spans", *(["read_known_logs"] if any_rows(tables["batch_logs"]) else [])]
    known = [row["row"] for step in steps for row in rows(con, step)]
    (horizon,) = rows(con, "read_purged")
    return [
        record
        for record in records(candidates, fields, contents, known)
        if horizon["purged"] is None or record["started_at"] >= horizon["purged"]
    ]


def touch_tool_runs(con: duckdb.DuckDBPyConnection) -> None:
    """Store what agents' own records say of tools that ran, and let their sessions be derived again."""
    runs = tool_runs(rows(con, "read_tool_records"))
    if runs.num_rows:
        with registered(con, new_tool_runs=runs):
            run(con, "insert_tool_runs", "touch_tool_runs")
