"""What happened on the wire between the start and the end of one HTTP attempt? Taps write it down here."""

import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from otel_burn import labels
from otel_burn.formats import Format


@dataclass(slots=True, eq=False, weakref_slot=True)
class Call:
    """One HTTP attempt of an LLM call, as bytes and times; nothing is parsed before it has ended.

    A tap calls `failed`, `answered`, `chunk` and `ended` in the order of events. The first end counts, later
    ones are nothing, so that every way in which a stream can stop may report it.
    """

    format: Format
    host: str
    port: int | None
    request_body: bytes
    retry_count: int
    """The SDK's own count of retries before this attempt (`x-stainless-retry-count`)."""
    traceparent: str | None
    """What the SDK sends along when it traces itself: the closest parent there is."""
    on_end: Callable[["Call"], None]
    parent: Any = None
    """The current OpenTelemetry span context when the attempt started, or None."""
    labels: Mapping[str, str] = field(default_factory=labels.current)
    flow: int = field(default_factory=lambda: _flow())
    """Tells concurrent tasks and threads apart, so that attempts of one call find each other."""
    started_ns: int = field(default_factory=time.time_ns)
    first_chunk_ns: int = 0
    ended_ns: int = 0
    status: int = 0
    content_type: str = ""
    request_id: str | None = None
    decode: Callable[[bytes], bytes] | None = None
    """Undoes the response's content encoding; None when the chunks are plain."""
    chunks: list[bytes] = field(default_factory=list)
    whole: bool = False
    """Whether the body was read to its end, rather than closed before it."""
    error: str | None = None
    """The class of the exception that ended the attempt, if one did."""
    process: int = field(default_factory=os.getpid)
    """Which process began it: a forked child inherits its parent's calls, and they are not its own."""
    collected: bool = False
    """Whether the garbage collector ended it, which may be in the middle of anything, a lock of ours included."""
    _ends: Iterator[int] = field(default_factory=itertools.count)

    def answered(self, status: int, content_type: str, request_id: str | None) -> None:
        """The response's head has arrived."""
        self.status, self.content_type, self.request_id = status, content_type, request_id

    def chunk(self, data: bytes) -> None:
        """A part of the response's body has arrived."""
        if not self.chunks:
            self.first_chunk_ns = time.time_ns()
        self.chunks.append(data)

    def failed(self, error: BaseException) -> None:
        """The attempt ended in *error*, which the caller gets unchanged."""
        if not self.ended_ns:
            kind = type(error)
            self.error = (
                kind.__qualname__
                if kind.__module__ == "builtins"
                else f"{kind.__module__}.{kind.__qualname__}"
            )
        self.ended()

    def exhausted(self) -> None:
        """The body was read to its end."""
        self.whole = True
        self.ended()

    def ended(self) -> None:
        """The attempt is over: the body was read, closed, or given up."""
        if next(self._ends) == 0:  # in one step, for ends in two threads
            self.ended_ns = time.time_ns()
            self.on_end(self)

    def body(self) -> bytes:
        """The response's body, decoded; nothing where its encoding is broken, as the caller will find too."""
        data = b"".join(self.chunks)
        if self.decode is None or not data:
            return data
        try:
            return self.decode(data)
        except Exception:  # noqa: BLE001 - each library has its own class for it
            return b""


def in_event_loop() -> bool:
    """Whether an asyncio event loop runs in this thread."""
    # asyncio is looked up, not imported: a program that never imported it has no loop.
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def _flow() -> int:
    return id(sys.modules["asyncio"].current_task()) if in_event_loop() else threading.get_ident()
