"""Which files make up a journal? Numbered segments in one folder, read in the order of their numbers.

Segments that are loaded are kept: they are what a damaged database is rebuilt from. Nothing reads them again
(the position in the database says where to go on), and nothing compresses or removes them yet.
"""

import os
import re
from pathlib import Path

from otel_burn_collector.journal.records import Position

_NAME = re.compile(r"(\d{10})\.segment")


def path(folder: Path, number: int) -> Path:
    """The file of segment *number*."""
    return folder / f"{number:010d}.segment"


def numbers(folder: Path) -> list[int]:
    """The segments that *folder* has, oldest first; none when there is no such folder."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(int(match[1]) for name in names if (match := _NAME.fullmatch(name)))


def end(folder: Path) -> Position:
    """Where the journal ends now, unfinished records included."""
    found = numbers(folder)
    return Position(found[-1], path(folder, found[-1]).stat().st_size) if found else Position(0, 0)
