"""What are the events of an AWS event stream? The binary framing in which Bedrock streams.

A message is: total length (4 bytes, big-endian), length of the headers (4), CRC-32 of those eight (4), headers,
payload, CRC-32 of all before it (4). A header is: length of its name (1), name, type of its value (1), value; the
type 7 is text with a length of 2 bytes. Source: the AWS SDKs, `application/vnd.amazon.eventstream`.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

from otel_burn.formats.fields import decoded

_PRELUDE: Final = struct.Struct(">III")
_CHECKSUM: Final = struct.Struct(">I")
_LARGEST: Final = 24 * 1024 * 1024
"""Bytes of a message at most, by the specification 16 MiB of payload and 128 KiB of headers."""
_SIZES: Final = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; 6 (bytes) and 7 (text) begin with their length."""


class EventStream:
    """Each message as `{event type: payload}`, the way in which botocore names events; `exception`s likewise.

    An error that is no exception is `{"error": {"code": …}}`. The stream ends at the first message whose checksum is
    wrong: where the next one would begin is then unknown.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._broken = False

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """The events that *data* completes."""
        if self._broken:
            return
        self._rest += data
        while len(self._rest) >= _PRELUDE.size:
            total, headers, checksum = _PRELUDE.unpack_from(self._rest)
            if zlib.crc32(self._rest[:8]) != checksum or not 16 + headers <= total <= _LARGEST:
                self._broken = True
                self._rest.clear()
                return
            if len(self._rest) < total:
                return
            message = bytes(self._rest[:total])
            del self._rest[:total]
            if zlib.crc32(message[:-4]) != _CHECKSUM.unpack_from(message, total - 4)[0]:
                self._broken = True
                return
            yield _event(_headers(message[12 : 12 + headers]), message[12 + headers : -4])

    def end(self) -> Iterator[dict[str, Any]]:
        """Nothing: a message is whole or is none."""
        yield from ()


def _event(headers: dict[str, str], payload: bytes) -> dict[str, Any]:
    if code := headers.get(":error-code"):
        return {"error": {"code": code}}
    return {headers.get(":event-type") or headers.get(":exception-type") or "": decoded(payload)}


def _headers(data: bytes) -> dict[str, str]:
    """The headers whose value is text."""
    found = {}
    at = 0
    while at < len(data):
        name_end = at + 1 + data[at]
        name, kind = data[at + 1 : name_end], data[name_end : name_end + 1]
        at = name_end + 1
        if not kind:
            break
        if kind[0] in (6, 7):
            size = int.from_bytes(data[at : at + 2], "big")
            at += 2
            if kind[0] == 7:
                found[name.decode("utf-8", "replace")] = data[at : at + size].decode("utf-8", "replace")
        elif kind[0] in _SIZES:
            size = _SIZES[kind[0]]
        else:
            break
        at += size
    return found
