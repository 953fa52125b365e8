"""How does a request get onto disk before it is acknowledged? One thread, one write and one sync for all waiting."""

import fcntl
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

from otel_burn.errors import BurnError
from otel_burn_collector.journal import segments
from otel_burn_collector.journal.records import Encoding, Kind, Position, encode
from otel_burn_collector.journal.room import Room

SEGMENT_BYTES = 64 << 20
GROUP_BYTES = 32 << 20
"""One write carries at most about this much, so that a long queue does not double in memory."""
PENDING_BYTES = 256 << 20
"""More than this waiting for the disk, and new requests are told to come again."""
FAILED_SECONDS = 10.0
"""A journal counts as failing so long after a write failed: nobody might send anything that shows it works again."""

_sync = getattr(os, "fdatasync", os.fsync)
"""The data alone where the system can (Linux), else with the file's own times too (macOS)."""


class JournalBusyError(Exception):
    """The disk does not keep up, or refuses: the sender should try again soon."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    data: bytes
    ends_segment: bool
    done: Future[Position] = field(default_factory=Future)


class JournalWriter:
    """Appends records to a segment of its own; the only writer of its folder while it lives."""

    def __init__(
        self,
        folder: Path,
        *,
        after: int = 0,
        segment_bytes: int = SEGMENT_BYTES,
        room: Room | None = None,
    ) -> None:
        """Open a new segment in *folder*, numbered after all that are there and after segment *after*."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._room = room
        self._lock = _lock(folder)
        self._number = max([after, *segments.numbers(folder)])
        self._file = -1
        self._end = Position(0, 0)
        self._rolling = False
        self._failed = (float("-inf"), "")
        self._open_segment()
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._pending = 0
        self._pending_lock = threading.Lock()
        self._thread = threading.Thread(target=self._write_groups, name="journal", daemon=True)
        self._thread.start()

    @property
    def end(self) -> Position:
        """Where the next record will begin; everything acknowledged lies before it."""
        return self._end

    def refusal(self) -> str | None:
        """Why nothing can be written now, in a sentence; `None` while it can."""
        failed_at, sentence = self._failed
        if time.monotonic() - failed_at < FAILED_SECONDS:
            return sentence
        return self._room.refusal() if self._room is not None else None

    def append(
        self, kind: Kind, encoding: Encoding, payload: bytes, *, ends_segment: bool = False
    ) -> Future[Position]:
        """A future of the position after the record, done once the record is on disk.

        With *ends_segment* nothing follows it in its segment.
        """
        if self._room is not None and (refusal := self._room.refusal()):
            raise JournalBusyError(refusal)
        waiting = _Waiting(encode(kind, encoding, time.time_ns(), payload), ends_segment)
        with self._pending_lock:
            if self._pending > PENDING_BYTES:
                raise JournalBusyError("The disk does not keep up with what arrives. Try again in a second.")
            self._pending += len(waiting.data)
        self._queue.put(waiting)
        return waiting.done

    def close(self) -> None:
        """Write what waits, then release the folder."""
        self._queue.put(None)
        self._thread.join()
        os.close(self._file)
        if self._end.offset == 0 and not self._rolling:
            segments.path(self._folder, self._number).unlink()
        os.close(self._lock)

    def _write_groups(self) -> None:
        while (first := self._queue.get()) is not None:
            group, closing = self._group(first)
            self._commit(group)
            if closing:
                return

    def _group(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        group, size = [first], len(first.data)
        while size < GROUP_BYTES and not group[-1].ends_segment:
            try:
                waiting = self._queue.get_nowait()
            except Empty:
                break
            if waiting is None:
                return group, True
            group.append(waiting)
            size += len(waiting.data)
        return group, False

    def _commit(self, group: Sequence[_Waiting]) -> None:
        try:
            if self._rolling or self._end.offset >= self._segment_bytes:
                self._roll()
            self._put(b"".join([waiting.data for waiting in group]))
        except OSError as error:
            self._fail(group, error)
            return
        finally:
            with self._pending_lock:
                self._pending -= sum(len(waiting.data) for waiting in group)
        self._acknowledge(group)
        if group[-1].ends_segment:
            self._rolling = True

    def _put(self, data: bytes) -> None:
        try:
            _write(self._file, data)
            _sync(self._file)
        except OSError:
            # What was written may have been read already: it ends here, and nothing else takes its place. Where
            # nothing was, a full disk would else be given another empty file with every try.
            self._rolling = self._rolling or os.fstat(self._file).st_size > self._end.offset
            raise

    def _acknowledge(self, group: Sequence[_Waiting]) -> None:
        self._failed = (float("-inf"), "")
        for waiting in group:
            self._end = Position(self._number, self._end.offset + len(waiting.data))
            waiting.done.set_result(self._end)

    def _fail(self, group: Sequence[_Waiting], error: OSError) -> None:
        sentence = (
            f"The journal in {self._folder} cannot be written ({error.strerror}). Free space on that disk."
        )
        self._failed = (time.monotonic(), sentence)
        for waiting in group:
            waiting.done.set_exception(JournalBusyError(sentence))

    def _roll(self) -> None:
        before = self._file
        self._open_segment()
        os.close(before)

    def _open_segment(self) -> None:
        self._number += 1
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(segments.path(self._folder, self._number), flags, 0o600)
        self._end = Position(self._number, 0)
        self._rolling = False
        segments.sync_folder(self._folder)


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _lock(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise BurnError(
            f"The journal {folder} is in use by another otel-burn process. "
            "Stop that collector or import, or name another folder with --data-dir."
        ) from error
    return handle
