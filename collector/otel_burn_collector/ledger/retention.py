"""How does what is old go? Rows as received first, calls by whole sessions, a bounded step at a time; daily sums stay.

A step is a transaction of its caller's. What is sent again after it went is known by `store.lineage` (spans) and
`store.past_logs`; what is new of a time whose calls are purged is refused (`deriving.new_records`).
"""

from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from otel_burn_collector.ledger.statements import count, statement

DAY = 86_400 * 10**9
LAYERS = ("spans", "calls")


class Horizon(NamedTuple):
    """Up to when (ns) a layer is to be purged, and is."""

    wanted: int
    purged: int | None


def want(con: duckdb.DuckDBPyConnection, layer: str, before: int) -> None:
    """Have everything of *layer* before *before* (ns) purged, in the steps to come; never less than was wanted."""
    horizon = horizons(con).get(layer)
    if horizon is not None and horizon.wanted >= before:
        return
    _write(con, layer, Horizon(before, horizon and horizon.purged))


def horizons(con: duckdb.DuckDBPyConnection) -> Mapping[str, Horizon]:
    """How far each layer is."""
    rows = con.execute(statement("retention/read")).fetchall()
    return {layer: Horizon(wanted, purged) for layer, wanted, purged in rows}


def purge(con: duckdb.DuckDBPyConnection) -> bool:
    """Take one step inside the caller's transaction; whether there was one to take."""
    for layer, horizon in horizons(con).items():
        if horizon.purged is None or horizon.purged < horizon.wanted:
            reached = _STEPS[layer](con, horizon.wanted)
            _write(con, layer, Horizon(horizon.wanted, reached))
            return True
    return False


def oldest_received(con: duckdb.DuckDBPyConnection) -> int | None:
    """When (ns) the rows as received begin."""
    ((oldest,),) = con.execute(statement("retention/oldest_received")).fetchall()
    return None if oldest is None else int(oldest)


def _purge_received(con: duckdb.DuckDBPyConnection, wanted: int) -> int:
    """A day of rows as received; up to when they are gone now."""
    oldest = oldest_received(con)
    if oldest is None or oldest >= wanted:
        return wanted
    reached = min(wanted, (oldest // DAY + 1) * DAY)
    _before(con, reached)
    con.execute(statement("retention/delete_received"))
    return reached


def _purge_calls(con: duckdb.DuckDBPyConnection, wanted: int) -> int | None:
    """Some sessions with all that is theirs; the horizon when they were the last."""
    _before(con, wanted)
    con.execute(statement("retention/doom_calls"))
    if count(con, "doomed_sessions") == 0:
        con.execute(statement("retention/delete_blocks"))
        return wanted
    con.execute(statement("retention/keep_days"))
    con.execute(statement("retention/delete_doomed"))
    return None


_STEPS = {"spans": _purge_received, "calls": _purge_calls}


def _before(con: duckdb.DuckDBPyConnection, moment: int) -> None:
    con.execute("SET VARIABLE purge_before = make_timestamp_ns($moment)", {"moment": moment})


def _write(con: duckdb.DuckDBPyConnection, layer: str, horizon: Horizon) -> None:
    con.execute("DELETE FROM store.retention WHERE layer = $layer", {"layer": layer})
    con.execute(
        "INSERT INTO store.retention VALUES ($layer, make_timestamp_ns($wanted), make_timestamp_ns($purged))",
        {"layer": layer, "wanted": horizon.wanted, "purged": horizon.purged},
    )
