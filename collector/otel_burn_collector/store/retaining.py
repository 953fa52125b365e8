"""When does what is old go? By the settings and by commands, in steps between batches."""

import logging
import time

import duckdb

from otel_burn_collector.keeping import Keeping
from otel_burn_collector.ledger import retention
from otel_burn_collector.store.faults import is_full

LOOK_SECONDS, SOON_SECONDS = 30.0, 1.0
FIRST_SECONDS, AGAIN_SECONDS = 600.0, 3600.0
"""From the start until age counts, and between two looks at it: what was just imported can be looked at first."""
PAUSE_SECONDS = 0.2
"""Between two steps: what arrives is loaded in between."""

log = logging.getLogger(__name__)


class Retaining:
    """The retention of one database, by its one writer."""

    def __init__(self, con: duckdb.DuckDBPyConnection, keeping: Keeping) -> None:
        self._con = con
        self._keeping = keeping
        # A clock that jumps while we run must not take years of calls with it.
        self._clock = time.time_ns() - time.monotonic_ns()
        self._step_at = time.monotonic() + LOOK_SECONDS
        self._want_at = time.monotonic() + FIRST_SECONDS

    def look(self) -> None:
        """Something was loaded: if it was a command that wants something gone, that begins soon."""
        self._step_at = min(self._step_at, time.monotonic() + SOON_SECONDS)

    def step(self) -> bool:
        """Take a step if it is time for one; whether something went."""
        if time.monotonic() < self._step_at:
            return False
        went = False
        try:
            self._con.begin()
            if time.monotonic() > self._want_at:
                self._want()
                self._want_at = time.monotonic() + AGAIN_SECONDS
            went = retention.purge(self._con)
            self._con.commit()
        except duckdb.Error as error:
            if not is_full(error):
                raise
            log.error("Nothing old can be deleted while the disk is full: %s", error)
        self._step_at = time.monotonic() + (PAUSE_SECONDS if went else LOOK_SECONDS)
        return went

    def _want(self) -> None:
        now = self._clock + time.monotonic_ns()
        for layer, days in (("spans", self._keeping.keep_spans), ("calls", self._keeping.keep_calls)):
            if days:
                whole_days = (now - int(days * retention.DAY)) // retention.DAY
                retention.want(self._con, layer, whole_days * retention.DAY)
        if self._keeping.max_size and self._size() > self._keeping.max_size:
            oldest = retention.oldest_received(self._con)
            if oldest is not None:
                retention.want(self._con, "spans", (oldest // retention.DAY + 1) * retention.DAY)

    def _size(self) -> int:
        """The bytes in use, as of the last checkpoint."""
        rows = self._con.execute(
            "SELECT sum(used_blocks * block_size) FROM pragma_database_size()"
        ).fetchall()
        return int(rows[0][0] or 0)


def retain_all(con: duckdb.DuckDBPyConnection) -> None:
    """Take all the steps that are wanted, where nobody waits in between."""
    more = True
    while more:
        con.begin()
        more = retention.purge(con)
        con.commit()
    con.execute("CHECKPOINT")
