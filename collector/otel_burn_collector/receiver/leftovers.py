"""Who delivers what killed agents left behind? The receiver, from their spool files, at its start and ever after."""

import logging
import threading
from pathlib import Path

from otel_burn import locations
from otel_burn.spool import drain
from otel_burn_collector.journal.writer import JournalBusyError
from otel_burn_collector.otlp.signals import TRACES
from otel_burn_collector.receiver.answers import RefusedError
from otel_burn_collector.receiver.intake import Intake

SECONDS = 5.0

log = logging.getLogger(__name__)


class Leftovers(threading.Thread):
    """Takes in left-over spool files every few seconds until it is stopped."""

    def __init__(self, intake: Intake, folder: Path | None = None) -> None:
        super().__init__(name="leftovers", daemon=True)
        self._intake = intake
        self._folder = folder or locations.spool()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Look, take, wait."""
        while True:
            try:
                count = drain(self._folder, self._deliver)
                if count:
                    log.info("took %d spans that ended processes had left in %s", count, self._folder)
            except (OSError, JournalBusyError):
                log.warning("the spool %s cannot be delivered now", self._folder, exc_info=True)
            if self._stopping.wait(SECONDS):
                return

    def stop(self) -> None:
        """End before the journal does."""
        self._stopping.set()
        self.join()

    def _deliver(self, body: bytes) -> None:
        try:
            self._intake.take_blocking(TRACES, body)
        except RefusedError:
            # It will be no better the next time, and must not hold up what comes after it.
            log.exception("a span in the spool %s is no OTLP and is left out", self._folder)
