"""May more be taken in? Only while all that is acknowledged can still be loaded, and the disk is not full."""

import os
import threading
import time
from pathlib import Path

from otel_burn_collector.journal import segments

LOOK_SECONDS = 0.2


class Room:
    """The space of one journal, looked at a few times a second at most."""

    def __init__(self, folder: Path, *, min_free: int, max_waiting: int) -> None:
        self._folder = folder
        self._min_free = min_free
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._look_at = 0.0
        self._refusal: str | None = None

    def refusal(self) -> str | None:
        """Why nothing can be taken in now, in a sentence; `None` while there is room."""
        now = time.monotonic()
        with self._lock:
            if now >= self._look_at:
                self._refusal = self._look()
                self._look_at = now + LOOK_SECONDS
            return self._refusal

    def _look(self) -> str | None:
        waiting = segments.waiting_bytes(self._folder)
        if waiting > self._max_waiting:
            return (
                f"{waiting >> 20:,} MiB wait to be loaded, and no more than {self._max_waiting >> 20:,} MiB may "
                "(--max-waiting). Try again soon."
            )
        disk = os.statvfs(self._folder)
        free = disk.f_bavail * disk.f_frsize
        # What waits takes about as much space again once it is loaded.
        if free - waiting < self._min_free:
            return (
                f"The disk of {self._folder} has {free >> 20:,} MiB free, and {self._min_free + waiting >> 20:,} MiB "
                "are needed (--min-free and what waits to be loaded). Free some space."
            )
        return None
