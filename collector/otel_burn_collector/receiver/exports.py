"""How is OTLP taken over HTTP? A path for each signal, and a Status for whatever else is asked."""

import logging
from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from otel_burn_collector.measures import Counters
from otel_burn_collector.otlp.signals import PROFILES_PATH, SIGNALS, Signal
from otel_burn_collector.receiver.answers import NO_PROFILES, RefusedError, accepted, refused, written
from otel_burn_collector.receiver.gate import Gate
from otel_burn_collector.receiver.intake import Intake
from otel_burn_collector.receiver.requests import answer_encoding, read_body, request_encoding

Handle = Callable[[Request], Awaitable[Response]]

log = logging.getLogger(__name__)


class Answering:
    """An ASGI application for any method that answers with what *handle* returns, or with why it refuses."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._handle(request)
        except ClientDisconnect:
            return  # nobody hears it
        except RefusedError as refusal:
            response = refused(refusal, answer_encoding(request))
        except Exception:
            log.exception("%s %s failed", request.method, request.url.path)
            failure = RefusedError(500, "The collector failed at this request; its log says why.")
            response = refused(failure, answer_encoding(request))
        await response(scope, receive, send)


def counted(counters: Counters, signal: str, handle: Handle) -> Handle:
    """*handle*, and a count of what it answers."""

    async def handled(request: Request) -> Response:
        status = 500
        try:
            response = await handle(request)
            status = response.status_code
        except RefusedError as refusal:
            status = refusal.status
            raise
        finally:
            counters.add("otel_burn_requests_total", signal=signal, protocol="http", status=str(status))
        return response

    return handled


class Exports:
    """Takes what is sent to OTLP's paths."""

    def __init__(self, gate: Gate, intake: Intake, counters: Counters) -> None:
        self._gate = gate
        self._counters = counters
        self._intake = intake

    def routes(self) -> list[Route]:
        """OTLP's paths, and everything else."""
        paths = {signal.path: self._export(signal) for signal in SIGNALS}
        paths |= {PROFILES_PATH: self._refuse_profiles, "/{path:path}": self._refuse_path}
        return [Route(path, Answering(handle)) for path, handle in paths.items()]

    def _export(self, signal: Signal) -> Handle:
        async def take(request: Request) -> Response:
            self._check(request)
            encoding = request_encoding(request)
            with self._intake.claim() as claim:
                body = await read_body(request, self._intake.limit, claim)
                taken = await self._intake.take(signal, body, encoding)
            self._counters.add("otel_burn_received_bytes_total", len(body), signal=signal.name)
            return written(accepted(signal, taken.rejected), encoding)

        return counted(self._counters, signal.name, take)

    async def _refuse_profiles(self, request: Request) -> Response:
        self._check(request)
        raise RefusedError(501, NO_PROFILES)

    async def _refuse_path(self, request: Request) -> Response:
        self._gate.check(request)
        raise RefusedError(404, f"OTLP/HTTP goes to {', '.join(signal.path for signal in SIGNALS)}.")

    def _check(self, request: Request) -> None:
        self._gate.check(request)
        if request.method != "POST":
            raise RefusedError(405, f"OTLP is sent with POST, not {request.method}.", {"allow": "POST"})
