"""What comes next in the journal? Follows the segments from a position, past torn ends and damaged records."""

import os
from pathlib import Path

from otel_burn_collector.journal import segments
from otel_burn_collector.journal.records import Damage, Position, Record, needed, scan

BLOCK_BYTES = 4 << 20


class JournalReader:
    """Reads on from *position* as often as it is asked; what was read is never read again."""

    def __init__(self, folder: Path, position: Position) -> None:
        self._folder = folder
        self._position = position

    @property
    def position(self) -> Position:
        """Everything before it has been read."""
        return self._position

    def read(self, block_bytes: int = BLOCK_BYTES) -> list[Record | Damage]:
        """About *block_bytes* of records in the order of arrival; none when all that is there was read."""
        while True:
            # Looked up first: once a later segment is seen, nothing more can arrive in this one.
            later = [number for number in segments.numbers(self._folder) if number > self._position.segment]
            found = self._read_segment(block_bytes)
            if found:
                self._position = found[-1].end
                return found
            if not later:
                return []
            rest = self._rest()
            self._position = Position(later[0], 0)
            if rest:
                return [rest]

    def _read_segment(self, block_bytes: int) -> list[Record | Damage]:
        number, offset = self._position
        try:
            file = os.open(segments.path(self._folder, number), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return []
        try:
            data = os.pread(file, block_bytes, offset)
            if needed(data) > len(data):
                data = os.pread(file, needed(data), offset)
            found = list(scan(data, number, offset))
            # A damaged header hides where its record ends: the next good one may be anywhere after it.
            if not found and len(data) == block_bytes:
                found = list(scan(os.pread(file, os.fstat(file).st_size - offset, offset), number, offset))
        finally:
            os.close(file)
        return found

    def _rest(self) -> Damage | None:
        number, offset = self._position
        try:
            size = segments.path(self._folder, number).stat().st_size
        except FileNotFoundError:
            return None
        if size <= offset:
            return None
        return Damage(self._position, Position(number, size), "the segment ends within a record")
