"""How is the database opened, and what does a user read when it can't be?"""

import logging
import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa

from otel_burn.errors import BurnError
from otel_burn_collector import ledger
from otel_burn_collector.settings import data_dir_of
from otel_burn_collector.store import backups
from otel_burn_collector.store.belonging import bring_together
from otel_burn_collector.store.faults import is_damage
from otel_burn_collector.store.folding import lacking

log = logging.getLogger(__name__)


class DamagedError(BurnError):
    """A database that cannot be read (any more)."""

    def __init__(self, db: Path, error: str, data_dir: Path) -> None:
        self.what = f"The database {db} is damaged or no DuckDB database ({error.splitlines()[0]})."
        super().__init__(
            f"{self.what} `otel-burn collector` makes it anew from what is in {data_dir}. Where that has nothing: "
            f"move it and {db.name}.wal aside, or name another database with --db."
        )


LOCK_PATIENCE = 3.0
"""Seconds: a reader without a collector holds the file for one query."""
_UTC = "SET GLOBAL TimeZone = 'UTC'"
"""Queries run on cursors, which take over what is global, and nothing else, of their connection."""
_OPENING = threading.Lock()
_MEMORY_SHARE, _MEMORY_MOST, _MEMORY_LEAST = 4, 8 << 30, 512 << 20
_NEVER = "1TiB"
"""DuckDB makes no checkpoint of itself: one on a full disk would end the instance, one during a backup spoil it."""
_TEMPORARY_SHARE, _TEMPORARY_MOST = 4, 16 << 30
"""Of the free disk, what queries that outgrow memory may take: the journal is on the same disk."""


def open_store(db: Path, data_dir: Path | None = None) -> duckdb.DuckDBPyConnection:
    """The database as its one writer: brought to this version after a backup, tables made, guarded, locked."""
    db.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Arrow's own allocator keeps what it freed: 90 of 660 MB where 200 MB of logs were imported.
    pa.set_memory_pool(pa.system_memory_pool())
    # Directories can be allowed only while everything is.
    con = _patiently(db, lambda: duckdb.connect(db, config=_config(db) | {"enable_external_access": "true"}))
    try:
        _prepare(con, db, data_dir or data_dir_of(db))
    except BaseException as error:
        con.close()
        if is_damage(error):
            raise DamagedError(db, str(error), data_dir or data_dir_of(db)) from error
        raise
    return con


def staging_of(db: Path) -> Path:
    """The one folder that the store's DuckDB may read: batches on their way into the database."""
    return data_dir_of(db) / "staging"


def _shut(con: duckdb.DuckDBPyConnection, staging: Path) -> None:
    """Leave no way out of the instance, and one way in."""
    staging.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left_over in staging.iterdir():
        left_over.unlink()
    con.execute("SET allowed_directories = [$staging]", {"staging": str(staging)})
    con.execute("SET enable_external_access = false")


def _prepare(con: duckdb.DuckDBPyConnection, db: Path, data_dir: Path) -> None:
    _shut(con, staging_of(db))
    if (found := ledger.version(con)) is not None and found < ledger.SCHEMA_VERSION:
        ledger.refuse_other(con)
        _back_up_before_migration(con, db, found, data_dir)
    con.execute(_UTC)
    if lack := lacking(db.with_name(f"{db.name}.wal")):
        raise BurnError(f"The database {db} cannot be opened for writing: {lack}")
    con.execute(files("otel_burn_collector.store").joinpath("journal.sql").read_text(encoding="utf-8"))
    bring_together(con, db, data_dir)
    ledger.create(con)
    # Replaying DDL from a torn log is where DuckDB breaks: it must not stay in the log.
    con.execute("CHECKPOINT")
    con.execute("SET lock_configuration = true")


def open_reading(db: Path) -> duckdb.DuckDBPyConnection:
    """The database for reading while no collector runs, under the same guards."""
    if not db.exists():
        raise BurnError(
            f"There is no database at {db}. Record something first (otel-burn run -- python agent.py), "
            "or name another database with --db."
        )
    # Readers in one process (the explorer's pages) share an instance, and with it the lock on its configuration.
    with _OPENING:
        con = _patiently(db, lambda: duckdb.connect(db, read_only=True, config=_config(db)))
        if con.execute("SELECT current_setting('lock_configuration')").fetchall() != [(True,)]:
            con.execute(_UTC)
            con.execute("SET lock_configuration = true")
    return con


def needs_migration(db: Path) -> bool:
    """Whether an older otel-burn wrote *db*: only a writer can bring it to this version."""
    con = open_reading(db)
    try:
        ledger.refuse_other(con)
        found = ledger.version(con)
    finally:
        con.close()
    return found is not None and found < ledger.SCHEMA_VERSION


def _back_up_before_migration(con: duckdb.DuckDBPyConnection, db: Path, found: int, data_dir: Path) -> None:
    target = backups.folder_of(data_dir) / f"before-schema-{ledger.SCHEMA_VERSION}{backups.SUFFIX}"
    if not backups.note(target).exists():
        con.execute("CHECKPOINT")
        backups.make(db, target)
    log.warning(
        "The ledger in %s has schema %d. It is brought to %d; as it was it is kept in %s.",
        db, found, ledger.SCHEMA_VERSION, target,
    )  # fmt: skip


def _config(db: Path) -> dict[str, str | bool | int | float | list[str]]:
    return {
        "enable_external_access": "false",
        "enable_external_file_cache": "false",
        "python_enable_replacements": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "checkpoint_threshold": _NEVER,
        "memory_limit": f"{memory() >> 20}MiB",
        "max_temp_directory_size": f"{_temporary(db) >> 20}MiB",
        "threads": str(os.cpu_count() or 1),
    }


def memory() -> int:
    """How many bytes DuckDB may use."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(_MEMORY_LEAST, min(_MEMORY_MOST, installed // _MEMORY_SHARE))


@cache  # connections of one process to one file must agree on it
def _temporary(db: Path) -> int:
    return min(_TEMPORARY_MOST, shutil.disk_usage(db.parent).free // _TEMPORARY_SHARE)


def _patiently(db: Path, connect: Callable[[], duckdb.DuckDBPyConnection]) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            return connect()
        except duckdb.Error as error:
            if "Could not set lock" not in str(error) or time.monotonic() > deadline:
                raise _said(db, str(error)) from error
        time.sleep(0.1)


def _said(db: Path, error: str) -> BurnError:
    if is_damage(error):
        return DamagedError(db, error, data_dir_of(db))
    return BurnError(_sentence(db, error))


def _sentence(db: Path, error: str) -> str:
    if owner := re.search(r"Conflicting lock is held in (.*?) \(PID (\d+)\)", error):
        return (
            f"The database {db} is open in another program ({owner[1]}, process {owner[2]}). "
            "Close that program, or name another database with --db."
        )
    if "newer version" in error or "can only read version" in error:
        return (
            f"The database {db} was written by a newer DuckDB ({error}). Upgrade with: pip install -U duckdb"
        )
    return f"The database {db} cannot be opened: {error.splitlines()[0]}. Check the path, or name another with --db."
