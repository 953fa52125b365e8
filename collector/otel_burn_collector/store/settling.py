"""When are the calls of what was loaded derived? In a transaction that follows, within two seconds, many at a time."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from otel_burn_collector import ledger
from otel_burn_collector.store.faults import is_fatal

MOST_WAITING, LONGEST = 10_000, 1.0
"""Reports that wait, and seconds that the oldest has: reached only while more arrives than is loaded. Deriving 1,300
calls at once costs twice as much a call as deriving 10,000."""

log = logging.getLogger(__name__)


class Settling:
    """What waits in one database for its calls to be derived: it is in the database, so a kill loses none of it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._since = time.monotonic()
        self._waiting = ledger.count_pending(con)

    @property
    def is_done(self) -> bool:
        """Whether every call of what is loaded can be queried."""
        return not self._waiting

    def look(self) -> None:
        """Something was loaded, or failed to be."""
        if not self._waiting:
            self._since = time.monotonic()
        self._waiting = ledger.count_pending(self._con)

    def step(self, *, more_comes: bool) -> None:
        """Derive what waits, unless it is better to wait for more."""
        patient = more_comes and self._waiting < MOST_WAITING and time.monotonic() - self._since < LONGEST
        if self._waiting and not patient:
            self._derive_or_isolate(0, ledger.LAST_UNIT)
            self._waiting = 0

    def _derive_or_isolate(self, first: int, last: int) -> None:
        """Derive the units from *first* to *last*; one that cannot be must not hold up the others."""
        try:
            with transaction(self._con):
                ledger.derive_pending(self._con, first, last)
        except Exception as error:
            if is_fatal(error):
                raise
            units = [unit for unit in ledger.pending_units(self._con) if first <= unit <= last]
            if len(units) > 1:
                middle = units[len(units) // 2]
                self._derive_or_isolate(first, middle - 1)
                self._derive_or_isolate(middle, last)
                return
            for unit in units:
                log.exception("The calls of a trace cannot be derived; its spans stay")
                with transaction(self._con):
                    ledger.give_up(self._con, unit)


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
