"""How is a user, a session or a project forgotten? Whole traces that name it go, from every table."""

from collections.abc import Mapping

import duckdb

from otel_burn_collector.ledger.deriving import derive
from otel_burn_collector.ledger.statements import count, run, statement

FIELDS = ("user", "session", "project")
_COUNTED = {"traces": "doomed_traces", "log records": "doomed_logs", "calls": "doomed_calls"}


def forget(con: duckdb.DuckDBPyConnection, field: str, value: str) -> Mapping[str, int]:
    """Delete what is *value*'s, inside the caller's transaction; returns how much that was."""
    con.execute("SET VARIABLE forget_field = $field", {"field": field})
    con.execute("SET VARIABLE forget_value = $value", {"value": value})
    con.execute(statement("forgetting/doom"))
    found = {what: count(con, table) for what, table in _COUNTED.items()}
    con.execute(statement("forgetting/delete"))
    con.execute(statement("retention/delete_doomed"))
    con.execute(statement("retention/delete_blocks"))
    if count(con, "seeds"):
        run(con, "near_everything")
        derive(con)
    con.execute("RESET VARIABLE forget_value")
    return found
