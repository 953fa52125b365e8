"""How is a question stopped by somebody else than the thread that waits for its answer?"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from otel_burn.errors import BurnError

STOPPED = "The query was cancelled."


class StoppedError(BurnError):
    """A question that was cancelled, and has no answer."""


class Stopper:
    """Stops what is asked with it: now, and whatever would be asked with it later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._end: Callable[[], None] | None = None
        self.stopped = False

    def stop(self) -> None:
        """End what runs; again is harmless, and reaches what came to run since."""
        with self._lock:
            self.stopped = True
            if self._end is not None:
                self._end()

    @contextmanager
    def ends(self, end: Callable[[], None]) -> Iterator[None]:
        """Within, *end* is how to stop what runs. What it raises then is a `StoppedError`."""
        with self._lock:
            self._end = end
        try:
            if self.stopped:
                raise StoppedError(STOPPED)
            yield
        except Exception as error:
            if self.stopped:
                raise StoppedError(STOPPED) from error
            raise
        finally:
            with self._lock:
                self._end = None
