"""How is a response seen that http.client reads from its socket? At the file that it reads: nobody above can tell.

urllib3 and all that stands on it read in many ways (`read`, `stream`, `read_chunked`, `drain_conn` ...), and decode or
don't. Below them all is the one file that http.client reads a response from, with the body as it comes from the wire.
"""

import http.client
import re
from collections.abc import Callable
from typing import Any, Final

from otel_burn.calls import Call
from otel_burn.taps.tees import Tee

_SIZE: Final = re.compile(rb"\s*([0-9a-fA-F]+)\s*(;|\r?\n)")
"""The line before a chunk: its size in hexadecimal digits."""


def watch_socket(call: Call, response: Any) -> bool:
    """Show *call* the body that *response*, one of http.client's, is going to read; False where that can't be."""
    if getattr(type(response), "read", None) is not http.client.HTTPResponse.read or response.fp is None:
        return False  # a recorded one has a method of its own
    if response.length == 0:
        call.exhausted()
    else:
        response.fp = WatchedSocket(response.fp, call, chunked=bool(response.chunked), length=response.length)
    return True


class WatchedSocket(Tee):
    """The file of a socket that a body is read from: a *chunked* one, one of *length* bytes, or one up to the end.

    A chunked body is told by how http.client (and urllib3, in its stead) reads it: a line with the size of a chunk,
    its bytes in one or more reads that don't go beyond it, two bytes for the line's end.
    """

    def __init__(self, inner: Any, call: Call, *, chunked: bool, length: int | None) -> None:
        super().__init__(inner, call)
        self._chunked = chunked
        self._bounded = length is not None
        self._left = length or 0
        """Bytes to come of the chunk, or of the body."""
        self._last = False
        """Whether the last chunk was there, so that only trailers follow."""

    def read(self, *amount: Any) -> Any:
        data = self._try(self._inner.read, *amount)
        self._saw(data, ended=amount in ((), (None,), (-1,)) or len(data) < amount[0])
        return data

    def read1(self, *amount: Any) -> Any:
        data = self._try(self._inner.read1, *amount)
        self._saw(data, ended=not data and amount != (0,))
        return data

    def readinto(self, buffer: Any) -> Any:
        count = self._try(self._inner.readinto, buffer)
        self._saw(bytes(memoryview(buffer)[:count]), ended=count < len(buffer))
        return count

    def readline(self, *limit: Any) -> Any:
        line = self._try(self._inner.readline, *limit)
        if self._chunked and not self._left:
            self._between_chunks(line)
        else:
            self._saw(line, ended=not line)
        return line

    def close(self) -> None:
        try:
            self._inner.close()
        finally:
            self._call.ended()

    def _try(self, read: Callable[..., Any], *args: Any) -> Any:
        try:
            return read(*args)
        except BaseException as error:
            self._call.failed(error)
            raise

    def _saw(self, data: bytes, *, ended: bool) -> None:
        if self._chunked and not self._left:
            data = b""  # the line's end behind a chunk
        if data:
            self._call.chunk(data)
            self._left -= len(data)
        if ended and (self._chunked or self._left > 0):
            self._call.failed(http.client.IncompleteRead(b""))  # as http.client is about to say, or urllib3
        elif not self._chunked and (ended or (self._bounded and self._left == 0)):
            self._call.exhausted()

    def _between_chunks(self, line: bytes) -> None:
        if self._last:
            if line in (b"\r\n", b"\n", b""):
                self._call.exhausted()
        elif size := _SIZE.match(line):
            self._left = int(size[1], 16)
            self._last = not self._left
        else:
            self._call.failed(http.client.IncompleteRead(b""))
