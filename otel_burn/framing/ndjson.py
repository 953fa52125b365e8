"""What are the events of a body with one JSON value a line? As Ollama and Cohere's first version stream."""

from collections.abc import Iterator
from typing import Any

from otel_burn.formats.fields import decoded


class JsonLines:
    """The JSON object of each line, in order; what is none is skipped."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The events that *data* completes."""
        self._rest.append(data)
        if b"\n" not in data:
            return
        lines = b"".join(self._rest).split(b"\n")
        self._rest = [lines.pop()]
        for line in lines:
            if event := decoded(line):
                yield event

    def end(self) -> Iterator[dict[str, Any]]:
        """The last line, which may lack its line feed."""
        rest, self._rest = b"".join(self._rest), []
        if event := decoded(rest):
            yield event
