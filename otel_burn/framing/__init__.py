"""How is a streamed body cut into events? By its content type; one file a framing, one row each."""

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from otel_burn.framing.eventstream import EventStream
from otel_burn.framing.ndjson import JsonLines
from otel_burn.framing.sse import ServerSentEvents


class Framing(Protocol):
    """Cuts a body that arrives in pieces into events; one is made for each body."""

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The events that *data* completes."""

    def end(self) -> Iterator[dict[str, Any]]:
        """The events that nothing but the end of the body completes."""


FRAMINGS: Final[dict[str, Callable[[], Framing]]] = {
    "text/event-stream": ServerSentEvents,
    "application/x-ndjson": JsonLines,
    "application/ndjson": JsonLines,
    "application/jsonl": JsonLines,
    "application/x-jsonl": JsonLines,
    "application/stream+json": JsonLines,
    "application/vnd.amazon.eventstream": EventStream,
}
"""By content type. Any other body is one JSON value."""
