"""When is a price final? Months are closed and stay as they were; open ones can be priced again."""

import re
from typing import Final

import duckdb

from otel_burn.prices import RATE_VERSION
from otel_burn_collector.ledger.deriving import derive
from otel_burn_collector.ledger.statements import rows, run, statement

PERIOD: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def close_period(con: duckdb.DuckDBPyConnection, period: str, closed_at: int) -> None:
    """Close a month and all before it, as of *closed_at* (ns); what is closed already stays."""
    (last,) = rows(con, "read_closed")
    if last["closed"] is not None and last["closed"] >= period:
        return
    con.execute(statement("steps/close_period"), {"period": period})
    said = {"period": period, "closed_at": closed_at, "rate_version": RATE_VERSION}
    con.execute(statement("steps/insert_closed"), said)


def reprice(con: duckdb.DuckDBPyConnection, since: int) -> None:
    """Price all calls since then (ns) again, but those of closed months, inside the caller's transaction."""
    run(con, "near_everything")
    con.execute(statement("steps/touch_since"), {"since": since})
    derive(con)
