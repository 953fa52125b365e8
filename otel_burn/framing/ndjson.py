"""What are the events of a body with one JSON value a line? As Ollama and Cohere's first version stream."""

from collections.abc import Iterator
from typing import Any

from otel_burn.formats.fields import decoded
from otel_burn.framing.sse import LARGEST_EVENT


class JsonLines:
    """The JSON object of each line, in order; what is none is skipped.

    `feed` raises `OverflowError` once a line is larger than any can be.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._held = 0
        """Bytes of them."""

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The events that *data* completes."""
        self._held += len(data)
        if self._held > LARGEST_EVENT:
            self._rest = []
            raise OverflowError("a line that has no end")
        self._rest.append(data)
        if b"\n" not in data:
            return
        lines = b"".join(self._rest).split(b"\n")
        self._rest = [lines.pop()]
        self._held = len(self._rest[0])
        for line in lines:
            if event := decoded(line):
                yield event

    def end(self) -> Iterator[dict[str, Any]]:
        """The last line, which may lack its line feed."""
        rest, self._rest = b"".join(self._rest), []
        if event := decoded(rest):
            yield event
