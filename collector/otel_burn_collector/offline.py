"""How is something written while no collector runs? The lock is taken and the collector's own code runs here."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from otel_burn_collector.backlog import Backlog, Progress, unseen
from otel_burn_collector.discovery import announced
from otel_burn_collector.journal.patient import PatientReader
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.journal.writer import JournalWriter
from otel_burn_collector.keeping import Keeping
from otel_burn_collector.ledger.forgetting import forget
from otel_burn_collector.settings import data_dir_of
from otel_burn_collector.store import erasing, recovery
from otel_burn_collector.store.backups import Backup
from otel_burn_collector.store.faults import is_damage
from otel_burn_collector.store.loading import load_all
from otel_burn_collector.store.progress import known_bodies, read_progress
from otel_burn_collector.store.retaining import retain_all
from otel_burn_collector.store.upkeep import Upkeep


def journal_folder(db: Path) -> Path:
    """Where the journal of *db* is: where its last collector said, else beside it."""
    last = announced(db)
    return (last.data_dir if last else data_dir_of(db)) / "journal"


class Offline:
    """The database and its journal in this process alone, until it is closed."""

    def __init__(self, db: Path, loading: Progress = unseen) -> None:
        self._db = db
        self._backlog = Backlog(loading)
        self._folder = journal_folder(db)
        self._con = recovery.open_or_recover(db, self._folder.parent, self._folder)
        try:
            self._position = read_progress(self._con).position
            self._journal = JournalWriter(self._folder, after=self._position.segment)
            self._reader = PatientReader(self._folder, self._position)
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="loader")
            self._loading: Future[None] | None = None
            self._loaded = False
        except BaseException:
            self._con.close()
            raise

    def known(self, hashes: list[str]) -> set[str]:
        """Those of *hashes* that are loaded already."""
        return known_bodies(self._con, hashes)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer to one SELECT, from what was loaded before."""
        found: list[dict[str, Any]] = self._con.sql(sql).to_arrow_table().to_pylist()
        return found

    def put(self, kind: Kind, encoding: Encoding, payload: bytes) -> None:
        """Journal *payload*; it is on disk when this returns, and loaded when there is enough of it."""
        self._backlog.put(self._journal.append(kind, encoding, payload).result(), len(payload))
        self._reader.put(len(payload))
        if self._loading is None:
            self._loading = self._thread.submit(self._load_beside, self._con.cursor())

    def load(self) -> None:
        """Load what is journalled; nothing can be put any more."""
        self._journal.close()
        self._loaded = True
        self._backlog.loaded(self._position)
        self._reader.end()
        try:
            if self._loading is None:
                self._load(self._con, self._reader)
            else:
                self._loading.result()
        except duckdb.Error as error:
            if not is_damage(error):
                raise
            self._con.close()
            recovery.suspect(self._folder.parent, str(error))
            self._con = recovery.open_or_recover(self._db, self._folder.parent, self._folder)
            self._load(self._con, JournalReader(self._folder, read_progress(self._con).position))

    def _load_beside(self, con: duckdb.DuckDBPyConnection) -> None:
        with con:  # while it is open, so is the database, which may have to be put aside
            self._load(con, self._reader)

    def _load(self, con: duckdb.DuckDBPyConnection, reader: JournalReader) -> None:
        load_all(con, reader, self._backlog.loaded)

    def back_up(self, target: Path | None) -> Backup:
        """A verified copy of the database with everything that is journalled."""
        self.load()
        return Upkeep(self._con, self._db, self._folder, Keeping(), alone=True).back_up(target)

    def forget(self, field: str, value: str) -> tuple[Mapping[str, int], int]:
        """Delete what is *value*'s from the tables; returns how much, and the last segment that may hold it.

        Then `close`, and see to the copies.
        """
        self.load()
        self._con.begin()
        found = forget(self._con, field, value)
        erasing.finish(self._con)
        self._con.commit()
        self._con.execute("CHECKPOINT")
        return found, read_progress(self._con).position.segment

    def retain(self, command: bytes) -> None:
        """Carry out a `retain` command to its end."""
        self.put(Kind.COMMAND, Encoding.JSON, command)
        self.load()
        retain_all(self._con)

    def summary(self) -> tuple[int, list[str]]:
        """How many spans there are, and which parts of the journal were missing when they were loaded."""
        ((spans,),) = self._con.execute("SELECT count(*) FROM spans").fetchall()
        rows = self._con.execute(
            "SELECT 'journal segment ' || segment || ': ' || reason FROM journal.damage "
            'WHERE (segment, "offset") >= ($segment, $offset) ORDER BY segment, "offset"',
            {"segment": self._position.segment, "offset": self._position.offset},
        ).fetchall()
        return spans, [row[0] for row in rows]

    def close(self) -> None:
        """Load what is journalled, and let go of the database."""
        try:
            if not self._loaded:
                self.load()
        finally:
            self._thread.shutdown()
            self._con.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
