"""What was answered last, for when nobody answers? The newest answer to each question, as many as fit."""

import pickle
import threading
from collections import OrderedDict
from collections.abc import Hashable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

BYTES: Final = 128 << 20
"""Of all answers together, whoever asked."""


class Answer(NamedTuple):
    """An answer, and when it was given."""

    value: Any
    at: datetime


class Kept:
    """The newest answers, bounded by their bytes; threads of all readers share it."""

    def __init__(self, most: int = BYTES) -> None:
        self._most = most
        self._bytes = 0
        self._answers: OrderedDict[Hashable, tuple[bytes, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, question: Hashable, answer: Any) -> None:
        """Have *answer* take the place of the last one to *question*."""
        packed = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
        with self._lock:
            self._drop(question)
            self._answers[question] = packed, datetime.now(UTC)
            self._bytes += len(packed)
            while self._bytes > self._most:
                self._drop(next(iter(self._answers)))

    def last(self, question: Hashable) -> Answer | None:
        """The last answer to *question*, if it is still here."""
        with self._lock:
            found = self._answers.get(question)
            if found is not None:
                self._answers.move_to_end(question)
        return None if found is None else Answer(pickle.loads(found[0]), found[1])  # noqa: S301 - our own

    def _drop(self, question: Hashable) -> None:
        packed, _ = self._answers.pop(question, (b"", None))
        self._bytes -= len(packed)
