"""How much of what was handed in is loaded? In bytes, for whoever waits for it."""

from bisect import bisect_right
from collections.abc import Callable

from otel_burn_collector.journal.records import Position

Progress = Callable[[int, int], None]
"""Called with the bytes that are done, and those that there are."""


def unseen(_done: int, _everything: int) -> None:
    """Nobody looks."""


class Backlog:
    """What was handed in to be loaded."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._ends: list[Position] = []
        self._bytes = [0]

    def put(self, end: Position, size: int) -> None:
        """So many bytes more lie before *end*."""
        self._bytes.append(self._bytes[-1] + size)  # first: another thread may ask between the two
        self._ends.append(end)

    def loaded(self, position: Position) -> None:
        """Everything before *position* is loaded."""
        if self._ends:
            self._progress(self._bytes[bisect_right(self._ends, position)], self._bytes[-1])
