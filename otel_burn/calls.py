"""What happened on the wire between the start and the end of one HTTP attempt? Taps write it down here."""

import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from otel_burn import labels
from otel_burn.formats.format import Format

_HAND_OVER: Final = 64 * 1024
"""Bytes of an answer that are kept until the background thread reads them."""


class Headers(Protocol):
    """Request or response headers, whatever class they have; names in any case."""

    def get(self, key: str, default: Any = None, /) -> Any: ...

    def items(self) -> Any: ...


@dataclass(slots=True, eq=False, weakref_slot=True)
class Call:
    """One HTTP attempt of an LLM call, as bytes and times; nothing is parsed on its way.

    A tap calls `answered`, `chunk`, `failed`, `exhausted` and `ended` in the order of events. The first end
    counts, later ones are nothing, so that every way in which a stream can stop may report it.
    """

    formats: tuple[Format, ...]
    """What the path may speak; the body tells which."""
    host: str
    port: int | None
    path: str
    request_body: bytes
    retry_count: int
    """The SDK's own count of retries before this attempt (`x-stainless-retry-count`)."""
    traceparent: str | None
    """What the SDK sends along when it traces itself: the closest parent there is."""
    on_end: Callable[["Call"], None]
    on_progress: Callable[["Call"], None]
    """Told when enough of the answer waits that somebody should read it."""
    user_agent: str = ""
    """How the SDK calls itself."""
    parent: Any = None
    """The current OpenTelemetry span context when the attempt started, or None."""
    labels: Mapping[str, str] = field(default_factory=labels.current)
    flow: int = field(default_factory=lambda: _flow())
    """Tells concurrent tasks and threads apart, so that attempts of one call find each other."""
    started_ns: int = field(default_factory=time.time_ns)
    first_chunk_ns: int = 0
    ended_ns: int = 0
    status: int = 0
    response_headers: Headers = field(default_factory=dict[str, Any])
    encoded: bool = True
    """Whether the chunks still have the content encoding of the headers."""
    whole: bool = False
    """Whether the body was read to its end, rather than closed before it."""
    error: str | None = None
    """The class of the exception that ended the attempt, if one did."""
    process: int = field(default_factory=os.getpid)
    """Which process began it: a forked child inherits its parent's calls, and they are not its own."""
    collected: bool = False
    """Whether the garbage collector ended it, which may be in the middle of anything, a lock of ours included."""
    reading: Any = None
    """The background thread's own: what it has read so far."""
    _chunks: list[bytes] = field(default_factory=list)
    _waiting: int = 0
    _ends: Iterator[int] = field(default_factory=itertools.count)

    def answered(self, status: int, headers: Headers, *, encoded: bool = True) -> None:
        """The response's head has arrived; *encoded* unless the client decodes what it shows to `chunk`."""
        self.status, self.response_headers, self.encoded = status, headers, encoded

    def chunk(self, data: bytes) -> None:
        """A part of the response's body has arrived."""
        if not self.first_chunk_ns:
            self.first_chunk_ns = time.time_ns()
        self._chunks.append(data)
        self._waiting += len(data)
        if self._waiting > _HAND_OVER:
            self._waiting = 0
            self.on_progress(self)

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

    def take(self) -> list[bytes]:
        """The chunks that arrived since the last `take`."""
        taken, self._chunks = self._chunks, []
        return taken


def in_event_loop() -> bool:
    """Whether an asyncio event loop runs in this thread."""
    # asyncio is looked up, not imported: a program that never imported it has no loop.
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def _flow() -> int:
    return id(sys.modules["asyncio"].current_task()) if in_event_loop() else threading.get_ident()
