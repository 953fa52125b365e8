"""How does a file of an older version become one of this version? By the steps between, in their order."""

from typing import NamedTuple

import duckdb

from otel_burn_collector.ledger.statements import statement


class Step(NamedTuple):
    """What makes a file of version `to - 1` one of version `to`."""

    to: int
    sql: str | None
    """`sql/migrations/<sql>.sql`; None where dropping and making anew is all there is to do."""
    rebuild: bool = False
    """Whether what is derived from the reports has to be derived again."""


STEPS = (
    Step(3, "to_3_say_where_damage_is_kept"),
    Step(4, "to_4_keep_what_decides_a_price", rebuild=True),
    Step(5, "to_5_say_why_reports_are_one", rebuild=True),
    Step(6, "to_6_tell_a_sessions_parent"),
    Step(7, None),  # store.spoken, store.heard
    Step(8, None),  # context_blocks.session_key
)
OLDEST = 2
"""Files below it were written by no release and are refused."""


def migrate(con: duckdb.DuckDBPyConnection, found: int) -> bool:
    """Take the steps after version *found*, inside the caller's transaction; whether to derive again afterwards."""
    steps = [step for step in STEPS if step.to > found]
    for step in steps:
        if step.sql:
            con.execute(statement(f"migrations/{step.sql}"))
    return any(step.rebuild for step in steps)
