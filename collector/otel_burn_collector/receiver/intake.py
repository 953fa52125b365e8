"""What happens to a body between the socket and the acknowledgement? Unpacked, parsed, journalled."""

import asyncio
from dataclasses import dataclass

from google.protobuf.message import Message
from starlette.concurrency import run_in_threadpool

from otel_burn_collector.journal.records import Encoding, Kind, Position
from otel_burn_collector.journal.writer import JournalBusyError, JournalWriter
from otel_burn_collector.otlp import bodies
from otel_burn_collector.otlp.signals import Signal
from otel_burn_collector.receiver.answers import RefusedError

LARGE_BYTES = 64 << 10
"""Bodies over it are parsed in a thread: on the event loop they would hold up everyone for milliseconds."""
RETRY_SECONDS = "1"
"""Stock exporters give up after ten seconds altogether: a longer wait would lose the batch."""


@dataclass(frozen=True)
class Taken:
    """A request that is on disk, and how many of its items cannot be kept."""

    position: Position
    rejected: int


class Intake:
    """Takes bodies into one journal."""

    def __init__(self, journal: JournalWriter) -> None:
        self._journal = journal

    @property
    def end(self) -> Position:
        """Everything acknowledged lies before it."""
        return self._journal.end

    async def take(self, signal: Signal, body: bytes, encoding: Encoding) -> Taken:
        """Journal *body* once it is known to be a request of *signal*; `RefusedError` when it is none."""
        if encoding != Encoding.PLAIN or len(body) > LARGE_BYTES:
            rejected = await run_in_threadpool(check, signal, body, encoding)
        else:
            rejected = check(signal, body, encoding)
        if rejected is None:
            return Taken(self.end, 0)
        return Taken(await self.record(signal.kind, encoding, body), rejected)

    async def record(self, kind: Kind, encoding: Encoding, payload: bytes) -> Position:
        """Put *payload* on disk; `RefusedError` when the disk does not take it now."""
        try:
            return await asyncio.wrap_future(self._journal.append(kind, encoding, payload))
        except JournalBusyError as error:
            raise RefusedError(503, str(error), {"retry-after": RETRY_SECONDS}) from error

    def take_blocking(self, signal: Signal, body: bytes) -> None:
        """The same for a protobuf body, from a thread; raises whatever stands in the way."""
        if check(signal, body, Encoding.PLAIN) is not None:
            self._journal.append(signal.kind, Encoding.PLAIN, body).result()


def check(signal: Signal, body: bytes, encoding: Encoding) -> int | None:
    """How many items of *body* cannot be kept; `None` when there is nothing in it at all."""
    try:
        request: Message = bodies.parse(signal, bodies.unpack(body, encoding), encoding)
    except bodies.TooLargeError as error:
        raise RefusedError(413, str(error)) from error
    except ValueError as error:
        raise RefusedError(400, f"This is no OTLP: {error}.") from error
    return signal.rejects(request) if request.ByteSize() else None
