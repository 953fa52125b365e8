"""What does the receiver answer over HTTP? OTLP, commands, and that it is there."""

import asyncio
from importlib.metadata import version

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from otel_burn.running_collector import SERVICE
from otel_burn_collector.discovery import status
from otel_burn_collector.receiver.commands import Commands
from otel_burn_collector.receiver.exports import Answering, Exports
from otel_burn_collector.receiver.gate import Gate
from otel_burn_collector.receiver.intake import Intake
from otel_burn_collector.settings import Settings

CORS_SECONDS = 7200
"""For which a browser remembers what it may send."""


class Receiver:
    """Answers requests and puts what they bring into one journal."""

    def __init__(self, settings: Settings, intake: Intake) -> None:
        self._settings = settings
        self._intake = intake
        self._gate = Gate(settings)

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/healthz", Answering(self.healthz)),
            Route("/command", Answering(Commands(self._gate, self._intake))),
            *Exports(self._gate, self._intake).routes(),
        ]
        return Starlette(routes=routes, middleware=self._cors())

    async def healthz(self, request: Request) -> Response:
        """That this is an otel-burn collector; for this machine, of which database, and how far it is."""
        who = {"service": SERVICE, "version": version("otel-burn")}
        if self._gate.from_elsewhere(request):
            return JSONResponse(who)
        self._gate.check(request)
        journal = self._intake.end
        store = await asyncio.to_thread(status, self._settings.sql_url)
        return JSONResponse(
            who
            | {
                "db": str(self._settings.db),
                "sql_url": self._settings.sql_url,
                "journal": list(journal),
                "loaded": store.get("loaded"),
                "in_flight_bytes": self._intake.in_flight,
                "idle_for": self._intake.idle_for,
            }
        )

    def _cors(self) -> list[Middleware]:
        if not self._settings.cors_origins:
            return []
        return [
            Middleware(
                CORSMiddleware,
                allow_origins=self._settings.cors_origins,
                allow_methods=["POST"],
                allow_headers=["*"],
                max_age=CORS_SECONDS,
            )
        ]
