"""What comes next in the journal? Follows the segments from a position, past torn ends and damaged records."""

import os
from dataclasses import replace
from pathlib import Path

from otel_burn_collector.journal import archive, segments
from otel_burn_collector.journal.records import TORN_END, Damage, Position, Record, needed, scan

BLOCK_BYTES = 4 << 20
ASIDE = "damaged"


class JournalReader:
    """Reads on from *position* as often as it is asked; what was read is never read again."""

    def __init__(self, folder: Path, position: Position) -> None:
        self._folder = folder
        self._position = position
        self._archived: tuple[int, bytes] = (-1, b"")

    @property
    def position(self) -> Position:
        """Everything before it has been read."""
        return self._position

    def rewind(self, position: Position) -> None:
        """Go on from *position* again: what was read after it could not be loaded."""
        self._position = position

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
            rest, gap = self._rest(), self._gap(later[0])
            self._position = Position(later[0], 0)
            if rest or gap:
                return [damage for damage in (rest, gap) if damage]

    def set_aside(self, damage: Damage) -> Damage:
        """*damage* with the file in which its bytes are kept, for whoever can still make something of them."""
        start, end = damage.start, damage.end
        if start.segment != end.segment or start.offset >= end.offset:
            return damage
        data = self._bytes(start.segment, end.offset - start.offset, start.offset)
        folder = self._folder / ASIDE
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / f"{start.segment:010d}-{start.offset}.bytes"
        path.touch(mode=0o600)
        path.write_bytes(data)
        return replace(damage, kept_in=str(path))

    def _read_segment(self, block_bytes: int) -> list[Record | Damage]:
        number, offset = self._position
        data = self._bytes(number, block_bytes, offset)
        if needed(data) > len(data):
            data = self._bytes(number, needed(data), offset)
        found = list(scan(data, number, offset))
        # A damaged header hides where its record ends: the next good one may be anywhere after it.
        if not found and len(data) == block_bytes:
            found = list(scan(self._bytes(number, self._size(number) - offset, offset), number, offset))
        return found

    def _bytes(self, number: int, count: int, offset: int) -> bytes:
        if number == self._archived[0]:
            return self._archived[1][offset : offset + count]
        try:
            file = os.open(segments.path(self._folder, number), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return self._archived_bytes(number)[offset : offset + count]
        try:
            return os.pread(file, count, offset)
        finally:
            os.close(file)

    def _archived_bytes(self, number: int) -> bytes:
        """Kept until another is asked for: each block of it would else be unpacked from its beginning."""
        try:
            self._archived = (number, archive.read(self._folder, number))
        except FileNotFoundError:
            return b""
        return self._archived[1]

    def _size(self, number: int) -> int:
        if number == self._archived[0]:
            return len(self._archived[1])
        try:
            return segments.path(self._folder, number).stat().st_size
        except FileNotFoundError:
            return len(self._archived_bytes(number))

    def _rest(self) -> Damage | None:
        number, offset = self._position
        size = self._size(number)
        if size <= offset:
            return None
        return Damage(self._position, Position(number, size), TORN_END)

    def _gap(self, later: int) -> Damage | None:
        """What is said of segments that are gone: writers number without gaps, archives are dropped oldest first."""
        first = self._position.segment
        if first == 0 or first in segments.numbers(self._folder):
            first += 1
        if first >= later:
            return None
        return Damage(
            Position(first, 0), Position(later, 0), "the segments from here on are not there any more"
        )
