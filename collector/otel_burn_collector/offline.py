"""How is something written while no collector runs? The lock is taken and the collector's own code runs here."""

from pathlib import Path
from types import TracebackType
from typing import Self

from otel_burn_collector.discovery import announced
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.journal.writer import JournalWriter
from otel_burn_collector.settings import data_dir_of
from otel_burn_collector.store.database import open_store
from otel_burn_collector.store.loading import load_all
from otel_burn_collector.store.progress import known_bodies, read_progress


def journal_folder(db: Path) -> Path:
    """Where the journal of *db* is: where its last collector said, else beside it."""
    last = announced(db)
    return (last.data_dir if last else data_dir_of(db)) / "journal"


class Offline:
    """The database and its journal in this process alone, until it is closed."""

    def __init__(self, db: Path) -> None:
        self._con = open_store(db)
        try:
            self._folder = journal_folder(db)
            self._position = read_progress(self._con).position
            self._journal = JournalWriter(self._folder, after=self._position.segment)
        except BaseException:
            self._con.close()
            raise

    def known(self, hashes: list[str]) -> set[str]:
        """Those of *hashes* that are loaded already."""
        return known_bodies(self._con, hashes)

    def put(self, kind: Kind, encoding: Encoding, payload: bytes) -> None:
        """Journal *payload*; it is on disk when this returns."""
        self._journal.append(kind, encoding, payload).result()

    def close(self) -> None:
        """Load what is journalled, and let go of the database."""
        try:
            self._journal.close()
            load_all(self._con, JournalReader(self._folder, self._position))
        finally:
            self._con.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
