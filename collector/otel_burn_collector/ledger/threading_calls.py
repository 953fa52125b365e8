"""How do calls without a conversation id come into sessions? Only those after the first that changed are looked at."""

import duckdb
import pyarrow as pa

from otel_burn_collector.ledger.statements import count, registered, rows, run
from otel_burn_collector.ledger.threads import (
    THREADED,
    UNCERTAIN,
    Block,
    Carried,
    Threaded,
    call_of,
    candidates,
    place_rows,
    places,
    thread,
    thread_rows,
)


def thread_calls(con: duckdb.DuckDBPyConnection, *, any_context: bool) -> None:
    """Give the merged calls their sessions; `rehomed` has the stored calls whose session changes with them."""
    run(con, "begin_threading")
    if not any_context:
        return
    run(con, "find_unnamed")
    if not (count(con, "unnamed") or count(con, "old_threads")):
        return
    run(con, "find_threads")
    threaded = _threaded(con) if count(con, "threading") else {}
    table = thread_rows(threaded) if threaded else THREADED.empty_table()
    with registered(con, threaded=table):
        run(con, "write_threads", "thread_calls")


def _threaded(con: duckdb.DuckDBPyConnection) -> dict[str, Threaded]:
    calls = [call_of(row) for row in rows(con, "read_threading")]
    found = candidates(calls, [call_of(row) for row in rows(con, "read_ends")])
    with registered(con, places=place_rows(places(calls, found))):
        blocks = {
            (row["branch"], row["position"]): Block(row["kind"], row["key"])
            for row in rows(con, "read_following")
        }
    carried: dict[str, Carried | None] = {}
    while True:
        threaded, uncertain = thread(calls, found, blocks, carried)
        if not uncertain:
            return dict(threaded)
        carried |= dict.fromkeys(uncertain)
        with registered(con, uncertain=pa.table([list(uncertain)], schema=UNCERTAIN)):
            carried |= {row["call_id"]: Carried(**row["told"]) for row in rows(con, "read_carried")}
