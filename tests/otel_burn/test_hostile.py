"""What if the bytes on the wire are broken, or made to break us?"""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

import otel_burn
from otel_burn import manifest
from otel_burn.exchange import Response
from otel_burn.formats import anthropic_messages, openai_chat
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format

Spans = Callable[[], list[ReadableSpan]]


def ask(answer: bytes = b"{}", body: bytes = b'{"model": "m", "messages": []}', **headers: str) -> None:
    """Send *body*, be answered with *answer*, and read it as a stream."""
    transport = httpx2.MockTransport(
        lambda _: httpx2.Response(
            200, headers={k.replace("_", "-"): v for k, v in headers.items()}, content=iter([answer])
        )
    )
    url = "http://llm/v1/chat/completions"
    with httpx2.Client(transport=transport) as client, client.stream("POST", url, content=body) as response:
        response.read()


@pytest.mark.parametrize(
    "answer",
    [
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"\xff\xfe",
        b'{"usage": {"prompt_tokens": ' + b"9" * 5000 + b"}}",
        b'{"id": NaN, "usage": {"prompt_tokens": Infinity}}',
        b'{"id": "\\ud83d", "model": "\\ud83d", "choices": [{"message": {"tool_calls": [{"id": "\\ud83d"}]}}]}',
    ],
    ids=["nested", "no UTF-8", "huge count", "no numbers", "half a surrogate pair"],
)
def test_broken_answers_are_calls(spans: Spans, answer: bytes) -> None:
    """Whatever comes back, the call is a span, and one that can be sent."""
    ask(answer)
    assert len(encode_spans(spans()).resource_spans) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_broken_encoding(spans: Spans, encoding: str) -> None:
    """The caller gets the library's own error, and the call is a span."""
    with pytest.raises(httpx2.DecodingError):
        ask(b"this is not compressed", content_encoding=encoding)
    assert len(spans()) == 1


@pytest.mark.parametrize(
    "asked",
    [
        b'{"model": "m", "seed": 1180591620717411303424, "max_tokens": 1e300, "messages": []}',
        b'{"model": "m", "temperature": 1' + b"0" * 400 + b', "messages": []}',
        b'{"model": "\\ud83d", "messages": [{"role": "user", "content": "cut in the middle: \\ud83d"}]}',
        json.dumps(
            {"messages": [{"tool_calls": [{"function": {"name": "f", "arguments": "[" * 100_000}}]}]}
        ).encode(),
    ],
    ids=["huge integers", "huge float", "half a surrogate pair", "a model that wrote brackets without end"],
)
def test_odd_requests_are_calls(spans: Spans, asked: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What a program sends, it is a span, and sending that says nothing to the program's log."""
    with otel_burn.session("from the command line: \udcff"):
        ask(body=asked)
    assert len(encode_spans(spans()).resource_spans) == 1
    assert caplog.records == []


def streamed(format: Format, events: list[dict[str, Any]]) -> Response:
    """The response from *events*."""
    assert format.stream is not None
    stream = format.stream(About("/", Body(b"")))
    for event in events:
        stream.add(event)
    return stream.response()


def test_streams_of_a_hundred_thousand_pieces_take_no_minute() -> None:
    """Tool arguments in many small pieces are put together once, not once a piece."""
    piece = {"index": 0, "function": {"name": "", "arguments": "0123456789"}}
    chat = [{"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]}] * 100_000
    delta = {"type": "input_json_delta", "partial_json": "0123456789"}
    events: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "name": "f"}},
        *[{"type": "content_block_delta", "index": 0, "delta": delta}] * 100_000,
        {"type": "message_stop"},
    ]
    before = time.process_time()
    (first,) = streamed(openai_chat.FORMAT, [*chat, {"done": True}]).tool_calls
    (second,) = streamed(anthropic_messages.FORMAT, events).tool_calls
    assert time.process_time() - before < 2
    assert first.args_size == second.args_size == 1_000_000


def test_what_json_can_carry_has_a_hash() -> None:
    """Half a surrogate pair, or an integer of any size, in a tool's result."""
    for value in ({"a": "\ud83d"}, [2**70]):
        assert len(manifest.hash_text(manifest.canonical(value))) == 16
