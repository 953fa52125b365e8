"""When are the calls of what was loaded derived? Within two seconds, many at a time, while the next batch is loaded.

Deriving reads what loading wrote (spans, reports, contexts) and writes what loading never reads (calls, sessions), each
in transactions of its own: so both go on at once, and a commit of one is either seen by the other or not. What it did
not see in time is in the queue, put there by the transaction that brought it. Whoever else writes waits for it first.
"""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress

import duckdb

from otel_burn_collector import ledger
from otel_burn_collector.journal.records import Position
from otel_burn_collector.store.faults import is_fatal

MOST_WAITING, LONGEST = 10_000, 1.0
"""Reports that wait, and seconds that the oldest has: reached only while more arrives than is loaded. Deriving 1,300
calls at once costs twice as much a call as deriving 10,000."""
MOST_BEHIND = 3 * MOST_WAITING
"""Reports that wait while others are derived: loading waits then, or it would be ever further ahead."""

log = logging.getLogger(__name__)


class Settling:
    """What waits in one database for its calls to be derived: it is in the database, so a kill loses none of it.

    Called from the thread of its writer only. At most one derivation runs at a time, in a thread of its own.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, position: Position) -> None:
        self._con = con
        self._own = con.cursor()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="settler")
        self._running: Future[None] | None = None
        self._upto = position
        self._since = time.monotonic()
        self._waiting = ledger.count_pending(con)
        self.left_over = not self.is_done
        """Whether a kill left calls to be derived that are not derived yet."""
        self.settled = position
        """The calls of everything before it can be queried, but for those that are left over."""

    @property
    def is_done(self) -> bool:
        """Whether every call of what is loaded can be queried."""
        return not self._waiting and self._running is None

    def look(self) -> None:
        """Something was loaded, or failed to be."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting = ledger.count_pending(self._con)  # with those that are being derived

    def step(self, loaded: Position, *, more_comes: bool) -> None:
        """Begin to derive what waits, unless it is better to wait for more; all of it now, where no more comes."""
        if not more_comes or self._waiting > MOST_BEHIND:
            self.wait()
        self._collect()
        patient = more_comes and self._waiting < MOST_WAITING and time.monotonic() - self._since < LONGEST
        if self._running is None and self._waiting and not patient:
            self._upto, self._since = loaded, time.monotonic()
            self._running = self._pool.submit(self._derive_or_isolate, 0, ledger.LAST_UNIT)
            if not more_comes:
                self.wait()
                self._collect()
        if self.is_done:
            self.settled, self.left_over = loaded, False

    def wait(self) -> None:
        """Let what is being derived be done: nothing writes but the caller then. `step` tells how it went."""
        if self._running is not None:
            wait([self._running])

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown()

    def _collect(self) -> None:
        """Take note of what has been derived; raises what prevented it."""
        if self._running is None or not self._running.done():
            return
        running, self._running = self._running, None
        self._waiting = ledger.count_pending(self._con)
        running.result()
        self.settled, self.left_over = self._upto, False

    def _derive_or_isolate(self, first: int, last: int) -> None:
        """Derive the units from *first* to *last*; one that cannot be must not hold up the others."""
        try:
            with transaction(self._own):
                ledger.derive_pending(self._own, first, last)
        except Exception as error:
            if is_fatal(error):
                raise
            units = [unit for unit in ledger.pending_units(self._own) if first <= unit <= last]
            if len(units) > 1:
                middle = units[len(units) // 2]
                self._derive_or_isolate(first, middle - 1)
                self._derive_or_isolate(middle, last)
                return
            for unit in units:
                log.exception("The calls of a trace cannot be derived; its spans stay")
                with transaction(self._own):
                    ledger.give_up(self._own, unit)


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """What happens within is committed as a whole, or not at all."""
    con.begin()
    try:
        yield
        con.commit()
    except BaseException:
        with suppress(duckdb.Error):  # after a fatal one there is nothing to roll back
            con.rollback()
        raise
