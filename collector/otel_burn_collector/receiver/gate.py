"""Whose request is it? Everyone's with the token, or this machine's by its name: that depends on the socket."""

from starlette.requests import Request

from otel_burn.locations import TOKEN_VARIABLE
from otel_burn_collector.access import has_token, strange_name
from otel_burn_collector.receiver.answers import RefusedError
from otel_burn_collector.settings import Settings

NO_TOKEN = (
    f"The bearer token is missing or wrong. It is what {TOKEN_VARIABLE} was at the collector's start, and stands in "
    "collector.json beside the database."
)


class Gate:
    """Tells requests apart by where they came in."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def from_elsewhere(self, request: Request) -> bool:
        """Whether *request* came in where other machines may ask."""
        server = request.scope.get("server") or ("", 0)
        return self._settings.local_port != 0 and server[1] != self._settings.local_port

    def check(self, request: Request) -> None:
        """Raise `RefusedError` unless *request* may bring telemetry."""
        if self.from_elsewhere(request) and not self._settings.loopback:
            self.require_token(request)
            return
        sentence = strange_name(request.headers.get("host", ""))
        if sentence:
            raise RefusedError(403, sentence)

    def require_token(self, request: Request) -> None:
        """Raise `RefusedError` unless *request* brings the token."""
        if not has_token(request, self._settings.token):
            raise RefusedError(401, NO_TOKEN, {"www-authenticate": "Bearer"})

    def require_local(self, request: Request) -> None:
        """Raise `RefusedError` unless *request* came from this machine."""
        if self.from_elsewhere(request):
            raise RefusedError(404, "There is nothing but OTLP for other machines here.")
        self.check(request)
