"""How does the journal become rows, each request once? Rows and position in one transaction."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from otel_burn_collector import ledger
from otel_burn_collector.decode import decode
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Damage, Position, Record
from otel_burn_collector.store import commands, progress
from otel_burn_collector.store.database import staging_of
from otel_burn_collector.store.faults import is_fatal
from otel_burn_collector.store.folding import Folding
from otel_burn_collector.store.preparing import Prepared, Preparing, discard, prepare
from otel_burn_collector.store.settling import Settling, transaction

MOST_LOG = 16 << 20
"""What is not in the file yet, DuckDB keeps in memory whatever its limit: 500 MB for the calls of 16 MB of requests."""

log = logging.getLogger(__name__)

SetAside = Callable[[Damage], Damage]


class Loading:
    """The journal on its way into one database."""

    def __init__(self, con: duckdb.DuckDBPyConnection, reader: JournalReader) -> None:
        self._con = con
        self._staging = staging_folder(con)
        self._preparing = Preparing(reader, self._staging)
        self._settling = Settling(con)
        self._killed = not self._settling.is_done
        self._position = self.position = reader.position
        """Everything before it is loaded, and its calls are derived."""

    def load_next(self) -> int:
        """Load the next batch that the journal has, and derive calls if it is time; returns how many records it was."""
        found = self._preparing.take()
        for batch in found.batches:
            if batch.is_command:  # it meets the calls of what was acknowledged before it
                self._settling.look()
                self._settling.step(more_comes=False)
            try:
                self._load_or_isolate(batch)
            finally:
                discard(batch)
        self._position = found.position
        if found.batches:
            self._settling.look()
        self._settling.step(more_comes=bool(found.batches))
        if self._settling.is_done:
            self.position, self._killed = self._position, False
        return sum(len(batch.items) for batch in found.batches)

    @property
    def visible(self) -> Position:
        """Everything before it can be queried: nothing yet, where a kill left calls to be derived."""
        return Position(0, 0) if self._killed and not self.is_settled else self.position

    @property
    def is_settled(self) -> bool:
        """Whether no calls wait to be derived."""
        return self._settling.is_done

    def rewind(self) -> None:
        """Go on from where the database is, after a failure that left it as it was."""
        self._preparing.rewind(progress.read_progress(self._con).position)
        self._settling.look()

    def close(self) -> None:
        """End the thread that reads ahead."""
        self._preparing.close()

    def _load_or_isolate(self, batch: Prepared) -> None:
        set_aside = self._preparing.set_aside
        try:
            self._load(batch, [set_aside(item) for item in batch.items if isinstance(item, Damage)])
        except Exception as error:
            if is_fatal(error):
                raise
            # One record that no code expects must not hold up all that come after it.
            if len(batch.items) > 1:
                for item in batch.items:
                    self._load_or_isolate(prepare([item], self._staging))
                return
            (item,) = batch.items
            if isinstance(item, Damage):
                raise
            log.exception("Record %s of the journal makes no rows", item.start)
            reason = f"it makes no rows: {type(error).__name__}: {error}"
            damage = Damage(item.start, item.end, reason)
            self._load(Prepared([damage]), [set_aside(damage)])

    def _load(self, batch: Prepared, damages: Sequence[Damage]) -> None:
        con = self._con
        records = [item for item in batch.items if isinstance(item, Record)]
        with transaction(con):
            self._write(batch, records)
            progress.write_damage(con, damages)
            newest = max((record.received_at for record in records), default=None)
            progress.write_position(con, batch.items[-1].end, newest)
        for damage in damages:
            log.error(
                "Journal segment %d, offset %d: %s. Kept in: %s", *damage.start, damage.reason, damage.kept_in
            )

    def _write(self, batch: Prepared, records: Sequence[Record]) -> None:
        """What *records* command, or those of their bodies that were not loaded before."""
        con = self._con
        if batch.is_command:
            for record in records:
                commands.execute(con, record)
            return
        known = progress.known_bodies(con, list(batch.bodies)) if batch.bodies else set()
        new = {key: record for key, record in batch.bodies.items() if key not in known}
        if new:
            progress.write_bodies(con, list(new))
        if batch.tables is not None and not known:
            ledger.receive(con, batch.tables)
        elif new:
            ledger.receive(con, ledger.incoming(decode(list(new.values()))))


def load_all(
    con: duckdb.DuckDBPyConnection,
    reader: JournalReader,
    loaded: Callable[[Position], None] = lambda _position: None,
) -> None:
    """Load everything that the journal has, folding the log in where there is much; *loaded* hears how far it is."""
    folding = Folding(con, _path(con))
    loading = Loading(con, reader)
    try:
        while loading.load_next():
            loaded(loading.position)
            pa.default_memory_pool().release_unused()
            if folding.log_bytes > MOST_LOG:
                folding.fold()
    finally:
        loading.close()


def staging_folder(con: duckdb.DuckDBPyConnection) -> Path:
    """Where batches are put down for *con*'s database."""
    return staging_of(_path(con))


def _path(con: duckdb.DuckDBPyConnection) -> Path:
    ((path,),) = con.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    return Path(path)
