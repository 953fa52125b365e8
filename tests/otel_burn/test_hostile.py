"""What if the bytes on the wire are broken, or made to break us?"""

import contextlib
import gc
import json
import time
import tracemalloc
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx2
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

import otel_burn
from otel_burn import manifest
from otel_burn.decoding import decoders
from otel_burn.exchange import Response
from otel_burn.formats import anthropic_messages, openai_chat
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format
from otel_burn.instrumentation import active

Spans = Callable[[], list[ReadableSpan]]
CHAT = b'{"model": "m", "messages": []}'


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


@cache
def compressed(encoding: str) -> bytes:
    """A gigabyte of zeros, in a megabyte or less."""
    zeros, pieces = bytes(1024 * 1024), []
    if encoding == "br":
        brotli = pytest.importorskip("brotli")
        packer: Any = brotli.Compressor(quality=1)
        pieces, finish = [packer.process(zeros) for _ in range(1024)], packer.finish
    elif encoding == "zstd":
        packer = pytest.importorskip("zstandard").ZstdCompressor().compressobj()
        pieces, finish = [packer.compress(zeros) for _ in range(1024)], packer.flush
    else:
        packer = zlib.compressobj(9, wbits=31 if encoding == "gzip" else -15)
        pieces, finish = [packer.compress(zeros) for _ in range(1024)], packer.flush
    return b"".join([*pieces, finish()])


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "application/x-ndjson"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_stays_small(spans: Spans, encoding: str, kind: str) -> None:
    """A gigabyte that came as a megabyte: it is read up to a limit, in little memory and time."""
    data = compressed(encoding)
    response = httpx2.Response(
        200, headers={"content-encoding": encoding, "content-type": kind}, content=iter([data])
    )
    spans()  # imports what recording needs
    tracemalloc.start()
    before = time.process_time()
    with (
        httpx2.Client(transport=httpx2.MockTransport(lambda _: response)) as client,
        client.stream("POST", "http://llm/v1/chat/completions", content=CHAT) as answer,
    ):
        assert b"".join(answer.iter_raw()) == data
    (span,) = spans()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert time.process_time() - before < 5
    assert peak < 150 * 1024 * 1024
    assert (span.attributes or {})["burn.usage.status"] == "missing"


@pytest.mark.parametrize(
    "body",
    [b'{"a":[' + b"[]," * 20_000_000 + b"[]]}", b'{"a":[' + b"1," * 30_000_000 + b"1]}"],
    ids=["lists", "numbers"],
)
def test_much_in_little(spans: Spans, body: bytes) -> None:
    """60 MB that would be more than a gigabyte of objects."""
    tracemalloc.start()
    ask(body, content_type="application/json")
    assert len(spans()) == 1
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300 * 1024 * 1024  # the caller's own copies among it


@pytest.mark.parametrize(
    ("kind", "piece"),
    [
        ("text/event-stream", b'data: {"choices": [{"index": 0, "delta": {"content": "x"}}]}\n\n'),
        ("application/x-ndjson", b'{"choices": [{"index": 0, "delta": {"content": "x"}}]}\n'),
        ("text/event-stream", b": ping\n\n"),
        ("text/event-stream", b"data: x"),
        ("text/event-stream", b"data: {\n"),
        ("text/event-stream", b"\r"),
    ],
)
def test_a_hundred_thousand_tiny_events(spans: Spans, kind: str, piece: bytes) -> None:
    """Each is read once, in seconds."""
    response = httpx2.Response(200, headers={"content-type": kind}, content=iter([piece] * 100_000))
    before = time.process_time()
    with (
        httpx2.Client(transport=httpx2.MockTransport(lambda _: response)) as client,
        client.stream("POST", "http://llm/v1/chat/completions", content=CHAT) as answer,
    ):
        assert b"".join(answer.iter_raw()) == piece * 100_000
    assert len(spans()) == 1
    assert time.process_time() - before < 10


def test_names_of_a_megabyte_are_short_and_told_apart(spans: Spans) -> None:
    """Model, ids, tools, reasons and codes: a beginning, and a hash where they were cut."""
    long = "n" * 1_000_000
    call = {"id": f"{long}1", "function": {"name": long, "arguments": json.dumps({long: 1})}}
    said = {
        "id": long, "model": long, "service_tier": long, "usage": {"prompt_tokens": 1, long: 2, "x": long},
        "choices": [{"finish_reason": long, "message": {"tool_calls": [call, call | {"id": f"{long}2"}]}}],
    }  # fmt: skip
    tool = {"type": "function", "function": {"name": long}}
    asked = {"model": long, "reasoning_effort": long, "tools": [tool], "messages": [{"tool_calls": [call]}]}
    ask(json.dumps(said).encode(), json.dumps(asked).encode(), x_request_id=long)
    (span,) = spans()
    texts = [span.name]
    for value in (span.attributes or {}).values():
        texts += [one for one in (value if isinstance(value, tuple) else [value]) if isinstance(one, str)]
    assert max(map(len, texts)) <= 256 + len("chat ")
    ids: Any = (span.attributes or {})["burn.tool_calls.ids"]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("encoding", ["deflate", "gzip", "raw"])
def test_compressed_bytes_one_by_one(encoding: str) -> None:
    """Also a header that arrives in two pieces, and deflate without one."""
    packer = zlib.compressobj(9, wbits={"deflate": 15, "gzip": 31, "raw": -15}[encoding])
    data = packer.compress(b"words " * 500_000) + packer.flush()
    for step in (1, 3, len(data)):
        (decoder,) = decoders("deflate" if encoding == "raw" else encoding)
        plain = [piece for at in range(0, len(data), step) for piece in decoder.decode(data[at : at + step])]
        assert b"".join(plain) == b"words " * 500_000


def test_calls_leave_nothing_behind(spans: Spans) -> None:
    """Three thousand calls of many kinds, each with names of its own: memory grows to a bound, and no further."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        number = int(request.headers["x-number"])
        if number % 7 == 0:
            raise httpx2.ReadTimeout("late")
        status = 500 if number % 11 == 0 else 200
        said = {"id": f"r{number}", "model": f"m{number}", "usage": {"prompt_tokens": number}}
        content = [b"data: " + json.dumps(said).encode() + b"\n\n"] * 3
        return httpx2.Response(status, headers={"content-type": "text/event-stream"}, content=iter(content))

    def work(start: int, stop: int, client: httpx2.Client) -> None:
        for number in range(start, stop):
            body = {"model": f"m{number}", "stream": True, "messages": [{"content": f"{number} " * 4000}]}
            with (
                otel_burn.session(f"s{number}"),
                contextlib.suppress(httpx2.ReadTimeout),
                client.stream(
                    "POST",
                    f"http://h{number}/v1/chat/completions",
                    json=body,
                    headers={"x-number": str(number)},
                ) as response,
            ):
                for _ in response.iter_raw():
                    if number % 3 == 0:
                        break
            if number % 100 == 0:
                spans()

    with httpx2.Client(transport=httpx2.MockTransport(respond)) as client:
        work(0, 1000, client)
        spans()
        exporter: Any = active().tracer_provider._active_span_processor._span_processors[0].span_exporter  # type: ignore[union-attr]
        exporter.clear()
        gc.collect()
        tracemalloc.start()
        work(1000, 4000, client)
        assert len(spans()) == 3000
        exporter.clear()
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    # What replaces other bodies that were kept, and items and places of contexts up to their number.
    assert grown < 35 * 1024 * 1024
