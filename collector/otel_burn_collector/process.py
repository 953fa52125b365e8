"""What does each process of a collector do the same way? It is told its settings, says when it serves, and stops.

The settings come as the first line of standard input, which stays open: its end means that the parent is
gone. The answer is one line of JSON on standard output. Listening sockets are inherited, so that clients
wait while a process is started again.
"""

import json
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from otel_burn.errors import BurnError
from otel_burn_collector.settings import Settings

GRACE_SECONDS = 5


@dataclass(frozen=True)
class Told:
    """What the supervisor says to a process at its start."""

    settings: Settings
    listener: int
    """The descriptor of the socket to serve on."""
    after_segment: int
    """The journal goes on after this segment, whatever its folder has."""


def told() -> Told:
    """What the supervisor said on standard input."""
    text = sys.stdin.buffer.readline()
    if not text:
        sys.exit(0)  # the collector ended before it began
    line = json.loads(text)
    return Told(Settings.from_json(line["settings"]), line["listener"], line["after_segment"])


def run_process(body: Callable[[], None], name: str) -> None:
    """Run *body* as a process of a collector: a user's mistake is told to the supervisor as a sentence."""
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s {name} %(levelname)s %(message)s", stream=sys.stderr
    )
    try:
        body()
    except BurnError as error:
        tell({"error": str(error)})
        sys.exit(1)


def tell(message: dict[str, Any]) -> None:
    """Say *message* to the supervisor."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class HttpServer(uvicorn.Server):
    """Serves *app* on the inherited socket until the supervisor asks it to stop or is gone."""

    def __init__(self, app: ASGIApp, listener: int, on_serving: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._listener = listener
        self._on_serving = on_serving

    def serve_inherited(self) -> None:
        """Serve until told to stop."""
        # uvicorn raises the signals that ended it once more at its end, when there is still work to finish.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        threading.Thread(target=self._watch_parent, daemon=True).start()
        self.run(sockets=[socket.socket(fileno=self._listener)])

    def stop(self) -> None:
        """End soon."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and say so."""
        await super().startup(sockets)
        self._on_serving()

    def _watch_parent(self) -> None:
        while sys.stdin.buffer.read(4096):
            pass
        self.stop()
