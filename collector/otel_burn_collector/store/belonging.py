"""Do a database and the journal beside it belong together? Both carry the id of their ledger, made with the database.

Positions of one journal mean nothing in another: with the wrong one, what was acknowledged would be passed over, or
loaded into somebody else's ledger.
"""

from pathlib import Path
from uuid import UUID, uuid4

import duckdb

from otel_burn.errors import BurnError

NAME = "ledger-id"
_TABLE = "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'journal' AND table_name = 'identity'"


def bring_together(con: duckdb.DuckDBPyConnection, db: Path, data_dir: Path) -> None:
    """Give database and journal one id; `BurnError` when each has its own."""
    held, kept = ledger_id(con), _kept(data_dir)
    refuse_strangers(db, held, data_dir)
    if held is None:
        con.execute("INSERT INTO journal.identity VALUES ($id)", {"id": kept or str(uuid4())})
    if kept is None:
        (data_dir / NAME).write_text(f"{ledger_id(con)}\n", encoding="ascii")


def refuse_strangers(db: Path, held: str | None, data_dir: Path) -> None:
    """Raise `BurnError` when *db*, of the ledger *held*, and the journal in *data_dir* are of two ledgers."""
    kept = _kept(data_dir)
    if held is not None and kept is not None and held != kept:
        raise BurnError(
            f"{db} is of another ledger ({held}) than the journal in {data_dir} ({kept}): what was acknowledged here "
            f"would be lost to it. Name another database with --db, or move {data_dir} aside first."
        )


def ledger_id(con: duckdb.DuckDBPyConnection) -> str | None:
    """The id in a database; `None` in one that has none yet, or is older than ids."""
    if not con.sql(_TABLE).fetchall():
        return None
    rows = con.sql("SELECT id FROM journal.identity").fetchall()
    return str(rows[0][0]) if rows else None


def _kept(data_dir: Path) -> str | None:
    try:
        return str(UUID((data_dir / NAME).read_text(encoding="ascii").strip()))
    except (FileNotFoundError, ValueError):  # a torn write: the database has it
        return None
