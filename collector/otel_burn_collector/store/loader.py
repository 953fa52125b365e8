"""Who loads the journal while the store answers questions? A thread that follows it."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from otel_burn_collector.journal import segments
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Position
from otel_burn_collector.keeping import Keeping
from otel_burn_collector.store import erasing
from otel_burn_collector.store.faults import is_full
from otel_burn_collector.store.loading import Loading
from otel_burn_collector.store.progress import read_progress
from otel_burn_collector.store.upkeep import Upkeep

BUSY_WAIT, IDLE_WAIT, QUIET = 0.01, 0.1, 2.0
"""Seconds between looks at the journal: while things arrive, and after *QUIET* seconds without."""
STALL_SECONDS = 1.0
"""Before a batch that the disk had no room for is tried again."""
ERASE_AGAIN = 600.0
"""Seconds before what could not be erased (a full disk) is tried again."""
CRAMPED_TRIES, CRAMPED_WAIT = 5, 0.5
"""How often loading waits, and for how many seconds, until queries have given their memory back."""

log = logging.getLogger(__name__)


class Loader(threading.Thread):
    """Loads what the journal has, as soon as it has it, until it is stopped or the database fails."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        db: Path,
        journal: Path,
        on_end: Callable[[], None],
        keeping: Keeping | None = None,
        make_room: Callable[[], None] = lambda: None,
    ) -> None:
        """*on_end* is called when it ends of itself; *make_room* frees memory, when loading found none."""
        super().__init__(name="loader", daemon=True)
        self._con = con.cursor()
        self._journal = journal
        self._loading = Loading(self._con, JournalReader(journal, read_progress(self._con).position))
        self.upkeep = Upkeep(self._con, db, journal, keeping or Keeping())
        self._on_end = on_end
        self._make_room = make_room
        self._cramped = 0
        self._stopping = threading.Event()
        self._deadline = float("inf")
        self._worked_at = time.monotonic()
        self._loaded_at: str | None = None
        self._stalled: str | None = None
        self.loaded: Position = self._loading.position
        """Everything before it can be queried."""
        self.failure: Exception | None = None
        self._unerased, self._erase_at = erasing.pending(self._con), time.monotonic() + ERASE_AGAIN
        self.erasing = False
        """Whether it ended so that what is forgotten can be erased from the file."""

    @property
    def idle_for(self) -> float:
        """Seconds since there was something to load."""
        return time.monotonic() - self._worked_at

    def status(self) -> dict[str, Any]:
        """How far the journal is loaded."""
        return {
            "loaded": list(min(self.loaded, self._loading.visible)),
            "loaded_at": self._loaded_at,
            "loader_idle_for": self.idle_for,
            "stalled": self._stalled,
        }

    def run(self) -> None:
        """Follow the journal."""
        try:
            while time.monotonic() < self._deadline:
                if self._step():
                    if self.erasing:
                        self._on_end()
                        break
                    continue
                if self._stopping.is_set():
                    break
                self._stopping.wait(BUSY_WAIT if self.idle_for < QUIET else IDLE_WAIT)
            self.upkeep.folding.fold()
        except Exception as error:
            log.exception("The database failed; what arrives stays in the journal")
            self.failure = error
            self._on_end()
        finally:
            self._loading.close()

    def stop(self, patience: float) -> None:
        """Load what is journalled, for *patience* seconds at most, fold the log in, and end."""
        self._deadline = time.monotonic() + patience
        self._stopping.set()
        self.join()

    def _step(self) -> bool:
        worked = self._load()
        if self.loaded != self._loading.position:  # also past the end of a segment, without a record
            self.loaded = self._loading.position
            segments.say_loaded(self._journal, self.loaded)
        if worked:
            self._worked_at = time.monotonic()
            self._loaded_at = datetime.now(UTC).isoformat()
            self.upkeep.retaining.look()
            self.erasing = self._erasing_is_due()
        self.upkeep.step(worked, settled=self._loading.is_settled)
        return worked

    def _erasing_is_due(self) -> bool:
        """Whether something was forgotten since the start, or long before: what failed then is tried again."""
        pending = erasing.pending(self._con)
        return pending is not None and (pending != self._unerased or time.monotonic() > self._erase_at)

    def _load(self) -> bool:
        """Whether there was something to load, and it is loaded."""
        try:
            worked = self._loading.load_next() > 0
        except (duckdb.OutOfMemoryException, MemoryError) as error:
            self._make_room_after(error)
            return True
        except (duckdb.Error, OSError) as error:
            if not is_full(error):
                raise
            # The database is as it was before the batch, and goes on answering.
            self._loading.rewind()
            if self._stalled is None:
                log.error("The disk of the database is full; what arrives waits in the journal. %s", error)
            self._stalled = "The disk of the database is full."
            self._stopping.wait(STALL_SECONDS)
            return False
        self._stalled, self._cramped = None, 0
        return worked

    def _make_room_after(self, error: Exception) -> None:
        """Go back to where the database is; raises *error* when room has been made often enough."""
        self._cramped += 1
        if self._cramped > CRAMPED_TRIES:
            raise error
        log.warning("There was no memory to load with. Queries are stopped, and it is tried again.")
        self._make_room()
        self._stopping.wait(CRAMPED_WAIT)
        self._loading.rewind()
