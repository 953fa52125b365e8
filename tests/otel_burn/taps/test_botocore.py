"""Are calls through boto3 seen, whole and streamed, and is what is signed left as it is?"""

import gc
import io
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

import boto3
import botocore.awsrequest
import botocore.config
import botocore.eventstream
import botocore.response
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from opentelemetry.sdk.trace import ReadableSpan

Spans = Callable[[], list[ReadableSpan]]
MODEL = "anthropic.claude-opus-4-8"
QUESTION = [{"role": "user", "content": [{"text": "what does main.py do?"}]}]
USAGE = {"inputTokens": 1000, "outputTokens": 200, "totalTokens": 1200}
CONVERSED = {
    "output": {"message": {"role": "assistant", "content": [{"text": "it runs"}]}},
    "stopReason": "end_turn",
    "usage": USAGE,
    "metrics": {"latencyMs": 1},
}
EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "it runs"}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("messageStop", {"stopReason": "end_turn"}),
    ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}}),
]
STREAM = {"content_type": "application/vnd.amazon.eventstream"}


def frame(kind: str, payload: dict[str, Any]) -> bytes:
    """An event as AWS frames it."""
    named = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in named.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(body), len(headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return message + struct.pack(">I", zlib.crc32(message))


@pytest.fixture
def client(server: Any, spans: Spans) -> Any:
    """A client of Bedrock's runtime that signs, and tries three times."""
    config = botocore.config.Config(retries={"total_max_attempts": 3, "mode": "standard"}, read_timeout=0.5)
    session = boto3.Session("id", "secret", region_name="us-east-1")
    return session.client("bedrock-runtime", endpoint_url=server.url, config=config)


def counted(span: ReadableSpan) -> tuple[Any, ...]:
    """Model, tokens and usage status."""
    names = ("gen_ai.request.model", "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")
    return tuple((span.attributes or {}).get(name) for name in (*names, "burn.usage.status"))


EXACT = (MODEL, 1000, 200, "exact")


def test_converse(server: Any, spans: Spans, client: Any) -> None:
    """A whole answer, and the request as it was signed."""
    server.say(CONVERSED)
    signed: list[Any] = []
    client.meta.events.register("before-send.*", lambda request, **_: signed.append(request))
    answer = client.converse(modelId=MODEL, messages=QUESTION)
    assert answer["usage"] == USAGE
    (span,) = spans()
    assert counted(span) == EXACT
    (request,) = signed
    assert type(request) is botocore.awsrequest.AWSPreparedRequest
    _, sent, body = server.requests[0]
    assert sent["authorization"] == request.headers["authorization"].decode()
    assert body == request.body


def test_a_stream(server: Any, spans: Spans, client: Any) -> None:
    """Events one by one, wherever they are cut."""
    body = b"".join(frame(*event) for event in EVENTS)
    server.answer(*(body[at : at + 11] for at in range(0, len(body), 11)), **STREAM)
    stream = client.converse_stream(modelId=MODEL, messages=QUESTION)["stream"]
    assert type(stream) is botocore.eventstream.EventStream
    assert [next(iter(event)) for event in stream] == [kind for kind, _ in EVENTS]
    assert counted(spans()[0]) == EXACT


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("close", [True, False])
def test_an_abandoned_stream(server: Any, spans: Spans, client: Any, close: bool) -> None:
    """A stream that is closed, or dropped, in the middle."""
    server.answer(*(frame(*event) for event in EVENTS), held_from=2, **STREAM)
    stream = client.converse_stream(modelId=MODEL, messages=QUESTION)["stream"]
    next(iter(stream))
    if close:
        stream.close()
    del stream
    gc.collect()  # botocore's own circles
    (span,) = spans()
    assert counted(span) == (MODEL, None, None, "missing")
    assert (span.attributes or {})["error.type"] == "stream_abandoned"


@pytest.mark.parametrize("body", [str, str.encode, lambda text: io.BytesIO(text.encode())])
def test_invoke(server: Any, spans: Spans, client: Any, message: dict[str, Any], body: Any) -> None:
    """A model's own format; the answer's body is botocore's own stream, with its lines and chunks."""
    server.say(message | {"model": MODEL})
    asked = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": []})
    answer = client.invoke_model(modelId=MODEL, body=body(asked))
    assert type(answer["body"]) is botocore.response.StreamingBody
    assert json.loads(b"".join(answer["body"].iter_chunks(9)))["id"] == "msg_1"
    assert counted(spans()[0])[2:] == (200, "exact")


def test_retries(server: Any, spans: Spans, client: Any) -> None:
    """Each attempt that botocore makes is a span, all of one call."""
    server.say({"message": "too fast"}, 429, x_amzn_errortype="ThrottlingException")
    server.say({"message": "down"}, 503)
    server.say(CONVERSED)
    client.converse(modelId=MODEL, messages=QUESTION)
    found = [span.attributes or {} for span in spans()]
    assert [attempt["http.response.status_code"] for attempt in found] == [429, 503, 200]
    assert [attempt["burn.attempt.number"] for attempt in found] == [1, 2, 3]
    assert len({attempt["burn.call.id"] for attempt in found}) == 1


def test_errors(server: Any, spans: Spans, client: Any) -> None:
    """What botocore raises is raised, and named."""
    server.say({"message": "no"}, 400, x_amzn_errortype="ValidationException")
    with pytest.raises(ClientError, match="ValidationException"):
        client.converse(modelId=MODEL, messages=QUESTION)
    server.answer(b"{}", held_from=-1)
    server.answer(b"{}", held_from=-1)
    server.answer(b"{}", held_from=-1)
    with pytest.raises(ReadTimeoutError):
        client.converse(modelId=MODEL, messages=QUESTION)
    found = [span.attributes or {} for span in spans()]
    assert found[0]["http.response.status_code"] == 400
    assert {one["error.type"] for one in found[1:]} == {"botocore.exceptions.ReadTimeoutError"}
    assert [one["burn.attempt.number"] for one in found] == [1, 1, 2, 3]


def test_what_is_signed_stays(server: Any, spans: Spans, client: Any) -> None:
    """Labels are taken out of baggage, unless that is part of the signature."""

    def add(request: Any, **_: Any) -> None:
        request.headers["baggage"] = "a=1,gen_ai.conversation.id=s"

    def name(request: Any, **_: Any) -> None:
        signed = request.headers["authorization"].decode()
        request.headers["authorization"] = signed.replace("SignedHeaders=", "SignedHeaders=baggage;").encode()

    client.meta.events.register("before-sign.*", add)
    for _ in range(2):
        server.say(CONVERSED)
        client.converse(modelId=MODEL, messages=QUESTION)
        client.meta.events.register("before-send.*", name)
    assert [sent["baggage"] for _, sent, _ in server.requests] == ["a=1", "a=1,gen_ai.conversation.id=s"]
    assert len(spans()) == 2
