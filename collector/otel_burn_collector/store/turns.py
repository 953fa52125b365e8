"""Who may ask now, who waits, and who is told to come again?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

RUNNING = 4
"""Queries at a time; on two cores more only take memory from each other."""
WAITING = 32
PATIENCE = 30.0
"""Seconds that a query waits for its turn."""
RETRY_SECONDS = "2"


class BusyError(Exception):
    """There is no turn now; trying again can help."""


class Turns:
    """Lets a few queries run and a few more wait."""

    def __init__(self, *, running: int = RUNNING, waiting: int = WAITING, patience: float = PATIENCE) -> None:
        self._places = asyncio.Semaphore(running)
        self._most_waiting = waiting
        self._patience = patience
        self.running = 0
        self.waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn within a `with`; `BusyError` when too many wait, or it does not come in time."""
        await self._wait()
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._places.release()

    async def _wait(self) -> None:
        if self._places.locked() and self.waiting >= self._most_waiting:
            raise BusyError(f"{self.running} queries are running and {self.waiting} wait. Try again soon.")
        self.waiting += 1
        try:
            await asyncio.wait_for(self._places.acquire(), self._patience)
        except TimeoutError as error:
            raise BusyError(
                f"{self.running} queries are running, and none ended within {self._patience:g} s. Try again soon."
            ) from error
        finally:
            self.waiting -= 1
