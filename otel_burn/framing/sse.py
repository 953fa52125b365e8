"""What are the events of a server-sent event stream? The framing that OpenAI, Anthropic and others share."""

from collections.abc import Iterator
from typing import Any, Final

from otel_burn.formats.fields import decoded_together

DONE: Final = b"[DONE]"
LARGEST_EVENT: Final = 64 * 1024 * 1024
"""Bytes of an event, or of a line of JSON; images come as one of some megabytes."""


class ServerSentEvents:
    """The JSON object of each event, in order; `{"done": True}` for `[DONE]`.

    Framing after the WHATWG specification: lines end with LF, CRLF or CR; an event's data lines are joined with a line
    feed; comments and other fields are skipped. Data that is not a JSON object is skipped too. `feed` raises
    `OverflowError` once an event is larger than any can be.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        """The pieces of a line that has not ended."""
        self._lines: list[bytes] = []
        """The data lines of an event that has not ended."""
        self._held = 0
        """Bytes of both, since the last event."""

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The events that *data* completes."""
        self._held += len(data)
        if self._held > LARGEST_EVENT:
            self._rest, self._lines = [], []
            raise OverflowError("an event that has no end")
        self._rest.append(data)
        if b"\n" not in data and b"\r" not in data:
            return iter(())
        text = b"".join(self._rest)
        held = b"\r" if text.endswith(b"\r") else b""  # may be the first half of CRLF
        if b"\r" in text:
            text = text.removesuffix(b"\r").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = text.split(b"\n")
        self._rest = [lines.pop() + held]
        return _events(self._completed(lines))

    def end(self) -> Iterator[dict[str, Any]]:
        """The last event, as servers leave out its blank line."""
        lines = [b"".join(self._rest).removesuffix(b"\r"), b""]
        self._rest = []
        return _events(self._completed(lines))

    def _completed(self, lines: list[bytes]) -> list[bytes]:
        """The data of each event that ends in *lines*."""
        found = []
        for line in lines:
            if line[:5] == b"data:":
                self._lines.append(line[5:])
            elif not line and self._lines:
                found.append(self._lines[0] if len(self._lines) == 1 else b"\n".join(self._lines))
                self._lines = []
        if found:
            self._held = 0
        return found


def _events(found: list[bytes]) -> Iterator[dict[str, Any]]:
    """The objects in the data of events."""
    for data, event in zip(found, decoded_together(found), strict=True):
        if event:
            yield event
        elif data.strip() == DONE:
            yield {"done": True}
