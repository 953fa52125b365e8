"""How do received rows become calls, sessions and tool calls? Derives again what a batch touches, and only that."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from otel_burn_collector.batch import Batch
from otel_burn_collector.ledger.identities import Assignment, Published, assign
from otel_burn_collector.ledger.incoming import Incoming, incoming
from otel_burn_collector.ledger.joining import Link, Report, join
from otel_burn_collector.ledger.listing import store_lists
from otel_burn_collector.ledger.pricing import priced
from otel_burn_collector.ledger.reading import read
from otel_burn_collector.ledger.records import records
from otel_burn_collector.ledger.report_rows import MANIFESTS, REPORTS, corrections, table
from otel_burn_collector.ledger.statements import count, frame, registered, rows, run
from otel_burn_collector.ledger.threading_calls import thread_calls
from otel_burn_collector.ledger.tool_runs import tool_runs
from otel_burn_collector.ledger.turns import place_turns

ASSIGNED = pa.schema(
    {"report_id": pa.string(), "call_id": pa.string(), "publication": pa.int64(), "joined_by": pa.string()}
)
ALIASES = pa.schema({"alias": pa.string(), "call_id": pa.string()})


def apply(con: duckdb.DuckDBPyConnection, batch: Batch | Incoming) -> None:
    """Load *batch* and derive again what it touches, inside the caller's transaction."""
    tables = incoming(batch) if isinstance(batch, Batch) else batch
    with registered(con, **tables):
        run(con, "near_batch", "insert_spans", "insert_logs", "insert_metrics")
        if count(con, "batch_unknown"):
            run(con, "insert_unknown_usage")
        touch(con, tables)
        derive(con)


def rebuild(con: duckdb.DuckDBPyConnection) -> None:
    """Derive everything again from the reports, inside the caller's transaction; published ids stay."""
    run(con, "near_everything", "touch_all")
    derive(con)


def touch(con: duckdb.DuckDBPyConnection, tables: Incoming) -> None:
    """Store what the new spans and records report; `seeds` has the reports that they change, new ones and old."""
    run(con, "insert_lineage", "find_grown")
    reports, manifests = read(new_records(con, tables))
    with registered(con, new_reports=table(reports, REPORTS), new_manifests=table(manifests, MANIFESTS)):
        run(con, "touch_reports")
        if count(con, "grown"):
            run(con, "touch_below")
        if reports:
            run(con, "insert_reports")
            write_corrections(con, reports)
        if manifests and store_lists(con):
            run(con, "touch_unblocked")
    if count(con, "new_logs"):
        touch_tool_runs(con)


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
    known = [row["row"] for row in rows(con, "read_known")]
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


def derive(con: duckdb.DuckDBPyConnection) -> None:
    """Join, merge and price the reports in `seeds` and all that may be one call with them, and replace their calls."""
    if not count(con, "seeds"):
        return
    resolve(con)
    assignment = assign_calls(con)
    with registered(con, assigned=assigned_rows(assignment), assigned_aliases=alias_rows(assignment)):
        run(con, "write_identities", "merge_calls", "merge_contexts")
    (present,) = rows(con, "read_present")
    thread_calls(con, any_context=present["contexts"])
    with registered(con, priced=priced(frame(con, "read_used"))):
        run(con, "replace_calls", "replace_sessions", "replace_quarters")
    if present["contexts"]:
        run(con, "replace_firsts")
    if present["tools"]:
        run(con, "replace_tool_calls")


def resolve(con: duckdb.DuckDBPyConnection) -> None:
    """Find the touched reports with what their ancestors know: those in `seeds`, and all that are linked to them."""
    run(con, "begin_touching")
    more = True
    while more:
        run(con, "climb_units", "resolve_reports", "write_links", "touch_linked")
        more = count(con, "linked") > 0


def assign_calls(con: duckdb.DuckDBPyConnection) -> Assignment:
    """Decide which call each touched report belongs to."""
    reports = place_turns([Report(**row) for row in rows(con, "read_joinable")])
    links = [Link(**row) for row in rows(con, "read_links")]
    published = {
        row["report_id"]: Published(row["publication"], row["call_id"])
        for row in rows(con, "read_identities")
    }
    (last,) = (row["publication"] for row in rows(con, "last_publication"))
    return assign(reports, join(reports, links), published, last)


def assigned_rows(assignment: Assignment) -> pa.Table:
    """The assignment as a table, roll-ups with NULL."""
    calls = assignment.calls
    return pa.table(
        [
            list(calls),
            [call and call.call_id for call in calls.values()],
            [call and call.publication for call in calls.values()],
            [assignment.rules.get(report_id) for report_id in calls],
        ],
        schema=ASSIGNED,
    )


def alias_rows(assignment: Assignment) -> pa.Table:
    """The ids that became names of other calls, as a table."""
    columns = [[pair[0] for pair in assignment.aliases], [pair[1] for pair in assignment.aliases]]
    return pa.table(columns, schema=ALIASES)
