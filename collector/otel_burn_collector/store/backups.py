"""Which copies of the database are there to fall back on, and does each hold what it should?

A backup is a copy of the file as its last checkpoint left it: until the next checkpoint DuckDB writes to its log and
to blocks that nothing refers to yet, so the copy is whole while loading goes on. It counts as verified when it opened
and every row of every table was read: DuckDB checks a block when it reads it. (`count(*)` reads none: of twenty
files with one flipped bit it found none damaged, reading every row all twenty.)
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from otel_burn.errors import BurnError
from otel_burn_collector.journal.records import Position
from otel_burn_collector.journal.segments import sync_folder
from otel_burn_collector.store.belonging import ledger_id

SUFFIX, NOTE = ".duckdb", ".json"
_CONFIG: dict[str, Any] = {"threads": "1", "memory_limit": "512MiB", "enable_external_access": "false"}


class BadCopyError(BurnError):
    """A copy of the database that cannot be relied on, and why."""


@dataclass(frozen=True)
class Contents:
    """What a database file holds."""

    position: Position
    """How far its journal is loaded."""
    rows: Mapping[str, int] = field(default_factory=dict)
    """By table."""
    ledger: str | None = None
    """The id of the ledger that it is of; `None` where it is older than ids."""


@dataclass(frozen=True)
class Backup:
    """A verified copy."""

    path: Path
    made_at: datetime
    contents: Contents

    @property
    def sentence(self) -> str:
        """What a user reads of it."""
        size = self.path.stat().st_size >> 20
        return f"{self.path} (made {self.made_at:%Y-%m-%d %H:%M:%S} UTC, {size:,} MiB)"


def folder_of(data_dir: Path) -> Path:
    """Where the backups of a collector's database are."""
    return data_dir / "backups"


def make(db: Path, target: Path, expected: Contents | None = None) -> Backup:
    """Copy *db*, as its last checkpoint left it, to *target*; verified, then there at once or not at all."""
    draft = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(db, draft)
        contents = verify(draft)
        if expected is not None and contents != expected:
            raise BadCopyError(f"The copy of {db} holds {contents}; the database held {expected}. Try again.")
        draft.replace(target)
        backup = Backup(target, datetime.now(UTC), contents)
        _write_note(backup)
        sync_folder(target.parent)
    except OSError as error:
        raise BurnError(f"{target} cannot be written ({error.strerror}). Choose another place.") from error
    finally:
        with suppress(OSError):
            draft.unlink()
    return backup


def place(backup: Path, db: Path) -> Contents:
    """Put a copy of *backup* where *db* is to be, once every row of it was read."""
    draft = db.with_name(f"{db.name}.part")
    try:
        _copy(backup, draft)
        held = verify(draft)
        draft.replace(db)
        sync_folder(db.parent)
    except OSError as error:
        raise BurnError(
            f"{db} cannot be written ({error.strerror}). Free some space on that disk."
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return held


def verify(path: Path) -> Contents:
    """Read every row that *path* holds; `BadCopyError` when one cannot be read."""
    try:
        con = duckdb.connect(path, read_only=True, config=_CONFIG)
    except duckdb.Error as error:
        raise BadCopyError(f"{path} does not open ({_first_line(error)}).") from error
    try:
        rows = {name: _read_all(con, name) for name in _tables(con)}
        return Contents(_position(con), rows, ledger_id(con))
    except duckdb.Error as error:
        raise BadCopyError(f"{path} is damaged ({_first_line(error)}).") from error
    finally:
        con.close()


def contents(con: duckdb.DuckDBPyConnection) -> Contents:
    """What the open database holds, counted; as of one moment when no one writes."""
    rows = {name: con.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] for name in _tables(con)}  # noqa: S608
    return Contents(_position(con), rows, ledger_id(con))


def listed(folder: Path) -> list[Backup]:
    """The verified backups in *folder*, newest first."""
    found = [backup for note in folder.glob(f"*{SUFFIX}{NOTE}") if (backup := _read_note(note))]
    return sorted(found, key=lambda backup: (backup.made_at, backup.path.name), reverse=True)


def new_path(folder: Path) -> Path:
    """A name for a backup made now; names sort as they were made."""
    return folder / f"burn-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}{SUFFIX}"


def remove(backup: Backup) -> None:
    """Delete *backup*: its note first, so that no half of it counts."""
    note(backup.path).unlink(missing_ok=True)
    backup.path.unlink(missing_ok=True)


def note(path: Path) -> Path:
    """The file that says what the backup at *path* holds."""
    return path.with_name(path.name + NOTE)


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with source.open("rb") as read, open(os.open(target, flags, 0o600), "wb") as write:
        shutil.copyfileobj(read, write, 4 << 20)
        write.flush()
        os.fsync(write.fileno())


def _tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        "SELECT schema_name || '.\"' || table_name || '\"' FROM duckdb_tables() "
        "WHERE NOT internal AND NOT temporary ORDER BY ALL"
    ).fetchall()
    return [row[0] for row in rows]


def _read_all(con: duckdb.DuckDBPyConnection, table: str) -> int:
    ((count, _),) = con.execute(f"SELECT count(*), bit_xor(hash(one)) FROM {table} AS one").fetchall()  # noqa: S608
    return int(count)


def _position(con: duckdb.DuckDBPyConnection) -> Position:
    rows = con.execute('SELECT segment, "offset" FROM journal.position').fetchall()
    return Position(*rows[0]) if rows else Position(0, 0)


def to_json(backup: Backup) -> dict[str, Any]:
    """*backup* for whoever is elsewhere."""
    return asdict(backup.contents) | {"made_at": backup.made_at.isoformat(), "path": str(backup.path)}


def from_json(said: Mapping[str, Any]) -> Backup:
    """What `to_json` gave."""
    held = Contents(Position(*said["position"]), said["rows"], said.get("ledger"))
    return Backup(Path(said["path"]), datetime.fromisoformat(said["made_at"]), held)


def _write_note(backup: Backup) -> None:
    path = note(backup.path)
    draft = path.with_name(f"{path.name}.part")
    draft.write_text(json.dumps(to_json(backup), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def _read_note(path: Path) -> Backup | None:
    with suppress(OSError, ValueError, TypeError, KeyError):
        said = json.loads(path.read_text(encoding="utf-8"))
        backup = from_json(said | {"path": path.with_suffix("")})  # wherever the folder was moved to
        return backup if backup.path.is_file() else None
    return None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
