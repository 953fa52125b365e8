"""How does the journal become rows, each request once? Rows and position in one transaction."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import duckdb

from otel_burn_collector import ledger
from otel_burn_collector.decode import decode
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Damage, Encoding, Kind, Record
from otel_burn_collector.otlp.bodies import unpack
from otel_burn_collector.store import commands, progress
from otel_burn_collector.store.database import staging_of
from otel_burn_collector.store.faults import is_fatal

BATCH_BYTES = 16 << 20
"""Of requests in one transaction, read and unpacked: some ten thousand spans. Derived 512 at a time, a span costs
three times as much; a batch is only as large when loading lags, so that nobody waits longer for it."""
log = logging.getLogger(__name__)

SetAside = Callable[[Damage], Damage]


def load_next(con: duckdb.DuckDBPyConnection, reader: JournalReader) -> int:
    """Load the next batch that *reader* finds; returns how many records it was."""
    found = reader.read(BATCH_BYTES)
    for batch in _batches(found):
        _load_or_isolate(con, batch, reader.set_aside)
    return len(found)


def load_all(con: duckdb.DuckDBPyConnection, reader: JournalReader) -> None:
    """Load everything that the journal has."""
    while load_next(con, reader):
        pass


def _batches(found: Sequence[Record | Damage]) -> Iterator[list[Record | Damage]]:
    batch: list[Record | Damage] = []
    size = 0
    for item in found:
        batch.append(_unpacked(item))
        size += len(batch[-1].payload) if isinstance(batch[-1], Record) else 0
        if size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _unpacked(item: Record | Damage) -> Record | Damage:
    if isinstance(item, Damage):
        return item
    try:
        payload = unpack(item.payload, item.encoding)
    except Exception as error:  # noqa: BLE001 - whatever it holds, it must not stop the records after it
        return Damage(item.start, item.end, f"it cannot be unpacked: {error}")
    return replace(item, payload=payload, encoding=item.encoding & Encoding.JSON)


def _load_or_isolate(
    con: duckdb.DuckDBPyConnection, batch: Sequence[Record | Damage], set_aside: SetAside
) -> None:
    try:
        _load(con, [set_aside(item) if isinstance(item, Damage) else item for item in batch])
    except Exception as error:
        if is_fatal(error):
            raise
        # One record that no code expects must not hold up all that come after it.
        if len(batch) > 1:
            for item in batch:
                _load_or_isolate(con, [item], set_aside)
            return
        if isinstance(batch[0], Damage):
            raise
        log.exception("Record %s of the journal makes no rows", batch[0].start)
        reason = f"it makes no rows: {type(error).__name__}: {error}"
        _load(con, [set_aside(Damage(batch[0].start, batch[0].end, reason))])


def _load(con: duckdb.DuckDBPyConnection, batch: Sequence[Record | Damage]) -> None:
    records = [item for item in batch if isinstance(item, Record)]
    damages = [item for item in batch if isinstance(item, Damage)]
    con.begin()
    try:
        fresh = _fresh(con, records)
        for is_command, group in groupby(fresh, key=lambda record: record.kind is Kind.COMMAND):
            if is_command:
                for record in group:
                    commands.execute(con, record.payload)
            else:
                ledger.apply(con, decode(list(group)), staging_folder(con))
        progress.write_damage(con, damages)
        newest = max((record.received_at for record in records), default=None)
        progress.write_position(con, batch[-1].end, newest)
        con.commit()
    except BaseException:
        _roll_back(con)
        raise
    for damage in damages:
        log.error(
            "Journal segment %d, offset %d: %s. Kept in: %s", *damage.start, damage.reason, damage.kept_in
        )


def staging_folder(con: duckdb.DuckDBPyConnection) -> Path:
    """Where batches are put down for *con*'s database."""
    ((path,),) = con.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchall()
    return staging_of(Path(path))


def _fresh(con: duckdb.DuckDBPyConnection, records: Sequence[Record]) -> list[Record]:
    """The commands among *records*, and the bodies that were not loaded before."""
    first_with: dict[str, Record] = {}
    fresh = []
    for record in records:
        if record.kind is Kind.COMMAND:
            fresh.append(record)
        else:
            first_with.setdefault(progress.body_hash(record.kind, record.payload), record)
    known = progress.known_bodies(con, list(first_with)) if first_with else set()
    new = {key: record for key, record in first_with.items() if key not in known}
    if new:
        progress.write_bodies(con, list(new))
    return sorted([*fresh, *new.values()], key=lambda record: record.start)


def _roll_back(con: duckdb.DuckDBPyConnection) -> None:
    try:
        con.rollback()
    except duckdb.Error:
        log.debug("nothing to roll back", exc_info=True)
