"""Where do imported requests go? To the collector that owns the database, else into its journal from here."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from otel_burn.errors import BurnError
from otel_burn_collector.backlog import Backlog, Progress
from otel_burn_collector.client import Client, CollectorGoneError
from otel_burn_collector.discovery import find_collector
from otel_burn_collector.journal.records import Encoding, Kind, Position
from otel_burn_collector.offline import Offline
from otel_burn_collector.otlp.signals import BY_KIND

KNOWN = """
    SELECT replace(hash::VARCHAR, '-', '') AS hash FROM journal.bodies
    WHERE hash IN (SELECT unnest($hashes)::UUID)
"""
LOAD_SECONDS = 300.0


class Door(Protocol):
    """Where imported requests go."""

    def known(self, hashes: list[str]) -> set[str]:
        """Those of *hashes* that are loaded already."""

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer to one SELECT, from what was loaded before."""

    def put(self, kind: Kind, encoding: Encoding, payload: bytes) -> None:
        """Have a request, or a command, on disk when this returns."""


class CollectorDoor:
    """Hands requests to a running collector."""

    def __init__(self, client: Client, loading: Progress) -> None:
        self._client = client
        self._backlog = Backlog(loading)
        self.end = Position(0, 0)

    def known(self, hashes: list[str]) -> set[str]:
        """Those of *hashes* that are loaded already."""
        return set(self._client.query(KNOWN, {"hashes": hashes})["hash"].to_pylist())

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer to one SELECT, from what was loaded before."""
        found: list[dict[str, Any]] = self._client.query(sql, {}).to_pylist()
        return found

    def put(self, kind: Kind, encoding: Encoding, payload: bytes) -> None:
        """Have a request, or a command, on disk when this returns."""
        if kind is Kind.COMMAND:
            self.end = self._client.command(payload)
        else:
            self.end = self._client.import_body(BY_KIND[kind], encoding, payload)
        self._backlog.put(self.end, len(payload))

    def wait(self) -> None:
        """Return once everything is loaded; give up where loading stands still."""
        before = None
        while not self._client.wait_loaded(self.end, LOAD_SECONDS, self._backlog.loaded):
            now = self._client.loaded()
            if now == before:
                raise BurnError(
                    f"The collector has everything, but loaded none of it for {LOAD_SECONDS:g} s. It appears later."
                )
            before = now


@contextmanager
def door_of(db: Path, loading: Progress) -> Iterator[Door]:
    """The door to *db*; what went through it is loaded when the `with` ends, and *loading* hears how far that is."""
    running = find_collector(db)
    if running is None:
        with Offline(db, loading) as offline:
            yield offline
        return
    door = CollectorDoor(Client(running), loading)
    try:
        yield door
    except CollectorGoneError as error:
        raise BurnError(
            f"The collector of {db} ended in the middle of the import. Import again: what landed counts once."
        ) from error
    door.wait()
