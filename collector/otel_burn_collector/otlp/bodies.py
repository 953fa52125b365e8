"""What is inside a request body? Unpacked within a limit, and parsed before anything is acknowledged."""

import zlib

from google.protobuf.message import DecodeError, Message

from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.otlp.json_encoding import from_json
from otel_burn_collector.otlp.signals import Signal

MAX_BODY_BYTES = 64 << 20
"""The limit that OTLP 1.11 recommends, before and after decompression."""


class TooLargeError(Exception):
    """A body over the limit, said in a sentence."""


def unpack(body: bytes, encoding: Encoding, limit: int = MAX_BODY_BYTES) -> bytes:
    """*body* without its compression; `TooLargeError` beyond *limit*, `ValueError` when it is no gzip."""
    if not encoding & Encoding.GZIP:
        return body
    parts, size = [], 0
    while body:  # a gzip file may have several members
        inflater = zlib.decompressobj(wbits=31)
        try:
            part = inflater.decompress(body, limit - size + 1)
        except zlib.error as error:
            raise ValueError(f"the body is no gzip ({error})") from error
        size += len(part)
        if size > limit:
            raise TooLargeError(
                f"The body is larger than {limit >> 20} MiB after decompression. Send smaller batches."
            )
        if not inflater.eof:
            raise ValueError("the gzip body is cut short")
        parts.append(part)
        body = inflater.unused_data
    return b"".join(parts)


def parse(signal: Signal, body: bytes, encoding: Encoding) -> Message:
    """The request that an unpacked *body* says; `ValueError` with the reason when it says none."""
    if encoding & Encoding.JSON:
        return from_json(signal.request, body)
    try:
        return signal.request.FromString(body)
    except DecodeError as error:
        raise ValueError(f"the body is no {signal.request.DESCRIPTOR.name} in protobuf ({error})") from error
