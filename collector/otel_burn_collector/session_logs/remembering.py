"""What of a log is new? A file that is as it was holds nothing; one that grew, what stands behind the rows read."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

from otel_burn_collector.session_logs.telling import DATABASE, FOLDER, Log

READER: Final = 1
"""Raised when more is read out of logs than before: then all are read again."""
REMEMBERED: Final = "SELECT path, size, mtime_ns, position, head, since_ns, reader FROM store.imported_files"
_EDGE: Final = 4096
_SIDE_FILES: Final = ("-wal",)
_OVERLAP_NS: Final = 3600 * 10**9
"""How long a response that a database has begun to tell may take."""


class State(NamedTuple):
    """How a file is."""

    size: int
    mtime_ns: int


@dataclass(frozen=True)
class Fresh:
    """A log with something new, perhaps."""

    log: Log
    state: State
    position: int
    """What ends behind it is new: bytes of rows, or a time in a database."""


def fresh(log: Log, known: Mapping[str, Any] | None, since_ns: int) -> Fresh | None:
    """*log* as far as it is not imported from *since_ns* on; None where it is. Raises OSError."""
    state = state_of(log.path)
    if state.mtime_ns < since_ns:
        return None
    if known is None or known["reader"] != READER or known["since_ns"] > since_ns:
        return Fresh(log, state, 0)
    if (known["size"], known["mtime_ns"]) == state:
        return None
    if log.form in (DATABASE, FOLDER):
        return Fresh(log, state, max(0, known["position"] - _OVERLAP_NS))
    grew = state.size >= known["position"] and head_of(log, known["position"]) == known["head"]
    return Fresh(log, state, known["position"] if grew else 0)


def remembered(one: Fresh, position: int, since_ns: int) -> dict[str, Any]:
    """The row that says that *one* is imported up to *position*."""
    return {
        "path": str(one.log.path),
        "size": one.state.size,
        "mtime_ns": one.state.mtime_ns,
        "position": position,
        "head": head_of(one.log, position),
        "since_ns": since_ns,
        "reader": READER,
    }


def state_of(path: Path) -> State:
    """How the file at *path* is, with what SQLite writes beside it; of a folder, with what it holds."""
    parts = [path, *(path.with_name(path.name + side) for side in _SIDE_FILES)]
    if path.is_dir():
        parts = [path, *path.iterdir()]
    found = [part.stat() for part in parts if part.exists()]
    return State(sum(each.st_size for each in found), max(each.st_mtime_ns for each in found))


def head_of(log: Log, position: int) -> str:
    """A hash of the first bytes up to *position* and of the last; "" where that says nothing."""
    if log.form in (DATABASE, FOLDER):
        return ""
    with log.path.open("rb") as file:
        data = file.read(min(_EDGE, position))
        file.seek(max(0, position - _EDGE))
        data += file.read(min(_EDGE, position))
    return blake2b(data, digest_size=8).hexdigest()
