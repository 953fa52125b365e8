"""How does one received request look on disk, and how is a damaged one told from an unfinished one?

    magic 4 | kind 1 | encoding 1 | reserved 2 | received 8 | length 4 | payload crc 4 | header crc 4 | payload

The header has a checksum of its own: a length that can be trusted tells a record that is still being written
(wait) from one with a flipped bit (report it, and go on with the next).
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple

MAGIC = b"OBJ1"
TORN_END = "the segment ends within a record"
"""What a killed receiver was writing: a damage that cost nothing, as it was never acknowledged."""
_FIELDS = struct.Struct("<4sBBHQII")
_CRC = struct.Struct("<I")
HEADER_BYTES = _FIELDS.size + _CRC.size


class Kind(IntEnum):
    """What a record carries."""

    TRACES = 1
    LOGS = 2
    METRICS = 3
    COMMAND = 4


class Encoding(IntFlag):
    """How a record's payload is written: protobuf unless JSON, plain unless gzip or zstd."""

    PLAIN = 0
    JSON = 1
    GZIP = 2
    ZSTD = 4


class Position(NamedTuple):
    """A place between two records: positions compare as the records arrived."""

    segment: int
    offset: int


_KINDS = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Record:
    """A request as it was received; `end` is where the next one begins."""

    kind: Kind
    encoding: Encoding
    received_at: int
    payload: bytes
    start: Position
    end: Position


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are no record any more, and what is wrong with them."""

    start: Position
    end: Position
    reason: str
    kept_in: str | None = None
    """The file with the bytes, once they are set aside."""


class _Header(NamedTuple):
    kind: int
    encoding: int
    received_at: int
    length: int
    payload_crc: int


def encode(kind: Kind, encoding: Encoding, received_at: int, payload: bytes) -> bytes:
    """The bytes of one record."""
    fields = _FIELDS.pack(MAGIC, kind, encoding, 0, received_at, len(payload), zlib.crc32(payload))
    return b"".join((fields, _CRC.pack(zlib.crc32(fields)), payload))


def scan(data: bytes, segment: int, offset: int) -> Iterator[Record | Damage]:
    """The records in *data*, which begins at *offset* of *segment*; ends before one that is not complete."""
    at = 0
    while len(data) - at >= HEADER_BYTES:
        header = _header(data, at)
        if header is None:
            found = _next_record(data, at + 1)
            if found is None:
                return
            yield _damage(segment, offset, at, found, "the record's header is damaged")
            at = found
            continue
        end = at + HEADER_BYTES + header.length
        if end > len(data):
            return
        yield _record(header, data[at + HEADER_BYTES : end], Position(segment, offset + at))
        at = end


def needed(data: bytes) -> int:
    """How many bytes the first record of *data* takes, as far as its header can be trusted; 0 if it can't."""
    header = _header(data, 0) if len(data) >= HEADER_BYTES else None
    return HEADER_BYTES + header.length if header else 0


def _header(data: bytes, at: int) -> _Header | None:
    magic, kind, encoding, _, received_at, length, crc = _FIELDS.unpack_from(data, at)
    fields = data[at : at + _FIELDS.size]
    if magic != MAGIC or _CRC.unpack_from(data, at + _FIELDS.size)[0] != zlib.crc32(fields):
        return None
    return _Header(kind, encoding, received_at, length, crc)


def _record(header: _Header, payload: bytes, start: Position) -> Record | Damage:
    end = Position(start.segment, start.offset + HEADER_BYTES + header.length)
    if zlib.crc32(payload) != header.payload_crc:
        return Damage(start, end, "the payload does not match its checksum")
    if header.kind not in _KINDS:
        return Damage(start, end, f"a record of kind {header.kind}, which only a newer otel-burn knows")
    return Record(Kind(header.kind), Encoding(header.encoding), header.received_at, payload, start, end)


def _next_record(data: bytes, at: int) -> int | None:
    while (found := data.find(MAGIC, at)) >= 0:
        if len(data) - found < HEADER_BYTES:
            return None
        if _header(data, found) is not None:
            return found
        at = found + 1
    return None


def _damage(segment: int, offset: int, start: int, end: int, reason: str) -> Damage:
    return Damage(Position(segment, offset + start), Position(segment, offset + end), reason)
