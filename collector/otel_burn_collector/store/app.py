"""What does the store answer over HTTP? SELECTs in Arrow, and how far it has loaded."""

import asyncio
import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from otel_burn.errors import BurnError
from otel_burn_collector import parameters
from otel_burn_collector.access import LoopbackNames, has_token
from otel_burn_collector.store import backups
from otel_burn_collector.store.backups import Backup
from otel_burn_collector.store.faults import is_damage
from otel_burn_collector.store.queries import Limits, Query, QueryError, ipc_stream

ARROW = "application/vnd.apache.arrow.stream"
CONCURRENT = 4
"""Queries at a time; on two cores more only take memory from each other."""
REQUEST_BYTES = 1 << 20
NO_TOKEN = "The bearer token is missing or wrong. It stands in collector.json beside the database."  # noqa: S105
LOOK_SECONDS = 0.5
"""Between looks at whether the client of a long query is still there."""


class Answers:
    """Answers requests from one database."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        token: str,
        status: Callable[[], dict[str, Any]],
        limits: Limits | None = None,
        back_up: Callable[[Path | None], Backup] | None = None,
        on_damage: Callable[[], None] = lambda: None,
    ) -> None:
        self._con = con
        self._token = token
        self._status = status
        self._limits = limits or Limits()
        self._free = threading.BoundedSemaphore(CONCURRENT)
        self._back_up = back_up
        self._on_damage = on_damage
        self.damage: str | None = None
        """What a query met that DuckDB did not write."""
        self._asked_at = time.monotonic()
        self._running: weakref.WeakSet[Query] = weakref.WeakSet()

    def interrupt(self) -> None:
        """Stop every query, as the store is about to end."""
        for query in list(self._running):
            query.interrupt()

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/sql", self.sql, methods=["POST"]),
            Route("/backup", self.backup, methods=["POST"]),
            Route("/status", self.status),
        ]
        return Starlette(routes=routes, middleware=[Middleware(LoopbackNames)])

    async def status(self, _: Request) -> Response:
        """How far the journal is loaded."""
        return JSONResponse(self._status() | {"idle_for": time.monotonic() - self._asked_at})

    async def backup(self, request: Request) -> Response:
        """Back the database up while loading goes on, and say where to."""
        self._asked_at = time.monotonic()
        if not has_token(request, self._token) or self._back_up is None:
            return _error(401, NO_TOKEN)
        try:
            path = json.loads(await request.body()).get("path")
            made = await run_in_threadpool(self._back_up, None if path is None else Path(path))
        except (ValueError, TypeError, AttributeError) as error:
            return _error(400, f"The request cannot be read: {error}.")
        except BurnError as error:
            return _error(400, str(error))
        return JSONResponse({"backup": backups.to_json(made)})

    async def sql(self, request: Request) -> Response:
        """Stream the answer to one SELECT."""
        self._asked_at = time.monotonic()
        if not has_token(request, self._token):
            return _error(401, NO_TOKEN)
        try:
            asked = _question(await request.body())
        except ValueError as error:
            return _error(400, f"The question cannot be read: {error}.")
        started: list[Query] = []
        answer = asyncio.ensure_future(run_in_threadpool(self._answer, started.append, **asked))
        while not (await asyncio.wait({answer}, timeout=LOOK_SECONDS))[0]:
            if await request.is_disconnected():
                for query in started:
                    query.interrupt()
        return await answer

    def _answer(
        self, on_start: Callable[[Query], None], sql: str, params: dict[str, object], first: int | None
    ) -> Response:
        def started(query: Query) -> None:
            self._running.add(query)
            on_start(query)

        if not self._free.acquire(timeout=self._limits.seconds):
            return _error(429, f"{CONCURRENT} queries are running already. Try again when one has ended.")
        try:
            query = Query(self._con, sql, params, limits=self._limits, first=first, on_start=started)
            chunks = _released(ipc_stream(query), self._free)
        except QueryError as error:
            self._free.release()
            return self._refused(error)
        except BaseException:
            self._free.release()
            raise
        try:
            # Most errors come before the first rows: they can still be told.
            head = next(chunks)
        except QueryError as error:
            return self._refused(error)
        return StreamingResponse(chain([head], chunks), media_type=ARROW)

    def _refused(self, error: QueryError) -> Response:
        if self.damage is None and is_damage(str(error)):
            self.damage = str(error)
            self._on_damage()
        return _error(400, str(error))


def _released(chunks: Iterator[bytes], free: threading.BoundedSemaphore) -> Iterator[bytes]:
    try:
        yield from chunks
    finally:
        free.release()


def _question(body: bytes) -> dict[str, Any]:
    if len(body) > REQUEST_BYTES:
        raise ValueError(f"it is larger than {REQUEST_BYTES >> 20} MiB")
    asked = json.loads(body)
    if not isinstance(asked, dict) or not isinstance(asked.get("sql"), str):
        raise ValueError('it is not {"sql": "SELECT …"}')
    first = asked.get("limit")
    if first is not None and (not isinstance(first, int) or isinstance(first, bool) or first < 0):
        raise ValueError(f"`limit` is {first!r}; wanted a number of rows")
    return {"sql": asked["sql"], "params": parameters.from_json(asked.get("params") or {}), "first": first}


def _error(status: int, sentence: str) -> Response:
    return JSONResponse({"error": sentence}, status)
