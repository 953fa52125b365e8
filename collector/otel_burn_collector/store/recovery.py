"""What if the database is damaged? It is put aside, and made anew from the newest good backup and the journal.

The smallest remedy first: a damaged log costs nothing, as the file without it is the last checkpoint and the journal
has everything since. A damaged file is replaced by the newest backup that reads well to its last row, else by an empty
one; the journal goes on from there. Segments that are gone are told as damage by the journal's reader.
"""

import logging
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from otel_burn.errors import BurnError
from otel_burn_collector.journal import segments
from otel_burn_collector.journal.records import Damage
from otel_burn_collector.store import backups, progress
from otel_burn_collector.store.backups import BadCopyError
from otel_burn_collector.store.database import DamagedError, open_store

SUSPECT = "suspect"

log = logging.getLogger(__name__)


def open_or_recover(db: Path, data_dir: Path, journal: Path) -> duckdb.DuckDBPyConnection:
    """The database as `open_store` gives it, made anew first where it is damaged."""
    try:
        _check_suspect(db, data_dir)
        return open_store(db, data_dir)
    except DamagedError as error:
        if not segments.numbers(journal) and not backups.listed(backups.folder_of(data_dir)):
            raise  # nothing of ours beside it: it may be no database at all
        log.error("%s", error.what)
        return _recover(db, data_dir, error.what)


def suspect(data_dir: Path, why: str) -> None:
    """Have the database read through before it is opened the next time."""
    (data_dir / SUSPECT).write_text(why + "\n", encoding="utf-8")


def set_aside(db: Path, folder: Path) -> Path:
    """Move the database and its log into a new folder in *folder*, and return that."""
    aside = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"
    aside.mkdir(mode=0o700, parents=True)
    for path in _files(db):
        shutil.move(path, aside / path.name)
    return aside


def _check_suspect(db: Path, data_dir: Path) -> None:
    note = data_dir / SUSPECT
    if not note.exists():
        return
    why = note.read_text(encoding="utf-8").strip()
    try:
        backups.verify(db)
    except BadCopyError as error:
        raise DamagedError(db, str(error), data_dir) from error
    else:
        log.warning("The database %s was suspected (%s), but every row of it can be read", db, why)
    finally:
        note.unlink()


def _recover(db: Path, data_dir: Path, why: str) -> duckdb.DuckDBPyConnection:
    folder = data_dir / "damaged"
    if logs := _logs(db):
        aside = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-log"
        aside.mkdir(mode=0o700, parents=True)
        for path in logs:
            shutil.move(path, aside / path.name)
        try:
            return _told(open_store(db, data_dir), why, aside, "its last checkpoint")
        except DamagedError:
            log.exception("Without its log it does not open either")
    aside = set_aside(db, folder)
    for backup in backups.listed(backups.folder_of(data_dir)):
        try:
            backups.place(backup.path, db)
            return _told(open_store(db, data_dir), why, aside, f"the backup {backup.sentence}")
        except BurnError as error:
            log.error("This backup is of no use: %s", error)
            set_aside(db, folder)
    return _told(open_store(db, data_dir), why, aside, "an empty one, as there is no backup")


def _told(con: duckdb.DuckDBPyConnection, why: str, aside: Path, start: str) -> duckdb.DuckDBPyConnection:
    position = progress.read_progress(con).position
    sentence = f"{why} It was moved to {aside}, and the ledger goes on from {start}; the journal is loaded from there."
    log.error("%s", sentence)
    progress.write_damage(con, [Damage(position, position, sentence, str(aside))])
    con.execute("CHECKPOINT")
    return con


def _files(db: Path) -> Iterator[Path]:
    if db.exists():
        yield db
    yield from _logs(db)


def _logs(db: Path) -> list[Path]:
    return sorted(db.parent.glob(f"{db.name}.wal*"))
