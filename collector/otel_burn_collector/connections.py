"""How much may one HTTP connection hold, and for how long? Heads without end and floods are cut off."""

import asyncio
import json

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0
"""For a request's line and headers to arrive, and for a TLS handshake."""
HEAD_BYTES = 64 << 10
KEEP_ALIVE_SECONDS = 75
"""Longer than exporters pause (5 s for spans, 60 s for metrics): else one may meet a connection that we just closed."""
REST_SECONDS = 10.0
"""For the rest of a body that was refused: a client that still sends would not hear why if we closed."""
CONNECTIONS = 1000
"""At once. One more is closed, which exporters take for a reason to retry."""


class GuardedConnection(HttpToolsProtocol):
    """uvicorn's connection, within limits that uvicorn doesn't have."""

    _timer: asyncio.TimerHandle | None = None
    """Runs while a head, or the rest of a refused body, is awaited."""
    _in_head = True
    _head_bytes = 0
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Serve, unless too many are served already."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
            return
        self._await(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Read on, unless the head has been long enough."""
        if self._head_bytes > HEAD_BYTES:
            self.send_400_response(f"The request's line and headers are larger than {HEAD_BYTES >> 10} KiB.")
            return
        super().data_received(data)
        self._head_bytes = self._head_bytes + len(data) if self._in_head else 0

    def on_message_begin(self) -> None:
        """A request begins: its head has to end in time."""
        super().on_message_begin()
        self._in_head = True
        self._await(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """The head is there; the application limits the body."""
        self._in_head, self._in_body = False, True
        self._await(None)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is there."""
        self._in_body = False
        self._await(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Answered, perhaps before the body's end."""
        super().on_response_complete()
        if self._in_body:
            self._await(REST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._await(None)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as OTLP wants it, in JSON."""
        body = json.dumps({"code": 3, "message": msg})
        head = (
            f"HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        )
        self.transport.write(f"{head}connection: close\r\n\r\n{body}".encode())
        self.transport.close()

    def _await(self, seconds: float | None) -> None:
        """Cut the connection off unless this is called again within *seconds*."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)
