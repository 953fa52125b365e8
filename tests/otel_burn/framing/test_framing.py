"""Are events found however a server frames them, and wherever the network cuts them?"""

import json
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_burn.framing import FRAMINGS
from otel_burn.framing.eventstream import EventStream
from otel_burn.framing.sse import ServerSentEvents


def events(content_type: str, *chunks: bytes) -> list[dict[str, Any]]:
    """The events of a body that arrives in *chunks*."""
    framing = FRAMINGS[content_type]()
    return [event for chunk in chunks for event in framing.feed(chunk)] + list(framing.end())


def message(payload: dict[str, Any], **headers: str) -> bytes:
    """An AWS event stream message."""
    head = b"".join(
        bytes([len(name) + 1]) + b":" + name.replace("_", "-").encode() + b"\x07"
        + struct.pack(">H", len(value)) + value.encode()
        for name, value in headers.items()
    )  # fmt: skip
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(head) + len(body), len(head))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + body
    return whole + struct.pack(">I", zlib.crc32(whole))


SSE, LINES, AWS = "text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream"
STREAMS = {
    "LF": (SSE, b': ping\nevent: x\ndata: {"a":\ndata: 1}\n\ndata: [DONE]\n\n', [{"a": 1}, {"done": True}]),
    "CRLF": (SSE, b'data: {"a": 1}\r\n\r\nid: 7\r\ndata:{"b": 2}\r\n\r\n', [{"a": 1}, {"b": 2}]),
    "CR": (SSE, b'data: {"a":\rdata: 1}\r\rdata: {"b": 2}\r\r', [{"a": 1}, {"b": 2}]),
    "no blank line at the end": (SSE, b'data: {"a": 1}\n\ndata: {"b": 2}', [{"a": 1}, {"b": 2}]),
    "lines": (LINES, b'{"a": 1}\n\n{"b": 2}\r\n{"c": 3}', [{"a": 1}, {"b": 2}, {"c": 3}]),
    "messages": (
        AWS,
        message({"text": "hi"}, event_type="contentBlockDelta", message_type="event")
        + message({"message": "slow down"}, exception_type="throttlingException")
        + message({}, message_type="error", error_code="InternalFailure", error_message="oops"),
        [
            {"contentBlockDelta": {"text": "hi"}},
            {"throttlingException": {"message": "slow down"}},
            {"error": {"code": "InternalFailure"}},
        ],
    ),
}


@pytest.mark.parametrize(("kind", "body", "expected"), STREAMS.values(), ids=STREAMS)
def test_events_wherever_the_network_cuts(kind: str, body: bytes, expected: list[dict[str, Any]]) -> None:
    """Whole, byte by byte, and cut in two at every place."""
    assert events(kind, body) == expected
    assert events(kind, *[bytes([byte]) for byte in body]) == expected
    assert all(events(kind, body[:at], body[at:]) == expected for at in range(len(body)))


def test_what_is_no_event_is_skipped() -> None:
    """A cut-off event, a number and broken JSON are no events; those around them are."""
    body = b'data: {"a": 1}\n\ndata: 7\n\ndata: {oops\n\ndata:{"b": 2}\n\ndata: {"c": '
    assert events(SSE, body) == [{"a": 1}, {"b": 2}]


def test_a_broken_event_ends_no_stream() -> None:
    """Events that are no JSON, or too deep, are skipped."""
    body = b'data: {"id": "\\ud83d"}\n\ndata: ' + b"[" * 100_000 + b'\n\ndata: \xff\n\ndata: {"id": "2"}\n\n'
    assert events(SSE, body) == [{"id": "\ud83d"}, {"id": "2"}]


def test_a_message_with_a_wrong_checksum_ends_the_reading() -> None:
    """Where the next one begins is then unknown; what came before counts."""
    first, second = message({"n": 1}, event_type="x"), message({"n": 2}, event_type="x")
    broken = second[:-6] + b"\x00" + second[-5:]
    assert events(AWS, first, broken, second) == [{"x": {"n": 1}}]


@given(st.lists(st.binary(max_size=40), max_size=6), st.sampled_from(sorted(FRAMINGS)))
def test_no_bytes_break_a_framing(chunks: list[bytes], kind: str) -> None:
    """Whatever arrives, a framing finds events in it or none."""
    assert all(isinstance(event, dict) for event in events(kind, *chunks))


def test_a_long_event_is_put_together_once() -> None:
    """A megabyte in pieces of ten bytes is joined at its end, not piece by piece."""
    framing = ServerSentEvents()
    found = [event for _ in range(100_000) for event in framing.feed(b"0123456789")]
    assert found == []
    assert list(framing.feed(b"\n\n")) == []


def test_headers_of_all_types_are_passed_over() -> None:
    """A message may carry headers of any type before the one that names it."""
    typed = (
        b"\x01a\x00" + b"\x01b\x02x" + b"\x01c\x04abcd" + b"\x01d\x06\x00\x02ab" + b"\x01e\x09" + b"u" * 16
    )
    named = b"\x0b:event-type\x07\x00\x02hi"
    head, body = typed + named, b'{"n": 1}'
    prelude = struct.pack(">II", 16 + len(head) + len(body), len(head))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + body
    assert list(EventStream().feed(whole + struct.pack(">I", zlib.crc32(whole)))) == [{"hi": {"n": 1}}]
