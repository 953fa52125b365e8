"""What happens to a body between the socket and the acknowledgement? Unpacked, parsed, journalled."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from otel_burn_collector.journal.records import Encoding, Kind, Position
from otel_burn_collector.journal.writer import JournalBusyError, JournalWriter
from otel_burn_collector.otlp.bodies import TooLargeError, unpack
from otel_burn_collector.otlp.checking import rejected_items
from otel_burn_collector.otlp.signals import Signal
from otel_burn_collector.receiver.answers import RefusedError
from otel_burn_collector.receiver.budget import Budget, Claim
from otel_burn_collector.receiver.checking import LargeBodies
from otel_burn_collector.settings import MAX_REQUEST_BYTES

LARGE_BYTES = 64 << 10
"""Bodies over it are parsed in a thread: on the event loop they would hold up everyone for milliseconds."""
HUGE_BYTES = 4 << 20
"""Unpacked, some thousand spans. What hides in larger ones is looked at by another process."""
CHECKERS = 2
"""Bodies that are unpacked at once, and threads that do so: memory is bounded by them."""
REQUESTS_AT_ONCE = 2
"""Of the largest size: so many may be on their way to the disk together."""


@dataclass(frozen=True)
class Taken:
    """A request that is on disk, and how many of its items cannot be kept."""

    position: Position
    rejected: int


class Intake:
    """Takes bodies into one journal."""

    def __init__(self, journal: JournalWriter, limit: int = MAX_REQUEST_BYTES) -> None:
        """Take bodies of at most *limit* bytes, before and after decompression."""
        self.limit = limit
        self._journal = journal
        self._budget = Budget(limit * REQUESTS_AT_ONCE)
        self._asked_at = time.monotonic()
        self._unpacked = Budget(limit * REQUESTS_AT_ONCE)
        self._unpacking = asyncio.Semaphore(CHECKERS)
        self._huge = LargeBodies()
        self._checkers = ThreadPoolExecutor(CHECKERS, thread_name_prefix="check")

    @property
    def end(self) -> Position:
        """Everything acknowledged lies before it."""
        return self._journal.end

    def refusal(self) -> str | None:
        """Why nothing can be taken in now; `None` while it can."""
        return self._journal.refusal()

    def claim(self) -> Claim:
        """What one request takes of the bytes that may be on their way; to be held until it is answered."""
        self._asked_at = time.monotonic()
        return self._budget.claim()

    @property
    def in_flight(self) -> int:
        """Bytes of requests that are not answered yet."""
        return self._budget.used

    @property
    def idle_for(self) -> float:
        """Seconds since anyone sent anything."""
        return time.monotonic() - self._asked_at

    async def take(self, signal: Signal, body: bytes, encoding: Encoding) -> Taken:
        """Journal *body* once it is known to be a request of *signal*; `RefusedError` when it is none."""
        with refusing():
            rejected = await self._check(signal, body, encoding)
        if rejected is None:
            return Taken(self.end, 0)
        return Taken(await self.record(signal.kind, encoding, body), rejected)

    async def _check(self, signal: Signal, body: bytes, encoding: Encoding) -> int | None:
        if encoding == Encoding.PLAIN and len(body) <= LARGE_BYTES:
            return rejected_items(signal, body, encoding)
        loop = asyncio.get_running_loop()
        async with self._unpacking:
            unpacked = await loop.run_in_executor(self._checkers, unpack, body, encoding, self.limit)
            if len(unpacked) <= HUGE_BYTES:
                return await loop.run_in_executor(self._checkers, rejected_items, signal, unpacked, encoding)
        with self._unpacked.claim() as claim:
            claim.add(len(unpacked))
            return await self._huge.rejected_items(signal, unpacked, encoding)

    async def record(
        self, kind: Kind, encoding: Encoding, payload: bytes, *, ends_segment: bool = False
    ) -> Position:
        """Put *payload* on disk; `RefusedError` when the disk does not take it now."""
        try:
            # Shielded: a caller that gives up must not cancel what the journal's thread is about to fulfil.
            written = self._journal.append(kind, encoding, payload, ends_segment=ends_segment)
            return await asyncio.shield(asyncio.wrap_future(written))
        except JournalBusyError as error:
            raise RefusedError(503, str(error)) from error

    def take_blocking(self, signal: Signal, body: bytes) -> None:
        """The same for a protobuf body, from a thread; raises whatever stands in the way."""
        with refusing():
            rejected = rejected_items(signal, body, Encoding.PLAIN)
        if rejected is not None:
            self._journal.append(signal.kind, Encoding.PLAIN, body).result()


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what is wrong with a body into a refusal."""
    try:
        yield
    except TooLargeError as error:
        raise RefusedError(413, str(error)) from error
    except ValueError as error:
        raise RefusedError(400, f"This is no OTLP: {error}.") from error
