"""Which files make up a journal? Numbered segments in one folder, read in the order of their numbers.

A segment that is loaded is compressed (`archive.py`) and kept until a verified backup holds what it holds, and some
days at least: it is what a damaged database is rebuilt from.
"""

import os
import re
import struct
from contextlib import suppress
from pathlib import Path

from otel_burn_collector.journal.records import Position

_NAME = re.compile(r"(\d{10})\.segment(\.zst)?")
_LOADED = struct.Struct("<QQ")


def path(folder: Path, number: int) -> Path:
    """The file of segment *number*."""
    return folder / f"{number:010d}.segment"


def archived(folder: Path, number: int) -> Path:
    """The compressed file of segment *number*."""
    return folder / f"{number:010d}.segment.zst"


def numbers(folder: Path) -> list[int]:
    """The segments that *folder* has in either form, oldest first; none when there is no such folder."""
    return sorted({number for number, _ in _found(folder)})


def plain(folder: Path) -> list[int]:
    """The segments that are not compressed, oldest first."""
    return sorted(number for number, is_archived in _found(folder) if not is_archived)


def end(folder: Path) -> Position:
    """Where the journal ends now, unfinished records included."""
    found = plain(folder)
    return Position(found[-1], path(folder, found[-1]).stat().st_size) if found else Position(0, 0)


def say_loaded(folder: Path, position: Position) -> None:
    """Tell whoever appends how far is loaded. Advice, so it is never synced: the truth is in the database."""
    with suppress(OSError):
        handle = os.open(folder / "loaded", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.pwrite(handle, _LOADED.pack(*position), 0)
        finally:
            os.close(handle)


def waiting_bytes(folder: Path) -> int:
    """How much of the journal is not loaded, as far as the loader said."""
    loaded, waiting = _loaded(folder), 0
    for number in plain(folder):
        if number >= loaded.segment:
            with suppress(FileNotFoundError):
                waiting += path(folder, number).stat().st_size
                waiting -= loaded.offset if number == loaded.segment else 0
    return max(waiting, 0)


def sync_folder(folder: Path) -> None:
    """Have the names in *folder* on disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _loaded(folder: Path) -> Position:
    try:
        return Position(*_LOADED.unpack((folder / "loaded").read_bytes()))
    except (OSError, struct.error):
        return Position(0, 0)


def _found(folder: Path) -> list[tuple[int, bool]]:
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return [(int(match[1]), bool(match[2])) for name in names if (match := _NAME.fullmatch(name))]
