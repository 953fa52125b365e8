"""What if a query does not stop, or takes the memory that loading needs? A thread that watches them all."""

import logging
import os
import threading
import time
from collections.abc import Callable

import duckdb

from otel_burn_collector.store.database import memory
from otel_burn_collector.store.queries import Query

LOOK_SECONDS = 0.25
GRACE_SECONDS = 10.0
"""How long a query may go on after it was told to stop. Planning, and work on one value, go on for minutes."""
MEMORY_SHARE = 0.8
"""Of DuckDB's memory: beyond it the oldest query is stopped, so that loading finds some."""
EXIT_CODE = 75
"""The store ends, and the supervisor starts it again: nothing that was acknowledged is lost."""

_USED = "SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT FROM duckdb_memory()"

log = logging.getLogger(__name__)


class Watch(threading.Thread):
    """Watches the queries that *running* returns."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        running: Callable[[], list[Query]],
        *,
        grace: float = GRACE_SECONDS,
        most_memory: float | None = None,
        die: Callable[[int], object] = os._exit,
    ) -> None:
        super().__init__(name="watch", daemon=True)
        self._con = con.cursor()
        self._running = running
        self._grace = grace
        self._most_memory = memory() * MEMORY_SHARE if most_memory is None else most_memory
        self._die = die

    def run(self) -> None:
        """Look, for ever."""
        while True:
            time.sleep(LOOK_SECONDS)
            if running := self._running():
                self.look(running)

    def look(self, running: list[Query]) -> None:
        """End what has to end."""
        if max(query.overdue for query in running) > self._grace:
            log.error(
                "A query did not stop within %g s. The store ends and starts again; what arrives stays in the journal.",
                self._grace,
            )
            self._die(EXIT_CODE)
        for query in running:
            if query.overdue:
                query.interrupt()
        if self._used() > self._most_memory:
            oldest = min(running, key=lambda query: query.started_at)
            oldest.interrupt("memory is short. Aggregate, filter, or ask for less at a time")

    def _used(self) -> int:
        return int(self._con.execute(_USED).fetchall()[0][0])
