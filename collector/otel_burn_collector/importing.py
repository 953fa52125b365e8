"""How do OTLP files get into the ledger? Recognised, then through the same door as everything else."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from otel_burn.errors import BurnError
from otel_burn_collector.client import Client, CollectorGoneError
from otel_burn_collector.discovery import find_collector
from otel_burn_collector.journal.records import Encoding, Kind, Position
from otel_burn_collector.offline import Offline
from otel_burn_collector.otlp.signals import BY_KIND
from otel_burn_collector.recognition import MAX_FILE_BYTES, NotOtlpError, bodies_in
from otel_burn_collector.store.progress import body_hash

KNOWN = """
    SELECT replace(hash::VARCHAR, '-', '') AS hash FROM journal.bodies
    WHERE hash IN (SELECT unnest($hashes)::UUID)
"""
LOAD_SECONDS = 300.0


@dataclass
class Imported:
    """What an import found and did."""

    files: int = 0
    """Files of which something landed, now or before."""
    items: Counter[str] = field(default_factory=Counter)
    """What is new, by the name of what it is."""
    requests: int = 0
    known: int = 0
    skipped: list[tuple[Path, str]] = field(default_factory=list)


class Door(Protocol):
    """Where imported requests go."""

    def known(self, hashes: list[str]) -> set[str]:
        """Those of *hashes* that are loaded already."""

    def put(self, kind: Kind, encoding: Encoding, payload: bytes) -> None:
        """Have a request on disk when this returns."""


class CollectorDoor:
    """Hands requests to a running collector."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.end = Position(0, 0)

    def known(self, hashes: list[str]) -> set[str]:
        """Those of *hashes* that are loaded already."""
        return set(self._client.query(KNOWN, {"hashes": hashes})["hash"].to_pylist())

    def put(self, kind: Kind, encoding: Encoding, payload: bytes) -> None:
        """Have a request on disk when this returns."""
        self.end = self._client.import_body(BY_KIND[kind], encoding, payload)


def import_paths(db: Path, paths: Sequence[Path]) -> Imported:
    """Import the files at *paths* and below; importing again changes nothing."""
    for path in paths:
        if not path.exists():
            raise BurnError(f"There is nothing at {path}. Name an OTLP file or a folder with some.")
    imported = Imported()
    files = list(_files(paths))  # before anything is written: the database may be in the same folder
    with _door(db) as door:
        for file in files:
            _import_file(door, file, imported)
    return imported


@contextmanager
def _door(db: Path) -> Iterator[Door]:
    running = find_collector(db)
    if running is None:
        with Offline(db) as offline:
            yield offline
        return
    client = Client(running)
    door = CollectorDoor(client)
    try:
        yield door
    except CollectorGoneError as error:
        raise BurnError(
            f"The collector of {db} ended in the middle of the import. Import again: what landed counts once."
        ) from error
    if not client.wait_loaded(door.end, LOAD_SECONDS):
        raise BurnError(
            f"The collector has everything, but did not load it within {LOAD_SECONDS:g} s. It appears later."
        )


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file())
        else:
            yield path


def _import_file(door: Door, file: Path, imported: Imported) -> None:
    try:
        found, others = bodies_in(file.name, _content(file))
    except NotOtlpError as error:
        found, others = [], [error]
    except OSError as error:
        found, others = [], [NotOtlpError(f"it cannot be read ({error.strerror})")]
    imported.skipped += [(file, str(one)) for one in others]
    bodies = {body_hash(one.signal.kind, one.data): one for one in found}
    known = door.known(list(bodies)) if bodies else set()
    for key, body in bodies.items():
        if key not in known:
            door.put(body.signal.kind, body.encoding, body.data)
            imported.requests += 1
            imported.items[body.signal.items] += body.items
    imported.known += len(known)
    imported.files += bool(bodies)


def _content(file: Path) -> bytes:
    if file.stat().st_size > MAX_FILE_BYTES:
        raise NotOtlpError("it is larger than 1 GiB")
    return file.read_bytes()
