"""What does the store do for what it keeps, besides loading? Fold in, archive, back up: between two batches."""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import duckdb

from otel_burn.errors import BurnError
from otel_burn_collector.journal import archive, segments
from otel_burn_collector.keeping import Keeping
from otel_burn_collector.store import backups
from otel_burn_collector.store.archiving import drop_covered
from otel_burn_collector.store.backups import Backup
from otel_burn_collector.store.folding import Folding
from otel_burn_collector.store.retaining import Retaining

LOOK_SECONDS = 30.0
"""Between looks at whether a backup is due or a segment can go."""
PATIENCE = 60.0
"""Seconds for a checkpoint that readers prevent, when somebody waits for a backup."""
MAX_PLAIN = 32
"""Loaded segments that wait for a quiet moment to be compressed, 2 GiB: it takes 9 µs of CPU a span."""

log = logging.getLogger(__name__)
T = TypeVar("T")


class Upkeep:
    """Works for one loader: `step` between batches in its thread, what takes long in one of its own."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        db: Path,
        journal: Path,
        keeping: Keeping,
        *,
        alone: bool = False,
    ) -> None:
        """*alone*: there is no loader, and whoever calls is the one writer."""
        self._con = con
        self._db = db
        self._journal = journal
        self._folder = backups.folder_of(journal.parent)
        self._keeping = keeping
        self._alone = alone
        self._asked: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self._look_at = time.monotonic() + LOOK_SECONDS
        self._busy: threading.Thread | None = None
        self.folding = Folding(con, db)
        self.retaining = Retaining(con, keeping)

    def step(self, worked: bool, *, settled: bool = True) -> None:
        """Do what is due, without keeping the next batch waiting for long; purge only when all is *settled*."""
        self._answer()
        went = settled and self.retaining.step()
        self.folding.step(worked or went)
        if self._busy is not None and self._busy.is_alive():
            return
        if loaded := self._compressible(worked):
            self._start(lambda: self._compress(loaded))
        elif time.monotonic() > self._look_at:
            self._look_at = time.monotonic() + LOOK_SECONDS
            self._start(self._look)

    def back_up(self, target: Path | None = None) -> Backup:
        """A verified copy of the database as it is now, from any thread, while loading goes on."""
        deadline = time.monotonic() + PATIENCE
        while (expected := self._between(self._hold)) is None:
            if time.monotonic() > deadline:
                raise BurnError(
                    f"A checkpoint was not possible for {PATIENCE:g} s (a long query, another backup, or a full disk). "
                    "Try again when that has ended."
                )
            time.sleep(0.2)
        try:
            backup = backups.make(self._db, target or backups.new_path(self._folder), expected)
        finally:
            self.folding.copying.release()
        log.info("backed up to %s", backup.sentence)
        if target is None:
            for old in backups.listed(self._folder)[self._keeping.keep_backups :]:
                backups.remove(old)
        return backup

    def _hold(self) -> backups.Contents | None:
        return backups.contents(self._con) if self.folding.hold() else None

    def _between(self, work: Callable[[], T]) -> T:
        """The result of *work*, done in the loader's thread between two batches."""
        if self._alone:
            return work()
        asked: Future[T] = Future()
        self._asked.put((work, asked))
        return asked.result(PATIENCE * 2)

    def _answer(self) -> None:
        while True:
            try:
                work, asked = self._asked.get_nowait()
            except Empty:
                return
            try:
                asked.set_result(work())
            except BaseException as error:  # noqa: BLE001 - whoever asked hears of it
                asked.set_exception(error)

    def _start(self, work: Callable[[], None]) -> None:
        # A daemon: whatever it leaves half done is not counted, and made anew.
        self._busy = threading.Thread(target=_logged(work), name="upkeep", daemon=True)
        self._busy.start()

    def _compressible(self, worked: bool) -> list[int]:
        before = self.folding.checkpointed.segment
        loaded = [number for number in segments.plain(self._journal) if number < before]
        return loaded if len(loaded) > MAX_PLAIN or not worked else []

    def _compress(self, numbers: list[int]) -> None:
        for number in numbers:
            archive.compress(self._journal, number)

    def _look(self) -> None:
        if self._due():
            self.back_up()
        drop_covered(self._journal, backups.listed(self._folder), self._keeping)

    def _due(self) -> bool:
        """Whether a backup is wanted: the last one is old, and something has come since."""
        if not self._keeping.backup_hours:
            return False
        made = backups.listed(self._folder)
        if made and made[0].contents.position == self.folding.checkpointed:
            return False
        since = made[0].made_at if made else self._oldest()
        # A clock that was set back must not put backups off for ever.
        return since is not None and abs(datetime.now(UTC) - since) > timedelta(
            hours=self._keeping.backup_hours
        )

    def _oldest(self) -> datetime | None:
        for number in segments.numbers(self._journal):
            for path in (segments.path(self._journal, number), segments.archived(self._journal, number)):
                if path.exists():
                    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return None


def _logged(work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        except (BurnError, OSError, duckdb.Error) as error:
            log.error("%s", error)

    return run
