"""How does a run of a page read the ledger? Opened at its first question, for all of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

from otel_burn_collector.reader import Ledger, open_ledger


class _Run:
    """What one run of a page has opened."""

    def __init__(self) -> None:
        self.ledger: Ledger | None = None
        self._held = ExitStack()

    def open(self, db: Path) -> Ledger:
        """The ledger in *db*, opened by whoever asks first."""
        if self.ledger is None or self.ledger.db != db.absolute():
            self.close()
            ledger = self._held.enter_context(open_ledger(db))
            self._held.enter_context(ledger.together())
            self.ledger = ledger
        return self.ledger

    def close(self) -> None:
        """Let others have the file; the next question opens it again."""
        self.ledger = None
        self._held.close()


_RUN: ContextVar[_Run | None] = ContextVar("run", default=None)


@contextmanager
def once() -> Iterator[None]:
    """Open the ledger once for all questions within: to open a file of gigabytes takes a tenth of a second, and what
    DuckDB has read of it is gone when it is closed."""
    run = _Run()
    token = _RUN.set(run)
    try:
        yield
    finally:
        _RUN.reset(token)
        run.close()


@contextmanager
def ledger(db: Path) -> Iterator[Ledger]:
    """The ledger in *db* to ask: the run's, and outside of one its own."""
    if (run := _RUN.get()) is not None:
        yield run.open(db)
        return
    with open_ledger(db) as opened, opened.together():
        yield opened


def release() -> None:
    """Close what the run has opened, so that the file can be written."""
    if (run := _RUN.get()) is not None:
        run.close()
