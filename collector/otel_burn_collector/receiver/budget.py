"""How much may be on its way into the journal at once? So much, and more is told to come again in a second."""

from types import TracebackType

from otel_burn_collector.receiver.answers import RefusedError


class Budget:
    """Bytes of requests that are read, checked or wait for the disk."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0

    @property
    def used(self) -> int:
        """How many bytes are on their way."""
        return self._used

    def claim(self) -> "Claim":
        """What one request takes of it, until the end of a `with` block."""
        return Claim(self)

    def take(self, size: int) -> None:
        """Use *size* bytes more; `RefusedError` where that is too many."""
        if self._used + size > self._limit:
            raise RefusedError(
                503, "The collector has more to write than its disk takes now. Try again in a second."
            )
        self._used += size

    def give(self, size: int) -> None:
        """Use *size* bytes less."""
        self._used -= size


class Claim:
    """What one request has of a budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._size = 0

    def add(self, size: int) -> None:
        """Claim *size* bytes more; `RefusedError` where there are none."""
        self._budget.take(size)
        self._size += size

    def __enter__(self) -> "Claim":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._budget.give(self._size)
