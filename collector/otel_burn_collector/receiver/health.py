"""Is the collector well? Alive, ready to take and to load, and how much it has done."""

import asyncio
import http.client
from importlib.metadata import version
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from otel_burn.running_collector import SERVICE
from otel_burn_collector.discovery import STORE_PATIENCE, status
from otel_burn_collector.measures import MEDIA_TYPE, Counters, exposition, memory_of
from otel_burn_collector.receiver.exports import Answering
from otel_burn_collector.receiver.gate import Gate
from otel_burn_collector.receiver.intake import Intake
from otel_burn_collector.settings import Settings


class Health:
    """Answers those who watch over the collector."""

    def __init__(self, settings: Settings, gate: Gate, intake: Intake, counters: Counters) -> None:
        self._settings = settings
        self._gate = gate
        self._intake = intake
        self._counters = counters

    def routes(self) -> list[Route]:
        """Where they ask."""
        paths = {"/healthz": self.healthz, "/readyz": self.readyz, "/metrics": self.metrics}
        return [Route(path, Answering(handle)) for path, handle in paths.items()]

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

    async def readyz(self, request: Request) -> Response:
        """Whether what is sent now will be taken and loaded; 503 with the reasons when not."""
        reasons = [self._intake.refusal()]
        store = await asyncio.to_thread(status, self._settings.sql_url)
        reasons.append(
            store.get("stalled") if store else "The store does not answer; it may be starting again."
        )
        said = [reason for reason in reasons if reason]
        if self._gate.from_elsewhere(request):
            return JSONResponse({"ready": not said}, 503 if said else 200)
        self._gate.check(request)
        return JSONResponse({"ready": not said, "reasons": said}, 503 if said else 200)

    async def metrics(self, request: Request) -> Response:
        """The numbers of both processes, for Prometheus; of the receiver alone while the store does not answer."""
        self._gate.check(request)
        own = exposition([*self._counters.measures(), *memory_of("receiver")])
        store = await asyncio.to_thread(_text, self._settings.sql_url)
        return Response(own + store, media_type=MEDIA_TYPE)


def _text(url: str) -> str:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=STORE_PATIENCE)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == 200 else ""
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
