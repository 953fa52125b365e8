"""Who loads the journal while the store answers questions? A thread that follows it."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Position
from otel_burn_collector.store.loading import load_next
from otel_burn_collector.store.progress import read_progress

BUSY_WAIT, IDLE_WAIT, QUIET = 0.01, 0.1, 2.0
"""Seconds between looks at the journal: while things arrive, and after *QUIET* seconds without."""
CHECKPOINT_AFTER = 3.0
"""Seconds without work before the log is folded in: nobody waits for a commit then."""

log = logging.getLogger(__name__)


class Loader(threading.Thread):
    """Loads what the journal has, as soon as it has it, until it is stopped or the database fails."""

    def __init__(self, con: duckdb.DuckDBPyConnection, journal: Path, on_failure: Callable[[], None]) -> None:
        super().__init__(name="loader", daemon=True)
        self._con = con.cursor()
        self._reader = JournalReader(journal, read_progress(self._con).position)
        self._on_failure = on_failure
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._worked_at = time.monotonic()
        self._loaded_at: str | None = None
        self._fold_at: float | None = None
        self.loaded: Position = self._reader.position
        """Everything before it can be queried."""
        self.failure: Exception | None = None

    @property
    def idle_for(self) -> float:
        """Seconds since there was something to load."""
        return time.monotonic() - self._worked_at

    def status(self) -> dict[str, Any]:
        """How far the journal is loaded."""
        return {"loaded": list(self.loaded), "loaded_at": self._loaded_at, "loader_idle_for": self.idle_for}

    def run(self) -> None:
        """Follow the journal."""
        try:
            while time.monotonic() < self._deadline:
                if self._step():
                    continue
                if self._stopping.is_set():
                    break
                self._stopping.wait(BUSY_WAIT if self.idle_for < QUIET else IDLE_WAIT)
            self._fold()
        except Exception as error:
            log.exception("The database failed; what arrives stays in the journal")
            self.failure = error
            self._on_failure()

    def stop(self, patience: float) -> None:
        """Load what is journalled, for *patience* seconds at most, fold the log in, and end."""
        self._deadline = time.monotonic() + patience
        self._stopping.set()
        self.join()

    def _step(self) -> bool:
        worked = load_next(self._con, self._reader) > 0
        self.loaded = self._reader.position
        if worked:
            self._worked_at = time.monotonic()
            self._loaded_at = datetime.now(UTC).isoformat()
            self._fold_at = self._worked_at + CHECKPOINT_AFTER
        elif self._fold_at is not None and time.monotonic() > self._fold_at:
            self._fold()
        return worked

    def _fold(self) -> None:
        """Checkpoint if there is anything to; one that readers prevent is tried again later."""
        if self._fold_at is None:
            return
        try:
            self._con.execute("CHECKPOINT")
            self._fold_at = None
        except duckdb.TransactionException:
            self._fold_at = time.monotonic() + CHECKPOINT_AFTER
            log.debug("checkpoint postponed", exc_info=True)
