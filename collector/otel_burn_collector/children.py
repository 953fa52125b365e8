"""How does the supervisor keep its two processes? Started with their socket, heard when ready, started again."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from typing import IO, Any

from otel_burn.errors import BurnError
from otel_burn_collector.settings import Settings

STOP_SECONDS = 30.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
"""Seconds before a process that ended is started again; twice as long each time."""
STEADY_SECONDS = 60.0
"""A process that ran this long did not end because of its start."""


class Child:
    """One process of a collector: `otel_burn_collector.<name>`, on a socket that outlives it."""

    def __init__(self, name: str, settings: Settings, listener: socket.socket) -> None:
        self.name = name
        self._settings = settings
        self._listener = listener
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = FIRST_PAUSE
        self._started_at = 0.0
        self._again_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process, if there is one now."""
        return self._process.pid if self._process else None

    def start(self, after_segment: int = 0) -> dict[str, Any]:
        """Start the process and wait until it serves; returns what it says. `BurnError` when it can't."""
        self.spawn(after_segment)
        return self._heard()

    def spawn(self, after_segment: int = 0) -> None:
        """Start the process and don't wait."""
        number = self._listener.fileno()
        self._started_at = time.monotonic()
        self._again_at = None
        self._process = subprocess.Popen(
            # -P: a file called `starlette.py` in the user's folder is not what we want to import.
            [sys.executable, "-P", "-m", f"otel_burn_collector.{self.name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[number],
            process_group=0,  # Ctrl-C reaches the supervisor alone, which stops the two in order
            env=os.environ | {"OTEL_BURN_DISABLED": "true"},  # a collector does not trace itself
        )
        said = {"settings": self._settings.to_json(), "listener": number, "after_segment": after_segment}
        try:
            _pipe(self._process.stdin).write(json.dumps(said).encode() + b"\n")
            _pipe(self._process.stdin).flush()
        except BrokenPipeError:
            return  # it ended already; `revive` sees that

    def revive(self) -> None:
        """Start the process again if it has ended, a little later each time."""
        if self._process is None or self._process.poll() is None:
            return
        now = time.monotonic()
        if self._again_at is None:
            if now - self._started_at > STEADY_SECONDS:
                self._pause = FIRST_PAUSE
            self._again_at = now + self._pause
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            sys.stderr.write(
                f"otel-burn: the {self.name} ended (exit code {self._process.returncode}); it is started again\n"
            )
        elif now >= self._again_at:
            self._close_pipes()
            self.spawn()

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

    def _heard(self) -> dict[str, Any]:
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

    def _close_pipes(self) -> None:
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                _pipe(pipe).close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "started with pipes"  # noqa: S101
    return pipe
