"""How do analytics and dashboards read the ledger? Through the collector that owns it, else from the file."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar

import duckdb
import pyarrow as pa

from otel_burn import locations
from otel_burn.errors import BurnError
from otel_burn_collector.client import Client, CollectorGoneError
from otel_burn_collector.discovery import Running, find_collector
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import TORN_END, Encoding, Kind, Position, Record
from otel_burn_collector.offline import Offline, journal_folder
from otel_burn_collector.parameters import utc
from otel_burn_collector.stopping import StoppedError, Stopper
from otel_burn_collector.store import commands
from otel_burn_collector.store.database import needs_migration, open_reading, open_store
from otel_burn_collector.store.overdue import GRACE_SECONDS
from otel_burn_collector.store.queries import Limits, Query

__all__ = ["Freshness", "Ledger", "Running", "find_collector", "open_ledger"]

VISIBLE_SECONDS = 60.0
"""How long a write waits until it can be read back."""

ENDED = (
    "The collector ended before it had answered, and is started again. A query that goes on after it was told to stop "
    "takes it along: ask for less at a time. collector.log beside the database may say more."
)
FRESHNESS = """
    SELECT epoch_ns(max(received_at)) AS at,
           (SELECT count(*) FROM journal.damage WHERE reason <> $torn_end) AS damaged
    FROM journal.position
