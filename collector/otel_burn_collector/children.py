"""How does the supervisor keep its two processes? Started with their socket, heard when ready, started again."""

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import IO, Any

from otel_burn.errors import BurnError
from otel_burn_collector.settings import AGAIN, Settings

STOP_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
"""Seconds before a process that ended is started again; twice as long each time."""
STEADY_SECONDS = 60.0
"""A process that ran this long did not end because of its start."""

log = logging.getLogger(__name__)


class Child:
    """One process of a collector: `otel_burn_collector.<name>`, on sockets that outlive it."""

    def __init__(self, name: str, settings: Settings, listeners: Mapping[str, socket.socket]) -> None:
        self.name = name
        self._settings = settings
        self._listeners = {name: one.fileno() for name, one in listeners.items()}
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = FIRST_PAUSE
        self._started_at = 0.0
        self._again_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process, if there is one now."""
        return self._process.pid if self._process else None

    def spawn(self) -> None:
        """Start the process; it waits to be told its settings."""
        self._started_at = time.monotonic()
        self._again_at = None
        self._process = subprocess.Popen(
            # -P: a file called `starlette.py` in the user's folder is not what we want to import.
            [sys.executable, "-P", "-m", f"otel_burn_collector.{self.name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=list(self._listeners.values()),
            process_group=0,  # Ctrl-C reaches the supervisor alone, which stops the two in order
            env=os.environ | {"OTEL_BURN_DISABLED": "true"},  # a collector does not trace itself
        )

    def tell(self, after_segment: int = 0) -> None:
        """Say the settings; the journal goes on after *after_segment* at least."""
        said = {
            "settings": self._settings.to_json(),
            "listeners": self._listeners,
            "after_segment": after_segment,
        }
        pipe = _pipe(self._process.stdin if self._process else None)
        with contextlib.suppress(BrokenPipeError):  # it ended already; whoever listens to it sees that
            pipe.write(json.dumps(said).encode() + b"\n")
            pipe.flush()

    def revive(self) -> None:
        """Start the process again if it has ended, a little later each time."""
        if self._process is None or self._process.poll() is None:
            return
        now = time.monotonic()
        if self._process.returncode == AGAIN:
            self._again_at = now
        if self._again_at is None:
            if now - self._started_at > STEADY_SECONDS:
                self._pause = FIRST_PAUSE
            self._again_at = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            log.error("the %s ended and is started again. %s", self.name, self._last_words())
        elif now >= self._again_at:
            self._close_pipes()
            self.spawn()
            self.tell()

    def stop(self) -> None:
        """Let the process finish what it has; kill it only when it doesn't."""
        if self._process is None:
            return
        with contextlib.suppress(BrokenPipeError):
            _pipe(self._process.stdin).close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close_pipes()
        self._process = None

    def hear(self) -> dict[str, Any]:
        """What the process says once it serves; `BurnError` when it can't."""
        process = self._process
        line = _pipe(process.stdout).readline() if process else b""
        if not line and process is not None:
            raise BurnError(
                f"The collector's {self.name} ended at its start with exit code {process.wait()}. "
                "What it wrote above (or in collector.log) says why."
            )
        said: dict[str, Any] = json.loads(line)
        if "error" in said:
            raise BurnError(said["error"])
        ready: dict[str, Any] = said["ready"]
        return ready

    def _last_words(self) -> str:
        """Why the process ended, as far as it said."""
        assert self._process is not None  # noqa: S101
        for line in _pipe(self._process.stdout).read().splitlines():
            said = json.loads(line)
            if "error" in said:
                return str(said["error"])
        return f"Its exit code was {self._process.returncode}."

    def _close_pipes(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "started with pipes"  # noqa: S101
    return pipe
