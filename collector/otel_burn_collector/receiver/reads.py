"""How many gRPC messages may be read at once, and for how long? Few, and a slow one makes room for one that waits."""

import asyncio
from collections.abc import Awaitable, Callable

from otel_burn_collector.receiver.answers import RefusedError

READS = 16
"""gRPC's library holds a message, of the largest size at most, until it is complete: so many bound its memory."""
WAITING = 512
SECONDS = 20.0
"""For a message to arrive. Stock exporters wait ten seconds for their answer."""
HURRIED_SECONDS = 1.0
"""The same while another one waits: a message that was sent at once is read in milliseconds."""


class Reads:
    """Places for reading messages."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(READS)
        self._waiting = 0
        self._running: dict[asyncio.Timeout, float] = {}
        """What ends each read, and when it began; the oldest first."""

    async def run(self, read: Callable[[], Awaitable[bytes]]) -> bytes:
        """What *read* reads, once there is a place for it; `RefusedError` when that takes too long."""
        if self._waiting >= WAITING:
            raise RefusedError(503, "Too many requests arrive at once. Try again in a second.")
        if self._places.locked():
            self._hurry_one()
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            return await self._read(read)
        finally:
            self._places.release()

    async def _read(self, read: Callable[[], Awaitable[bytes]]) -> bytes:
        seconds = HURRIED_SECONDS if self._waiting else SECONDS
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                self._running[limit] = asyncio.get_running_loop().time()
                return await read()
        except TimeoutError as error:
            raise RefusedError(503, "The message did not arrive in time.") from error
        finally:
            self._running.pop(limit, None)

    def _hurry_one(self) -> None:
        """Let the longest of the unhurried reads end soon."""
        now = asyncio.get_running_loop().time()
        for limit, began in self._running.items():
            end = max(began + HURRIED_SECONDS, now)
            if (limit.when() or end) > end:
                limit.reschedule(end)
                return
