"""What does the store answer over HTTP? SELECTs in Arrow, and how far it has loaded."""

import json
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from otel_burn.errors import BurnError
from otel_burn_collector import parameters
from otel_burn_collector.access import LoopbackNames, has_token
from otel_burn_collector.measures import MEDIA_TYPE, Counters, Measure, exposition, memory_of
from otel_burn_collector.store import backups
from otel_burn_collector.store.answering import Answer, Question
from otel_burn_collector.store.backups import Backup
from otel_burn_collector.store.faults import is_damage
from otel_burn_collector.store.queries import Limits, Query
from otel_burn_collector.store.turns import RUNNING, Turns

REQUEST_BYTES = 1 << 20
NO_TOKEN = "The bearer token is missing or wrong. It stands in collector.json beside the database."  # noqa: S105


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
        measure: Callable[[], list[Measure]] = list,
    ) -> None:
        self._con = con
        self._token = token
        self._status = status
        self._limits = limits or Limits()
        self._back_up = back_up
        self._on_damage = on_damage
        self.damage: str | None = None
        """What a query met that DuckDB did not write."""
        self._turns = Turns()
        self._measure = measure
        self._counters = Counters()
        self._threads = ThreadPoolExecutor(RUNNING, thread_name_prefix="sql")
        self._asked_at = time.monotonic()
        self._running: weakref.WeakSet[Query] = weakref.WeakSet()

    def running(self) -> list[Query]:
        """The queries that have not been closed."""
        return [query for query in list(self._running) if not query.closed]

    def interrupt(self, why: str) -> None:
        """Stop every query."""
        for query in self.running():
            query.interrupt(why)

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/sql", self.sql, methods=["POST"]),
            Route("/backup", self.backup, methods=["POST"]),
            Route("/status", self.status),
            Route("/metrics", self.metrics),
        ]
        return Starlette(routes=routes, middleware=[Middleware(LoopbackNames)])

    async def status(self, _: Request) -> Response:
        """How far the journal is loaded."""
        now = {
            "idle_for": time.monotonic() - self._asked_at,
            "queries_running": self._turns.running,
            "query_seconds": self._limits.seconds,
        }
        return JSONResponse(self._status() | now)

    async def metrics(self, _: Request) -> Response:
        """The store's numbers, for Prometheus: asked by the receiver, who serves them."""
        measures = [
            *self._counters.measures(),
            *memory_of("store"),
            Measure("otel_burn_queries_running", self._turns.running),
            Measure("otel_burn_queries_waiting", self._turns.waiting),
            *await run_in_threadpool(self._measure),
        ]
        return Response(exposition(measures), media_type=MEDIA_TYPE)

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
            question = read_question(await _body(request))
        except ValueError as error:
            return _error(400, f"The question cannot be read: {error}.")
        return Answer(self._open, question, self._turns, self._threads, self._limits, self._ended)

    def _ended(self, outcome: str, error: Exception | None) -> None:
        self._counters.add("otel_burn_queries_total", outcome=outcome)
        if error is not None and self.damage is None and is_damage(str(error)):
            self.damage = str(error)
            self._on_damage()

    def _open(self, question: Question, on_start: Callable[[Query], None]) -> Query:
        def started(query: Query) -> None:
            self._running.add(query)
            on_start(query)

        return Query(
            self._con,
            question.sql,
            question.params,
            limits=self._limits,
            first=question.first,
            on_start=started,
        )


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > REQUEST_BYTES:
            raise ValueError(f"it is larger than {REQUEST_BYTES >> 20} MiB")
    return body


def read_question(body: bytes) -> Question:
    """The question that *body* is; `ValueError` when it is none."""
    try:
        asked = json.loads(body)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(asked, dict) or not isinstance(asked.get("sql"), str):
        raise ValueError('it is not {"sql": "SELECT …"}')
    first = asked.get("limit")
    if first is not None and (not isinstance(first, int) or isinstance(first, bool) or first < 0):
        raise ValueError(f"`limit` is {first!r}; wanted a number of rows")
    return Question(asked["sql"], parameters.from_json(asked.get("params") or {}), first)


def _error(status: int, sentence: str) -> Response:
    return JSONResponse(
        {"error": sentence}, status, {"www-authenticate": "Bearer"} if status == 401 else None
    )