"""

T = TypeVar("T")


@dataclass(frozen=True)
class Freshness:
    """How new what can be read is."""

    as_of: datetime | None
    """When the newest telemetry that can be read arrived (UTC); `None` when there is none."""
    waiting: bool
    """Whether more has arrived that cannot be read yet."""
    sentence: str
    via: Literal["collector", "file"] = "file"
    """Who answers."""


def open_ledger(db: Path | None = None) -> "Ledger":
    """The ledger in *db* (default: the usual database); `BurnError` with the remedy when there is none."""
    path = (db or locations.database()).absolute()
    ledger = Ledger(path, find_collector(path))
    if ledger.via == "file" and needs_migration(path):
        open_store(path).close()
    return ledger


class Ledger:
    """A ledger to read. It follows its database: to a collector that starts, and back to the file when it ends."""

    def __init__(self, db: Path, running: Running | None) -> None:
        self.db = db
        self._client = Client(running) if running else None
        self._held: duckdb.DuckDBPyConnection | None = None

    @property
    def via(self) -> Literal["collector", "file"]:
        """Who answers now."""
        return "file" if self._client is None else "collector"

    def query(
        self,
        sql: str,
        params: Mapping[str, object] | None = None,
        *,
        first: int | None = None,
        stopper: Stopper | None = None,
    ) -> pa.Table:
        """The answer to one SELECT, with parameters by name (`$name`); of its rows only the *first*.

        *stopper* ends it from another thread, wherever it runs; what is raised then is a `StoppedError`.
        """
        values = {name: utc(value) for name, value in (params or {}).items()}
        return self._ask(
            lambda client: client.query(sql, values, first=first, stopper=stopper),
            lambda: self._query_file(sql, values, first=first, stopper=stopper),
        )

    def query_seconds(self) -> float:
        """How long one query may take."""
        return self._ask(lambda client: client.query_seconds(), lambda: Limits().seconds)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Open the file once for the questions within: some moments, as no collector can start meanwhile."""
        if self.via == "file" and self._held is None:
            self._held = open_reading(self.db)
        try:
            yield
        finally:
            if self._held is not None:
                self._held.close()
                self._held = None

    def freshness(self) -> Freshness:
        """How new the answers are, and whether something newer waits."""
        waiting = self._ask(lambda client: client.loaded() < client.journalled(), self._journal_waits)
        (row,) = self.query(FRESHNESS, {"torn_end": TORN_END}).to_pylist()
        as_of = None if row["at"] is None else datetime.fromtimestamp(row["at"] / 1e9, UTC)
        sentence = self._sentence(as_of, waiting)
        if row["damaged"]:
            sentence += (
                f" {row['damaged']:,} times something received was damaged: `FROM journal.damage` says what."
            )
        return Freshness(as_of, waiting, sentence, self.via)

    def wait_loaded(self, timeout: float) -> bool:
        """Wait until everything acknowledged before now can be read; false when *timeout* seconds are over."""

        def ask(client: Client) -> bool:
            return client.wait_loaded(client.journalled(), timeout)

        return self._ask(ask, lambda: not self._journal_waits())

    def replace_findings(
        self, *, detectors: Sequence[str], partitions: Mapping[str, str | None], findings: pa.Table
    ) -> None:
        """Put *findings* in the place of what *detectors* said of *partitions*, each with the state in which it was
        judged; they can be read on return."""
        self._write(commands.replace_findings(detectors=detectors, partitions=partitions, findings=findings))

    def mark(self, finding_id: str, *, expected: bool, note: str | None = None) -> None:
        """Say of a finding whether it is expected; stays when its detector runs again."""
        now = time.time_ns()
        self._write(commands.mark(finding_id=finding_id, expected=expected, note=note, marked_at=now))

    def close_period(self, period: str) -> None:
        """Close a month, as 2026-10, and all before it: what arrives for them now is the first open month's."""
        self._write(commands.close_period(period=period, closed_at=time.time_ns()))

    def reprice(self, since: datetime) -> None:
        """Price all calls since then again, but those of closed months; they can be read on return."""
        self._write(commands.reprice(since=int(since.timestamp()) * 10**9))

    def close(self) -> None:
        """Nothing is held between questions; here for `with`."""

    def _write(self, command: bytes) -> None:
        """Have *command* carried out by whoever owns the database; its effect can be read on return."""

        def ask(client: Client) -> None:
            if not client.wait_loaded(client.command(command), VISIBLE_SECONDS):
                raise BurnError(
                    f"The collector has it, but did not load it within {VISIBLE_SECONDS:g} s. "
                    "It appears once it has caught up; collector.log beside the database may say more."
                )

        self._ask(ask, lambda: self._write_offline(command))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, collector: Callable[[Client], T], file: Callable[[], T]) -> T:
        """Ask whoever has the database; once more when that has changed meanwhile."""
        asked_at = time.monotonic()
        try:
            return file() if self._client is None else collector(self._client)
        except StoppedError:
            raise
        except (CollectorGoneError, BurnError) as error:
            if isinstance(error, CollectorGoneError) and time.monotonic() - asked_at > GRACE_SECONDS:
                raise BurnError(ENDED) from error  # asked once more, it might end again
            running = find_collector(self.db)
            before = self._client.running if self._client else None
            if running == before and not isinstance(error, CollectorGoneError):
                raise
            self._client = Client(running) if running else None
        try:
            return file() if self._client is None else collector(self._client)
        except CollectorGoneError as error:
            raise BurnError(
                f"The collector of {self.db} does not answer at {error}. "
                "Look into collector.log beside the database, or start it again: otel-burn collector"
            ) from error

    def _query_file(
        self,
        sql: str,
        params: Mapping[str, object],
        *,
        first: int | None = None,
        stopper: Stopper | None = None,
    ) -> pa.Table:
        # Opened per question: an open file would keep any collector from starting.
        con = self._held or open_reading(self.db)
        started: list[Query] = []

        def end() -> None:
            for query in started:
                query.interrupt()

        try:
            with (
                (stopper or Stopper()).ends(end),
                Query(con, sql, params, first=first, on_start=started.append) as query,
            ):
                return query.table()
        finally:
            if con is not self._held:
                con.close()

    def _journal_waits(self) -> bool:
        if self._query_file("SELECT 1 FROM store.pending LIMIT 1", {}).num_rows:
            return True
        rows = self._query_file('SELECT segment, "offset" FROM journal.position', {}).to_pylist()
        position = Position(rows[0]["segment"], rows[0]["offset"]) if rows else Position(0, 0)
        reader = JournalReader(journal_folder(self.db), position)
        while found := reader.read():
            if any(isinstance(item, Record) for item in found):
                return True
        return False

    def _write_offline(self, command: bytes) -> None:
        with Offline(self.db) as offline:
            offline.put(Kind.COMMAND, Encoding.JSON, command)

    def _sentence(self, as_of: datetime | None, waiting: bool) -> str:
        through = "the collector" if self.via == "collector" else "the file, no collector runs"
        said = f"As of {as_of:%Y-%m-%d %H:%M:%S} UTC" if as_of else "Nothing has been received yet"
        if not waiting:
            return f"{said} ({through})."
        remedy = "it is being loaded" if self.via == "collector" else "start `otel-burn collector` to load it"
        return f"{said} ({through}); newer telemetry waits in the journal: {remedy}."
