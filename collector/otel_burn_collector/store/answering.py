"""How is a question answered over HTTP? In its turn, streamed at its reader's pace, ended when the reader goes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from otel_burn_collector.store.queries import Limits, Query, QueryError, ipc_stream
from otel_burn_collector.store.streams import Stream
from otel_burn_collector.store.turns import RETRY_SECONDS, BusyError, Turns

ARROW = "application/vnd.apache.arrow.stream"
_START: dict[str, Any] = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", ARROW.encode())],
}
MARGIN = 1.0
"""Seconds after a query's own limit, which comes with a sentence: whoever reads rows too slowly is left without one."""


@dataclass(frozen=True)
class Question:
    """One SELECT, its parameters by name, and how many of its rows are wanted."""

    sql: str
    params: dict[str, object] = field(default_factory=dict)
    first: int | None = None


Open = Callable[[Question, Callable[[Query], None]], Query]


class Answer(Response):
    """The rows as an Arrow IPC stream, or why there are none as JSON."""

    def __init__(
        self,
        open_query: Open,
        question: Question,
        turns: Turns,
        threads: Executor,
        limits: Limits,
        on_end: Callable[[str, Exception | None], None],
    ) -> None:
        super().__init__()
        self._on_end = on_end
        self._open = open_query
        self._question = question
        self._turns = turns
        self._threads = threads
        self._limits = limits
        self._query: Query | None = None
        self._begun = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, unless the client goes before."""
        answer = asyncio.ensure_future(self._answer(scope, receive, send))
        gone = asyncio.ensure_future(_gone(receive))
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not answer.done():
            answer.cancel()
        with suppress(asyncio.CancelledError):
            await answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._turns.turn(), asyncio.timeout(self._limits.seconds + MARGIN):
                refusal = await self._stream(send)
        except BusyError as error:
            self._on_end("busy", None)
            refusal = JSONResponse({"error": str(error)}, 429, {"retry-after": RETRY_SECONDS})
        except TimeoutError:
            if self._begun:
                return  # it was broken off: whoever reads sees an answer without its end
            self._on_end("refused", None)  # it noticed too late that it was stopped to say so itself
            refusal = JSONResponse({"error": self._limits.too_long}, 400)
        if refusal is not None:
            await refusal(scope, receive, send)

    async def _stream(self, send: Send) -> Response | None:
        """Send the rows; returns what to say instead when there are none to send."""
        stream = Stream(self._threads, self._chunks)
        try:
            chunks = aiter(stream)
            try:
                # Most errors come before the first rows: they can still be told.
                head = await anext(chunks)
            except QueryError as error:
                self._on_end("refused", error)
                return JSONResponse({"error": str(error)}, 400)
            self._on_end("answered", None)
            self._begun = True
            await send(_START)
            await send(_body(head))
            with suppress(QueryError):  # no end of the body: that is how it can still be told
                await _send_all(chunks, send)
        finally:
            if self._query is not None and not self._query.closed:
                self._query.interrupt()
            await stream.leave()
        return None

    def _chunks(self) -> Iterator[bytes]:
        def started(query: Query) -> None:
            self._query = query

        yield from ipc_stream(self._open(self._question, started))


async def _send_all(chunks: AsyncIterator[bytes], send: Send) -> None:
    async for chunk in chunks:
        await send(_body(chunk))
    await send(_body(b"", more=False))


def _body(data: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
