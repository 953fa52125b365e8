"""What does an answer say, read while it arrives? Content encoding, framing and wire format, in that order."""

from typing import Any, Final

import msgspec

from otel_burn.decoding import decoders
from otel_burn.exchange import Response
from otel_burn.formats.fields import decoded
from otel_burn.formats.format import About, Format
from otel_burn.framing import FRAMINGS
from otel_burn.framing.ndjson import JsonLines
from otel_burn.framing.sse import ServerSentEvents

_LARGEST_STREAM: Final = 256 * 1024 * 1024
"""Decoded bytes of a stream; nobody waits for a model that writes that much, so the rest of it is not read."""
_LARGEST: Final = 64 * 1024 * 1024
"""Decoded bytes of an answer that is no stream: what is larger (an image, a bomb) is not read."""
_MOST_CONTAINERS: Final = 1024 * 1024
_MOST_VALUES: Final = 8 * _MOST_CONTAINERS
"""Lists and objects, and values, in a body that is no stream: 64 MB of `[],[],` take more than a gigabyte as objects. A
batch of 2,048 embeddings of 3,072 numbers, the largest that is sold, has six million values."""


class Answer:
    """Reads one answer of *format*. Of a stream it keeps what the format keeps, of anything else the body."""

    def __init__(self, format: Format, about: About, *, encoded: bool) -> None:
        self._format = format
        self._about = about
        kind = about.headers.get("content-type", "").partition(";")[0].strip().lower()
        framing = FRAMINGS.get(kind) if format.stream is not None else None
        self._framing: Any = framing() if framing is not None else None
        self._stream: Any = format.stream(about) if format.stream is not None else None
        self._opaque = format.opaque and self._framing is None and kind not in ("", "application/json")
        self._body: list[bytes] = []
        self._size = 0
        self._unreadable = False
        self._decoders: list[Any] = []
        if encoded and (encoding := about.headers.get("content-encoding")):
            try:
                self._decoders = decoders(encoding)
            except (KeyError, ImportError, TypeError):  # the last: of a library that is too old
                self._unreadable = True

    def feed(self, data: bytes) -> None:
        """The next bytes of the body, as they came from the wire. A broken encoding ends the reading."""
        if self._unreadable:
            return
        try:
            self._decode(data, 0)
        except Exception:  # noqa: BLE001 - each decoder has its own class for it; the caller meets it too
            self._unreadable = True

    def response(self) -> Response:
        """The response, as far as it came."""
        if self._framing is not None:
            self._add(self._framing.end())
            return self._read_stream()
        if self._opaque:
            return self._format.read_response({}, self._about)
        body, self._body = b"".join(self._body), []
        return Response(complete=False) if self._unreadable else self._read(body)

    def _decode(self, data: bytes, at: int) -> None:
        if at == len(self._decoders):
            self._take(data)
            return
        for plain in self._decoders[at].decode(data):
            self._decode(plain, at + 1)
            if self._unreadable:
                return

    def _take(self, data: bytes) -> None:
        self._size += len(data)
        if self._framing is not None:
            if self._size > _LARGEST_STREAM:
                self._unreadable = True
            else:
                self._add(self._framing.feed(data))
            return
        if self._opaque:
            return
        if self._size > _LARGEST:
            self._body, self._unreadable = [], True
        else:
            self._body.append(data)

    def _add(self, events: Any) -> None:
        for event in events:
            self._stream.add(event)

    def _read_stream(self) -> Response:
        response: Response = self._stream.response()
        return response

    def _read(self, body: bytes) -> Response:
        """A whole body; one that was labelled as JSON and is a stream is read as what it is."""
        if body.count(b"[") + body.count(b"{") > _MOST_CONTAINERS or body.count(b",") > _MOST_VALUES:
            return Response(complete=False)
        if said := decoded(body):
            return self._format.read_response(said, self._about)
        if self._stream is None or not body:
            return Response(complete=False)
        if body.lstrip().startswith((b"data:", b"event:", b":")):
            framing: Any = ServerSentEvents()
            self._add(framing.feed(body))
            self._add(framing.end())
        elif body.lstrip().startswith(b"["):  # Gemini's stream without `alt=sse` is one list
            self._add(item for item in _listed(body) if isinstance(item, dict))
        else:
            framing = JsonLines()
            self._add(framing.feed(body))
            self._add(framing.end())
        return self._read_stream()


def _listed(body: bytes) -> list[Any]:
    try:
        items: list[Any] = msgspec.json.decode(body, type=list)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return []
    return items
