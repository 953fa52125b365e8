"""What is made of the journal before DuckDB takes it? Batches, unpacked and decoded, the next one while this one loads.

A thread, not a process: DuckDB takes a batch without the interpreter's lock, which decoding needs about as long, so
two cores are busy either way; and what a killed process leaves behind is one less thing.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from otel_burn_collector import ledger
from otel_burn_collector.decode import decode
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Damage, Encoding, Kind, Position, Record
from otel_burn_collector.otlp.bodies import unpack
from otel_burn_collector.store import progress

BATCH_BYTES = 16 << 20
"""Of requests in one transaction, read and unpacked: some ten thousand spans. Derived 512 at a time, a span costs
three times as much; a batch is only as large when loading lags, so that nobody waits longer for it."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """Records that are loaded in one transaction, commands or bodies, and what was made of them already."""

    items: Sequence[Record | Damage]
    bodies: Mapping[str, Record] = field(default_factory=dict)
    """The first record with each body, by the body's hash."""
    tables: ledger.Incoming | None = None
    """The rows of all bodies; None where one of them makes no rows."""

    @property
    def is_command(self) -> bool:
        """Whether its records are commands."""
        return any(map(_is_command, self.items))

    @property
    def files(self) -> Sequence[Path]:
        """What was put down for it."""
        return [table for table in (self.tables or {}).values() if isinstance(table, Path)]


@dataclass(frozen=True)
class Found:
    """What the journal had, up to a position."""

    batches: Sequence[Prepared]
    position: Position


class Preparing:
    """Reads on in the journal, one step ahead of whoever loads what it finds."""

    def __init__(self, reader: JournalReader, staging: Path) -> None:
        self._reader = reader
        self._staging = staging
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="decoder")
        self._next: Future[Found] | None = None

    def take(self) -> Found:
        """What comes next; if that is anything, the step after it begins."""
        found = (self._next or self._pool.submit(self._find)).result()
        self._next = self._pool.submit(self._find) if found.batches else None
        return found

    def set_aside(self, damage: Damage) -> Damage:
        """*damage*, with its bytes kept."""
        return self._reader.set_aside(damage)

    def rewind(self, position: Position) -> None:
        """Go on from *position*; what was made of later records is forgotten."""
        if self._next is not None:
            with suppress(Exception):  # it is read again, and fails again where that matters
                for batch in self._next.result().batches:
                    discard(batch)
        self._next = None
        self._reader.rewind(position)

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)

    def _find(self) -> Found:
        batches = [prepare(items, self._staging) for items in _batches(self._reader.read(BATCH_BYTES))]
        return Found(batches, self._reader.position)


def prepare(items: Sequence[Record | Damage], staging: Path) -> Prepared:
    """*items* as they can be loaded."""
    bodies: dict[str, Record] = {}
    for item in items:
        if isinstance(item, Record) and not _is_command(item):
            bodies.setdefault(progress.body_hash(item.kind, item.payload), item)
    if not bodies:
        return Prepared(items, bodies)
    try:
        tables = ledger.incoming(decode(list(bodies.values())), staging)
    except Exception:
        log.debug("a batch is loaded record by record", exc_info=True)
        return Prepared(items, bodies)
    return Prepared(items, bodies, tables)


def discard(batch: Prepared) -> None:
    """Remove what was put down for *batch*."""
    for file in batch.files:
        file.unlink(missing_ok=True)


def _batches(found: Sequence[Record | Damage]) -> Iterator[list[Record | Damage]]:
    for _, alike in groupby(found, key=_is_command):
        batch: list[Record | Damage] = []
        size = 0
        for item in alike:
            batch.append(_unpacked(item))
            size += len(batch[-1].payload) if isinstance(batch[-1], Record) else 0
            if size >= BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch


def _is_command(item: Record | Damage) -> bool:
    return isinstance(item, Record) and item.kind is Kind.COMMAND


def _unpacked(item: Record | Damage) -> Record | Damage:
    if isinstance(item, Damage):
        return item
    try:
        payload = unpack(item.payload, item.encoding)
    except Exception as error:  # noqa: BLE001 - whatever it holds, it must not stop the records after it
        return Damage(item.start, item.end, f"it cannot be unpacked: {error}")
    return replace(item, payload=payload, encoding=item.encoding & Encoding.JSON)
