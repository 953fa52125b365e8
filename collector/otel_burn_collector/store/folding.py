"""When is DuckDB's log folded into its file? Between batches, never while the file is copied, never on a full disk."""

import logging
import os
import threading
import time
from pathlib import Path

import duckdb

from otel_burn_collector.journal.records import Position
from otel_burn_collector.store.progress import read_progress

LOG_BYTES = 64 << 20
"""At 16 MiB commits stalled most often, at 512 MiB longest."""
QUIET_SECONDS = 3.0
"""Without work: nobody waits for a commit then."""
AGAIN_SECONDS = 3.0
SPARE_BYTES = 16 << 20

log = logging.getLogger(__name__)


class Folding:
    """The checkpoints of one database, made by its one writer."""

    def __init__(self, con: duckdb.DuckDBPyConnection, db: Path) -> None:
        self._con = con
        self._log = db.with_name(f"{db.name}.wal")
        self._again_at = 0.0
        self._worked_at: float | None = None
        self.copying = threading.Lock()
        """Held by whoever copies the file: a checkpoint would change it underneath."""
        self.checkpointed: Position = read_progress(con).position  # opening ends with a checkpoint
        """Everything before it is in the file itself."""

    @property
    def log_bytes(self) -> int:
        """How much is not folded in."""
        return log_bytes(self._log)

    def step(self, worked: bool) -> bool:
        """Fold the log in if it is time; whether that was done."""
        now = time.monotonic()
        if worked:
            self._worked_at = now
        if self._worked_at is None or now < self._again_at:
            return False
        quiet = now - self._worked_at > QUIET_SECONDS
        return (quiet or self.log_bytes > LOG_BYTES) and self.fold()

    def fold(self) -> bool:
        """Checkpoint; false when a reader, a copy or the disk is in the way: then it is tried again later."""
        self._again_at = time.monotonic() + AGAIN_SECONDS
        if not self.copying.acquire(blocking=False):
            return False
        try:
            return self._checkpoint()
        finally:
            self.copying.release()

    def hold(self) -> bool:
        """Checkpoint, and have none after it until `copying` is released; false when that cannot be now."""
        if not self.copying.acquire(blocking=False):
            return False
        done = False
        try:
            done = self._checkpoint()
        finally:
            if not done:
                self.copying.release()
        return done

    def _checkpoint(self) -> bool:
        if lack := lacking(self._log):
            log.error("The log of the database is not folded in: %s", lack)
            return False
        try:
            self._con.execute("CHECKPOINT")
        except duckdb.TransactionException:
            log.debug("checkpoint postponed", exc_info=True)
            return False
        self._worked_at = None
        self.checkpointed = read_progress(self._con).position
        return True


def lacking(wal: Path) -> str | None:
    """Why a checkpoint would fill the disk and take the database down with it; `None` when it would not."""
    disk = os.statvfs(wal.parent)
    free, needed = disk.f_bavail * disk.f_frsize, log_bytes(wal) + SPARE_BYTES
    if free >= needed:
        return None
    return f"the disk of {wal.parent} has {free >> 20:,} MiB free, and it takes {needed >> 20:,}. Free some space."


def log_bytes(wal: Path) -> int:
    """The size of DuckDB's log; it is not there after a checkpoint."""
    try:
        return wal.stat().st_size
    except FileNotFoundError:
        return 0
