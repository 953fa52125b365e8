"""How do reports become calls, sessions and tool calls? Derives again what changed, and only that."""

from collections import Counter

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from otel_burn_collector.ledger.identities import Assignment, Published, assign
from otel_burn_collector.ledger.joining import Link, Report, join
from otel_burn_collector.ledger.pricing import priced
from otel_burn_collector.ledger.statements import (
    count,
    drop_working_tables,
    frame,
    registered,
    rows,
    run,
    tuples,
)
from otel_burn_collector.ledger.threading_calls import thread_calls
from otel_burn_collector.ledger.turns import place_turns

ASSIGNED = pa.schema(
    {
        "report_id": pa.string(),
        "call_id": pa.string(),
        "publication": pa.int64(),
        "joined_by": pa.string(),
        "reports": pa.int64(),
    }
)
"""`reports` is how many the call has."""
ALIASES = pa.schema({"alias": pa.string(), "call_id": pa.string()})


LAST_UNIT = 2**64 - 1
MANY = 1_000
"""Reports whose working tables are worth dropping: those of 20,000 hold 190 MB until the next batch makes its own."""


def derive_pending(con: duckdb.DuckDBPyConnection, first_unit: int = 0, last_unit: int = LAST_UNIT) -> None:
    """Derive what was put off, of all units or of some, inside the caller's transaction."""
    if waiting := count_pending(con):
        con.execute(f"SET VARIABLE first_unit = {first_unit:d}::UBIGINT")
        con.execute(f"SET VARIABLE last_unit = {last_unit:d}::UBIGINT")
        run(con, "take_pending")
        derive(con)
        if waiting >= MANY:
            drop_working_tables(con)


def pending_units(con: duckdb.DuckDBPyConnection) -> list[int]:
    """Whose reports wait: traces, and records without one."""
    return [unit for (unit,) in tuples(con, "read_pending_units")]


def give_up(con: duckdb.DuckDBPyConnection, unit: int) -> None:
    """Forget the reports of *unit* that wait: nothing can be derived from them. Their spans stay."""
    con.execute(f"SET VARIABLE given_up = {unit:d}::UBIGINT")
    run(con, "give_up")


def count_pending(con: duckdb.DuckDBPyConnection) -> int:
    """How many reports wait for their calls to be derived."""
    ((waiting,),) = tuples(con, "count_pending")
    return int(waiting)


def rebuild(con: duckdb.DuckDBPyConnection) -> None:
    """Derive everything again from the reports, inside the caller's transaction; published ids stay."""
    run(con, "near_everything", "touch_all")
    derive(con)


def derive(con: duckdb.DuckDBPyConnection) -> None:
    """Join, merge and price the reports in `seeds` and all that may be one call with them, and replace their calls."""
    if not count(con, "seeds"):
        return
    known = resolve(con)
    assignment = assign_calls(con, known=known)
    run(con, "forget_calls" if known else "begin_replacing")
    assigned = assigned_rows(assignment)
    with registered(con, assigned=assigned, assigned_aliases=alias_rows(assignment)):
        run(con, "write_identities", "merge_lone")
        if assignment.aliases:
            run(con, "write_aliases")
        if pc.any(pc.greater(assigned["reports"], 1)).as_py():
            run(con, "merge_several")
        run(con, "merge_calls", "merge_contexts")
        replace(con, known=known)


def replace(con: duckdb.DuckDBPyConnection, *, known: bool) -> None:
    """Put the merged calls, and all that follows from them, in the place of what the touched reports made before."""
    (present,) = rows(con, "read_present")
    thread_calls(con, any_context=present["contexts"])
    replace_calls(con, known=known)
    if present["contexts"]:
        run(con, "replace_firsts")
    if present["tools"]:
        run(con, "replace_tool_calls")


def resolve(con: duckdb.DuckDBPyConnection) -> bool:
    """Find the touched reports with what their ancestors know: those in `seeds`, and all that are linked to them.

    Says whether any of them was derived before.
    """
    run(con, "begin_touching")
    known = more = True
    while more:
        run(con, "climb_units", "resolve_reports")
        if known := count(con, "known") > 0:
            run(con, "leave_links")
        run(con, "write_links", "touch_linked")
        more = count(con, "linked") > 0
    return known


def assign_calls(con: duckdb.DuckDBPyConnection, *, known: bool) -> Assignment:
    """Decide which call each touched report belongs to."""
    reports = place_turns([Report._make(row) for row in tuples(con, "read_joinable")])
    links = [Link._make(row) for row in tuples(con, "read_links")]
    published = {
        report_id: Published(publication, call_id)
        for report_id, call_id, publication in (tuples(con, "read_identities") if known else ())
    }
    (last,) = (row["publication"] for row in rows(con, "last_publication"))
    return assign(reports, join(reports, links), published, last)


def replace_calls(con: duckdb.DuckDBPyConnection, *, known: bool) -> None:
    """Put the merged calls in the place of those that the touched reports made before, and sum their sessions again."""
    run(con, "find_sessions")
    if known:
        run(con, "delete_calls")
    run(con, "number_calls")
    if count(con, "moving"):
        run(con, "move_calls")
    with registered(con, priced=priced(frame(con, "read_used"))):
        run(con, "insert_calls", "replace_sessions", "replace_quarters")


def assigned_rows(assignment: Assignment) -> pa.Table:
    """The assignment as a table, roll-ups with NULL."""
    calls = assignment.calls
    reports = Counter(call.call_id for call in calls.values() if call)
    return pa.table(
        [
            list(calls),
            [call and call.call_id for call in calls.values()],
            [call and call.publication for call in calls.values()],
            [assignment.rules.get(report_id) for report_id in calls],
            [call and reports[call.call_id] for call in calls.values()],
        ],
        schema=ASSIGNED,
    )


def alias_rows(assignment: Assignment) -> pa.Table:
    """The ids that became names of other calls, as a table."""
    columns = [[pair[0] for pair in assignment.aliases], [pair[1] for pair in assignment.aliases]]
    return pa.table(columns, schema=ALIASES)
