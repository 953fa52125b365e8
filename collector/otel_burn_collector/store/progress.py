"""What does the database know of the journal? Where to go on, which bodies it has, what was damaged."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple

import duckdb
import pyarrow as pa

from otel_burn_collector.journal.records import Damage, Kind, Position
from otel_burn_collector.ledger.statements import registered


class Progress(NamedTuple):
    """How far the journal is loaded."""

    position: Position
    received_at: datetime | None
    """When the newest loaded request arrived (UTC)."""


def body_hash(kind: Kind, body: bytes) -> str:
    """What two sendings of one request body share, however they were compressed."""
    return blake2b(body, digest_size=16, salt=bytes([kind])).hexdigest()


def read_progress(con: duckdb.DuckDBPyConnection) -> Progress:
    """How far *con*'s database has loaded its journal."""
    rows = con.execute('SELECT segment, "offset", epoch_ns(received_at) FROM journal.position').fetchall()
    if not rows:
        return Progress(Position(0, 0), None)
    segment, offset, received = rows[0]
    return Progress(Position(segment, offset), None if received is None else _datetime(received))


def write_position(con: duckdb.DuckDBPyConnection, position: Position, received_at: int | None) -> None:
    """Everything before *position* is loaded, with this transaction; the newest arrived at *received_at*."""
    rows = con.execute("SELECT epoch_ns(received_at) FROM journal.position").fetchall()
    known = [moment for moment in (received_at, *(row[0] for row in rows)) if moment is not None]
    con.execute("DELETE FROM journal.position")
    con.execute(
        "INSERT INTO journal.position VALUES ($segment, $offset, make_timestamp_ns($newest), make_timestamp_ns($now))",
        {
            "segment": position.segment,
            "offset": position.offset,
            "newest": max(known, default=None),
            "now": time.time_ns(),
        },
    )


def known_bodies(con: duckdb.DuckDBPyConnection, hashes: Sequence[str]) -> set[str]:
    """Those of *hashes* that are loaded already."""
    with registered(con, incoming_bodies=pa.table({"hash": pa.array(hashes, pa.string())})):
        rows = con.execute(
            "SELECT incoming_bodies.hash FROM incoming_bodies "
            "SEMI JOIN journal.bodies ON bodies.hash = incoming_bodies.hash::UUID"
        ).fetchall()
    return {row[0] for row in rows}


def write_bodies(con: duckdb.DuckDBPyConnection, hashes: Sequence[str]) -> None:
    """Remember *hashes* as loaded."""
    with registered(con, new_bodies=pa.table({"hash": pa.array(hashes, pa.string())})):
        con.execute(
            "INSERT INTO journal.bodies SELECT hash::UUID, make_timestamp_ns($now) FROM new_bodies",
            {"now": time.time_ns()},
        )


def write_damage(con: duckdb.DuckDBPyConnection, damages: Sequence[Damage]) -> None:
    """Remember what could not be loaded."""
    for damage in damages:
        con.execute(
            "INSERT INTO journal.damage VALUES ($segment, $offset, $bytes, $reason, make_timestamp_ns($now), $kept_in)",
            {
                "segment": damage.start.segment,
                "offset": damage.start.offset,
                "bytes": max(damage.end.offset - damage.start.offset, 0),
                "reason": damage.reason,
                "now": time.time_ns(),
                "kept_in": damage.kept_in,
            },
        )


def _datetime(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC)
