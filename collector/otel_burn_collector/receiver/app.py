"""What does the receiver answer over HTTP? OTLP, commands, and that it is there."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from otel_burn_collector.measures import Counters
from otel_burn_collector.receiver.commands import Commands
from otel_burn_collector.receiver.exports import Answering, Exports
from otel_burn_collector.receiver.gate import Gate
from otel_burn_collector.receiver.health import Health
from otel_burn_collector.receiver.intake import Intake
from otel_burn_collector.settings import Settings

CORS_SECONDS = 7200
"""For which a browser remembers what it may send."""


class Receiver:
    """Answers requests and puts what they bring into one journal."""

    def __init__(self, settings: Settings, intake: Intake, counters: Counters | None = None) -> None:
        self._settings = settings
        self._counters = counters or Counters()
        self._intake = intake
        self._gate = Gate(settings)

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            *Health(self._settings, self._gate, self._intake, self._counters).routes(),
            Route("/command", Answering(Commands(self._gate, self._intake))),
            *Exports(self._gate, self._intake, self._counters).routes(),
        ]
        return Starlette(routes=routes, middleware=self._cors())

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
