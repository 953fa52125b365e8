"""What does each process of a collector do the same way? It is told its settings, says when it serves, and stops.

The settings come as the first line of standard input, which stays open: its end means that the parent is
gone. The answer is one line of JSON on standard output. Listening sockets are inherited, so that clients
wait while a process is started again.
"""

import asyncio
import json
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp

from otel_burn.errors import BurnError
from otel_burn_collector import logs
from otel_burn_collector.connections import HEAD_SECONDS, KEEP_ALIVE_SECONDS, GuardedConnection
from otel_burn_collector.settings import Settings

GRACE_SECONDS = 5


@dataclass(frozen=True)
class Told:
    """What the supervisor says to a process at its start."""

    settings: Settings
    listeners: dict[str, int]
    """The descriptors of the sockets to serve on."""
    after_segment: int
    """The journal goes on after this segment, whatever its folder has."""


def told(name: str) -> Told:
    """What the supervisor said on standard input to the process *name*, which logs as it was told from now on."""
    text = sys.stdin.buffer.readline()
    if not text:
        sys.exit(0)  # the collector ended before it began
    line = json.loads(text)
    settings = Settings.from_json(line["settings"])
    logs.configure(name, settings.log_format, settings.log_level)
    return Told(settings, line["listeners"], line["after_segment"])


def run_process(body: Callable[[], None], name: str) -> None:
    """Run *body* as a process of a collector: a user's mistake is told to the supervisor as a sentence."""
    logs.configure(name)
    try:
        body()
    except BurnError as error:
        tell({"error": str(error)})
        sys.exit(1)


def tell(message: dict[str, Any]) -> None:
    """Say *message* to the supervisor."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Service(Protocol):
    """What serves beside HTTP, on the same event loop."""

    async def start(self) -> None:
        """Serve."""

    async def stop(self) -> None:
        """Finish what is under way, and serve no more."""


class HttpServer(uvicorn.Server):
    """Serves *app* on the inherited sockets until the supervisor asks it to stop or is gone."""

    def __init__(
        self,
        app: ASGIApp,
        listeners: Mapping[str, int],
        on_serving: Callable[[], None],
        *,
        tls: Mapping[str, ssl.SSLContext] = MappingProxyType({}),
        beside: Sequence[Service] = (),
    ) -> None:
        """Serve TLS on the listeners that *tls* names."""
        super().__init__(
            uvicorn.Config(
                app,
                http=GuardedConnection,
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._sockets = {name: socket.socket(fileno=one) for name, one in listeners.items()}
        self._on_serving = on_serving
        self._tls = tls
        self._beside = beside

    def serve_inherited(self) -> None:
        """Serve until told to stop."""
        # uvicorn raises the signals that ended it once more at its end, when there is still work to finish.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        threading.Thread(target=self._watch_parent, daemon=True).start()
        self.run(sockets=[one for name, one in self._sockets.items() if name not in self._tls])

    def stop(self) -> None:
        """End soon."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and say so."""
        await super().startup(sockets)
        loop = asyncio.get_running_loop()
        for name, context in self._tls.items():
            server = await loop.create_server(
                self._connection, sock=self._sockets[name], ssl=context, ssl_handshake_timeout=HEAD_SECONDS
            )
            self.servers.append(server)
        for service in self._beside:
            await service.start()
        self._on_serving()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what is under way."""
        await asyncio.gather(super().shutdown(sockets), *(service.stop() for service in self._beside))

    def _connection(self) -> asyncio.Protocol:
        return GuardedConnection(self.config, self.server_state, self.lifespan.state)

    def _watch_parent(self) -> None:
        while sys.stdin.buffer.read(4096):
            pass
        self.stop()
