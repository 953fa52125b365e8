"""How do received rows become calls, sessions and tool calls? Derives again what a batch touches, and only that."""

import duckdb
import pyarrow as pa

from otel_burn_collector.batch import Batch
from otel_burn_collector.ledger.identities import Assignment, Published, assign
from otel_burn_collector.ledger.incoming import Incoming, incoming
from otel_burn_collector.ledger.joining import Link, Report, join
from otel_burn_collector.ledger.listing import store_lists
from otel_burn_collector.ledger.pricing import priced
from otel_burn_collector.ledger.statements import count, registered, rows, run, statement
from otel_burn_collector.ledger.threading_calls import thread_calls
from otel_burn_collector.ledger.tool_runs import tool_runs

READING = (
    "insert_spans",
    "insert_logs",
    "insert_metrics",
    "find_reports",
    "read_reports",
    "insert_reports",
    "insert_lineage",
)
"""From rows as received to reports in one vocabulary."""
RECOGNISED = READING.index("find_reports") + 1
"""Then it is known which of the new rows are reports."""

REPLACING = (
    "replace_calls",
    "replace_sessions",
    "replace_firsts",
    "replace_tool_calls",
)
"""From merged and priced calls to what the views show."""

ASSIGNED = pa.schema({"report_id": pa.string(), "call_id": pa.string(), "publication": pa.int64()})
ALIASES = pa.schema({"alias": pa.string(), "call_id": pa.string()})


def apply(con: duckdb.DuckDBPyConnection, batch: Batch | Incoming) -> None:
    """Load *batch* and derive again what it touches, inside the caller's transaction."""
    with registered(con, **(incoming(batch) if isinstance(batch, Batch) else batch)):
        run(con, "near_batch", *READING[:RECOGNISED])
        if con.execute("SELECT getvariable('purged_calls') IS NOT NULL").fetchall() == [(True,)]:
            con.execute(statement("retention/refuse_purged"))
        run(con, *READING[RECOGNISED:])
        store_lists(con)
        with registered(con, new_tool_runs=tool_runs(rows(con, "read_tool_records"))):
            run(con, "insert_tool_runs", "touch_units")
        derive(con)


def rebuild(con: duckdb.DuckDBPyConnection) -> None:
    """Derive everything again from the reports, inside the caller's transaction; published ids stay."""
    run(con, "near_everything", "touch_all")
    derive(con)


def derive(con: duckdb.DuckDBPyConnection) -> None:
    """Join, merge and price the reports of the touched units, and replace what they made before."""
    if not resolve(con):
        return
    assignment = assign_calls(con)
    with registered(con, assigned=assigned_rows(assignment), assigned_aliases=alias_rows(assignment)):
        run(con, "write_identities", "merge_calls", "merge_contexts")
    thread_calls(con)
    with registered(con, priced=priced(rows(con, "read_used"))):
        run(con, *REPLACING)


def resolve(con: duckdb.DuckDBPyConnection) -> bool:
    """Find the touched reports with what their ancestors know, and all that are linked to them; False for none."""
    more = count(con, "touched") > 0
    while more:
        run(con, "resolve_reports", "write_links", "touch_linked")
        more = count(con, "linked") > 0
    return count(con, "touched") > 0


def assign_calls(con: duckdb.DuckDBPyConnection) -> Assignment:
    """Decide which call each touched report belongs to."""
    reports = [Report(**row) for row in rows(con, "read_joinable")]
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
        ],
        schema=ASSIGNED,
    )


def alias_rows(assignment: Assignment) -> pa.Table:
    """The ids that became names of other calls, as a table."""
    columns = [[pair[0] for pair in assignment.aliases], [pair[1] for pair in assignment.aliases]]
    return pa.table(columns, schema=ALIASES)
