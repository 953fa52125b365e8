"""What does the receiver answer over HTTP? OTLP, commands, and that it is there."""

import asyncio
import json
import time
from base64 import b64decode
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from otel_burn.running_collector import SERVICE
from otel_burn_collector.access import LoopbackNames, has_token
from otel_burn_collector.discovery import status
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.otlp.bodies import MAX_BODY_BYTES
from otel_burn_collector.otlp.signals import BY_NAME, SIGNALS, Signal
from otel_burn_collector.receiver.answers import RefusedError, accepted, refused
from otel_burn_collector.receiver.intake import Intake
from otel_burn_collector.receiver.requests import answer_encoding, read_body, request_encoding
from otel_burn_collector.settings import Settings
from otel_burn_collector.store import commands

MAX_COMMAND_BYTES = MAX_BODY_BYTES * 3 // 2
"""A body of the largest size in base64, and what is around it."""

Endpoint = Callable[[Request], Awaitable[Response]]


class Receiver:
    """Answers requests and puts what they bring into one journal."""

    def __init__(self, settings: Settings, intake: Intake) -> None:
        self._settings = settings
        self._intake = intake
        self._asked_at = time.monotonic()

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [Route("/healthz", self.healthz), Route("/command", self.command, methods=["POST"])]
        # Every method: OTLP wants even a 405 in the request's encoding.
        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        routes += [Route(signal.path, self._export(signal), methods=methods) for signal in SIGNALS]
        middleware = [Middleware(LoopbackNames)] if self._settings.loopback else []
        return Starlette(routes=routes, middleware=middleware)

    def _export(self, signal: Signal) -> Endpoint:
        async def export(request: Request) -> Response:
            self._asked_at = time.monotonic()
            try:
                return await self._take(signal, request)
            except RefusedError as refusal:
                return refused(refusal, answer_encoding(request))
            except ClientDisconnect:
                return Response(status_code=400)  # nobody hears it

        return export

    async def _take(self, signal: Signal, request: Request) -> Response:
        if request.method != "POST":
            raise RefusedError(405, f"OTLP is sent with POST, not {request.method}.", {"allow": "POST"})
        if not self._settings.loopback:
            self._require_token(request)
        encoding = request_encoding(request)
        body = await read_body(request, MAX_BODY_BYTES)
        taken = await self._intake.take(signal, body, encoding)
        return accepted(signal, encoding, taken.rejected)

    async def command(self, request: Request) -> Response:
        """Journal one of the commands that there are."""
        self._asked_at = time.monotonic()
        try:
            self._require_token(request)
            position = await self._command(await read_body(request, MAX_COMMAND_BYTES))
        except RefusedError as refusal:
            return JSONResponse({"error": str(refusal)}, refusal.status, refusal.headers)
        return JSONResponse({"journal": list(position)})

    async def _command(self, body: bytes) -> tuple[int, int]:
        try:
            said = json.loads(body)
            if isinstance(said, dict) and said.get("verb") == "import":
                return (await self._intake.take(*_import(said))).position
            await run_in_threadpool(commands.check, said)
        except (ValueError, RecursionError) as error:
            raise RefusedError(400, f"The command cannot be carried out: {error}.") from error
        return await self._intake.record(Kind.COMMAND, Encoding.JSON, body)

    async def healthz(self, _: Request) -> Response:
        """That this is an otel-burn collector, of which database, and how far it is."""
        journal = self._intake.end
        store = await asyncio.to_thread(status, self._settings.sql_url)
        return JSONResponse(
            {
                "service": SERVICE,
                "version": version("otel-burn"),
                "db": str(self._settings.db),
                "sql_url": self._settings.sql_url,
                "journal": list(journal),
                "loaded": store.get("loaded"),
                "idle_for": time.monotonic() - self._asked_at,
            }
        )

    def _require_token(self, request: Request) -> None:
        if not has_token(request, self._settings.token):
            sentence = (
                "The bearer token is missing or wrong. It stands in collector.json beside the database."
            )
            raise RefusedError(401, sentence, {"www-authenticate": "Bearer"})


def _import(said: dict[str, Any]) -> tuple[Signal, bytes, Encoding]:
    signal, encoding, body = (said.get(key) for key in ("signal", "encoding", "body"))
    if signal not in BY_NAME or encoding not in ("protobuf", "json") or not isinstance(body, str):
        raise ValueError(
            f"import needs `signal` ({', '.join(BY_NAME)}), `encoding` (protobuf, json) and `body` (base64)"
        )
    written = Encoding.JSON if encoding == "json" else Encoding.PLAIN
    return BY_NAME[signal], b64decode(body, validate=True), written
