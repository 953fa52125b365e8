"""How does a page ask what may take long? In a thread of its own, so that the page stays alive and can stop it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from otel_burn_collector.reader import open_ledger
from otel_burn_collector.stopping import Stopper

AT_ONCE: Final = 0.6
"""Seconds that a page waits for an answer before it offers to stop it: most are there by then."""

T = TypeVar("T")


class Asked(Generic[T]):
    """A question that is being answered, or was."""

    def __init__(self, about: object, question: Callable[..., T], db: Path, **params: Any) -> None:
        """Ask *question* of the ledger in *db*; it gets a `stopper`. *about* says what was asked, to know it again."""
        self.about = about
        self._began = time.monotonic()
        self._stopper = Stopper()
        self._answer: Future[T] = Future()
        threading.Thread(
            target=self._ask, args=(question, db, params), name="ScriptRunner.question", daemon=True
        ).start()

    @property
    def seconds(self) -> float:
        """Since when it is being asked."""
        return time.monotonic() - self._began

    def done(self, *, within: float = 0.0) -> bool:
        """Whether there is an answer or an error, within so many seconds from now."""
        try:
            self._answer.exception(within)
        except TimeoutError:
            return False
        return True

    def answer(self) -> T:
        """The answer; raises what the question raised."""
        return self._answer.result()

    @property
    def failed(self) -> bool:
        """Whether there is an error instead of an answer."""
        return self._answer.done() and self._answer.exception() is not None

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stopper.stopped

    def stop(self) -> None:
        """Stop it, where it is answered."""
        self._stopper.stop()

    def _ask(self, question: Callable[..., T], db: Path, params: dict[str, Any]) -> None:
        try:
            with open_ledger(db) as ledger:
                self._answer.set_result(question(ledger, stopper=self._stopper, **params))
        except Exception as error:  # noqa: BLE001 - whoever takes the answer gets it
            self._answer.set_exception(error)
