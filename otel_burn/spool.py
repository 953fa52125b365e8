"""What survives when a process is killed or the collector is away? A file of finished spans.

A spool file belongs to the process that holds its lock; once that process is gone, whoever gets the lock
delivers what is left. Layout: 8 bytes magic, 8 bytes offset of the first undelivered record, then records of
4 bytes length, 4 bytes CRC-32 and the bytes of one OTLP `ExportTraceServiceRequest`.
"""

import errno
import fcntl
import os
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

_MAGIC: Final = b"burnspl1"
_OFFSET: Final = struct.Struct("<Q")
_RECORD: Final = struct.Struct("<II")
_START: Final = len(_MAGIC) + _OFFSET.size
_NO_RECORD: Final = _RECORD.pack(0, 1)
"""An empty record with a wrong checksum: nothing behind it is read."""
_WORTH_MOVING: Final = 4 * 1024 * 1024
"""Bytes of disk for which what waits is moved."""

LARGEST: Final = 64 * 1024 * 1024
"""Bytes that wait for a collector at most; what comes then is counted as dropped, and said."""
_SUFFIX: Final = ".spool"


class Spool:
    """The spool file of this process. Not thread-safe for `append`; reading beside it is fine."""

    def __init__(self, folder: Path | None, name: str) -> None:
        """In *folder*; None for a file without a name, which ends with the process."""
        self._path = None if folder is None else folder / f"{name}{_SUFFIX}"
        self._end = _START
        self._delivered = _START
        self.dropped = 0
        self._file = _nameless() if self._path is None else _named(self._path)

    @property
    def waiting(self) -> bool:
        """Whether something is not delivered yet."""
        return self._delivered < self._end

    def append(self, data: bytes) -> bool:
        """Write one record; it survives this process from here on. False when the spool is full."""
        if self._end - self._delivered + len(data) > LARGEST:
            self.dropped += 1
            return False
        record = _RECORD.pack(len(data), zlib.crc32(data)) + data
        if os.pwrite(self._file, record, self._end) < len(record):
            # What comes next is written over the torn record, so that it hides none.
            raise OSError(errno.ENOSPC, "only a part of a record could be written", str(self._path))
        self._end += len(record)
        return True

    def pending(self, most: int) -> tuple[list[bytes], int]:
        """The next undelivered records, at most *most* bytes of them (but one at least), and where they end."""
        records: list[bytes] = []
        end = self._delivered
        for data, after in _records(self._file, self._delivered, self._end):
            if records and after - self._delivered > most:
                break
            records.append(data)
            end = after
        return records, end

    def delivered(self, end: int) -> None:
        """Everything up to *end* has arrived and is not sent again."""
        self._delivered = end
        os.pwrite(self._file, _OFFSET.pack(end), len(_MAGIC))

    def compact(self) -> None:
        """Give the disk its space back. Only between appends.

        What still waits is moved to the front, where more than that was delivered: a busy process always has something.
        """
        delivered, waiting = self._delivered - _START, self._end - self._delivered
        if delivered < (max(_WORTH_MOVING, waiting + _RECORD.size) if waiting else 1):
            return
        # A copy over what was delivered, which counts from the next line on, whenever the process is killed.
        moved = os.pread(self._file, waiting, self._delivered) + _NO_RECORD
        if os.pwrite(self._file, moved, _START) < len(moved):
            return
        os.pwrite(self._file, _OFFSET.pack(_START), len(_MAGIC))
        self._delivered, self._end = _START, _START + waiting
        os.ftruncate(self._file, self._end)

    def close(self) -> None:
        """Let go of the file: removed when nothing waits, else left for whoever delivers it."""
        if not self.waiting and self._path is not None:
            self._path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Close the descriptor alone, as a forked child must that inherited its parent's spool."""
        os.close(self._file)


def _named(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Locked before it has its name: a drain would take a file that nobody holds for a dead process's.
    unseen = path.with_suffix(".new")
    file = os.open(unseen, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.pwrite(file, _MAGIC + _OFFSET.pack(_START), 0)
        unseen.rename(path)
    except OSError:  # such as a full disk
        os.close(file)
        unseen.unlink(missing_ok=True)
        raise
    return file


def _nameless() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("otel-burn")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def drain(folder: Path, deliver: Callable[[bytes], None], *, prefix: str = "") -> int:
    """Deliver what dead processes left in *folder*, once, and return the number of records.

    *deliver* gets one OTLP `ExportTraceServiceRequest` at a time. When it raises, the rest stays for a later
    attempt and the error passes through. Files of living processes are left alone. *prefix* limits the drain to
    spools whose names start with it.
    """
    return sum(_drain_file(path, deliver) for path in sorted(folder.glob(f"{prefix}*{_SUFFIX}")))


def _drain_file(path: Path, deliver: Callable[[bytes], None]) -> int:
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0  # delivered by somebody else in the meantime
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        count = _deliver_rest(file, deliver)
        path.unlink(missing_ok=True)
        return count
    except BlockingIOError:
        return 0  # its process lives
    finally:
        os.close(file)


def _deliver_rest(file: int, deliver: Callable[[bytes], None]) -> int:
    head = os.pread(file, _START, 0)
    if len(head) < _START or not head.startswith(_MAGIC):
        return 0  # killed before its first record
    start = max(_START, _OFFSET.unpack_from(head, len(_MAGIC))[0])
    count = 0
    for data, after in _records(file, start, os.fstat(file).st_size):
        deliver(data)
        os.pwrite(file, _OFFSET.pack(after), len(_MAGIC))
        count += 1
    return count


def _records(file: int, start: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Each whole record between *start* and *end* with the offset after it; a torn one ends the file."""
    offset = start
    while offset + _RECORD.size <= end:
        length, checksum = _RECORD.unpack(os.pread(file, _RECORD.size, offset))
        data = os.pread(file, length, offset + _RECORD.size)
        if len(data) < length or zlib.crc32(data) != checksum:
            return
        offset += _RECORD.size + length
        yield data, offset
