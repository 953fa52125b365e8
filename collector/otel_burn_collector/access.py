"""Who may ask? Loopback names only on loopback, and a bearer token where one is due."""

import hmac

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from otel_burn_collector.settings import is_loopback


class LoopbackNames:
    """Refuses requests for other names: a web page must not reach us through a name of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on if it names this machine."""
        if scope["type"] == "http":
            sentence = strange_name(dict(scope["headers"]).get(b"host", b"").decode("latin-1"))
            if sentence:
                await JSONResponse({"error": sentence}, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def strange_name(host: str) -> str | None:
    """Why a request for *host* is not answered on loopback; `None` when it names this machine."""
    if is_loopback(_without_port(host)):
        return None
    return f"This collector answers to localhost and 127.0.0.1, not to the host {host!r}."


def has_token(request: Request, token: str) -> bool:
    """Whether *request* carries `Authorization: Bearer` with *token*."""
    return is_bearer(request.headers.get("authorization", ""), token)


def is_bearer(authorization: str | bytes, token: str) -> bool:
    """Whether an `Authorization` header brings *token*; takes as long for a wrong one as for the right one."""
    said = authorization if isinstance(authorization, bytes) else authorization.encode()
    scheme, _, given = said.partition(b" ")
    return scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), token.encode())


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0] if ":" in host else host
