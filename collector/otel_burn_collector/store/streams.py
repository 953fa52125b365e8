"""How do chunks that a thread makes reach an event loop, at the pace of whoever reads them?"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor

AHEAD = 2
"""Chunks that the thread may be ahead of its reader."""


class Stream:
    """What *make* yields in a thread of *executor*, as an asynchronous iterator; `leave` it in any case."""

    def __init__(self, executor: Executor, make: Callable[[], Iterator[bytes]]) -> None:
        self._loop = asyncio.get_running_loop()
        self._made: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
        self._room = threading.Semaphore(AHEAD)
        self._left = False
        self._ended = self._loop.run_in_executor(executor, self._run, make)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The chunks; raises what making them raised."""
        while (item := await self._made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
            self._room.release()

    async def leave(self) -> None:
        """Nobody takes any more: returns when the thread has ended."""
        self._left = True
        self._room.release()
        await asyncio.shield(self._ended)

    def _run(self, make: Callable[[], Iterator[bytes]]) -> None:
        chunks = make()
        try:
            for chunk in chunks:
                self._hand_over(chunk)
                self._room.acquire()
                if self._left:
                    return
            self._hand_over(None)
        except Exception as error:  # noqa: BLE001 - raised again where the chunks are taken
            self._hand_over(error)
        finally:
            _close(chunks)

    def _hand_over(self, item: bytes | BaseException | None) -> None:
        self._loop.call_soon_threadsafe(self._made.put_nowait, item)


def _close(chunks: Iterator[bytes]) -> None:
    close = getattr(chunks, "close", None)
    if close is not None:
        close()
