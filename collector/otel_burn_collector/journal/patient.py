"""What comes next in a journal that is still written, once there is enough of it? Small batches cost more to load."""

import threading
from pathlib import Path

from otel_burn_collector.journal.reader import BLOCK_BYTES, JournalReader
from otel_burn_collector.journal.records import Damage, Position, Record


class PatientReader(JournalReader):
    """A reader that waits for a whole block, as long as its writer goes on."""

    def __init__(self, folder: Path, position: Position) -> None:
        super().__init__(folder, position)
        self._waiting = 0
        self._ended = False
        self._changed = threading.Condition()

    def put(self, size: int) -> None:
        """So many bytes more are there."""
        with self._changed:
            self._waiting += size
            self._changed.notify()

    def end(self) -> None:
        """No more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def read(self, block_bytes: int = BLOCK_BYTES) -> list[Record | Damage]:
        """As `JournalReader.read`; returns none only after the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._waiting >= block_bytes)
        found = super().read(block_bytes)
        size = sum(len(item.payload) for item in found if isinstance(item, Record))
        with self._changed:  # less than nothing never waits: what was there before was not put
            self._waiting = max(0, self._waiting - size)
        return found
