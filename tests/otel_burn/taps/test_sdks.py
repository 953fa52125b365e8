"""Is every call of the real SDKs one span with all that the provider says?"""

import asyncio
import gzip
import json
from collections.abc import Callable
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

Spans = Callable[[], list[ReadableSpan]]
Facts = Callable[[ReadableSpan], dict[str, Any]]
QUESTION = [{"role": "user", "content": "what does main.py do?"}]


CHAT_ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai_compatible",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.model": "gpt-5-2025-08-07",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.cache_read.input_tokens": 800,
    "gen_ai.usage.output_tokens": 200,
    "gen_ai.usage.reasoning.output_tokens": 150,
    "http.response.status_code": 200,
    "burn.usage.status": "exact",
    "burn.attempt.number": 1,
}
MESSAGE_ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-opus-4-8",
    "gen_ai.request.max_tokens": 500,
    "gen_ai.response.id": "msg_1",
    "gen_ai.response.model": "claude-opus-4-8",
    "gen_ai.response.finish_reasons": ["end_turn"],
    "gen_ai.usage.input_tokens": 990,
    "gen_ai.usage.cache_read.input_tokens": 800,
    "gen_ai.usage.cache_write.input_tokens": 90,
    "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 60,
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 30,
    "gen_ai.usage.output_tokens": 200,
    "http.response.status_code": 200,
    "burn.usage.status": "exact",
    "burn.service_tier": "standard",
    "burn.attempt.number": 1,
}
ABANDONED_MESSAGE = {
    key: value for key, value in MESSAGE_ATTRIBUTES.items() if key != "gen_ai.usage.output_tokens"
} | {
    "burn.usage.status": "partial",
    "error.type": "stream_abandoned",
    "gen_ai.request.stream": True,
    "gen_ai.response.finish_reasons": ["error"],
}


def ask_openai(url: str, asynchronous: bool, stream: bool, **options: Any) -> Any:
    """Ask through the real OpenAI SDK and read the answer to its end."""
    asked: dict[str, Any] = {"model": "gpt-5", "messages": QUESTION, "stream": stream, **options}
    if not asynchronous:
        with openai.OpenAI(base_url=f"{url}/v1", max_retries=2) as client:
            answer = client.chat.completions.create(**asked)
            return list(answer) if stream else answer

    async def ask() -> Any:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", max_retries=2) as client:
            answer = await client.chat.completions.create(**asked)
            return [chunk async for chunk in answer] if stream else answer

    return asyncio.run(ask())


def ask_anthropic(url: str, asynchronous: bool, stream: bool) -> Any:
    """Ask through the real Anthropic SDK and read the answer to its end."""
    asked: dict[str, Any] = {
        "model": "claude-opus-4-8",
        "max_tokens": 500,
        "messages": QUESTION,
        "stream": stream,
    }
    if not asynchronous:
        with anthropic.Anthropic(base_url=url) as client:
            answer = client.messages.create(**asked)
            return list(answer) if stream else answer

    async def ask() -> Any:
        async with anthropic.AsyncAnthropic(base_url=url) as client:
            answer = await client.messages.create(**asked)
            return [event async for event in answer] if stream else answer

    return asyncio.run(ask())


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
class TestEverySdk:
    """The matrix of real SDKs."""

    def test_openai(
        self,
        server: Any,
        spans: Spans,
        asynchronous: bool,
        stream: bool,
        chat: dict[str, Any],
        chat_stream: bytes,
        facts: Facts,
    ) -> None:
        """A call through the OpenAI SDK is one span with the provider's own counts."""
        if stream:
            server.stream([chat_stream])
        else:
            server.say(chat)
        ask_openai(server.url, asynchronous, stream)
        (span,) = spans()
        own = (
            {"gen_ai.request.stream": True}
            if stream
            else {"burn.service_tier": "default", "burn.request.id": "req_1"}
        )
        assert facts(span) == CHAT_ATTRIBUTES | own
        assert span.name == "chat gpt-5"
        assert span.status.status_code is StatusCode.UNSET

    def test_anthropic(
        self,
        server: Any,
        spans: Spans,
        asynchronous: bool,
        stream: bool,
        message: dict[str, Any],
        message_stream: bytes,
        facts: Facts,
    ) -> None:
        """A call through the Anthropic SDK counts cached input in, and never the stream's placeholder."""
        if stream:
            server.stream([message_stream])
        else:
            server.say(message)
        ask_anthropic(server.url, asynchronous, stream)
        (span,) = spans()
        own = {"gen_ai.request.stream": True} if stream else {"burn.request.id": "req_1"}
        assert facts(span) == MESSAGE_ATTRIBUTES | own

    def test_chunks_cut_anywhere(
        self,
        server: Any,
        spans: Spans,
        asynchronous: bool,
        stream: bool,
        chat: dict[str, Any],
        chat_stream: bytes,
        facts: Facts,
    ) -> None:
        """A stream that arrives in odd pieces reads the same."""
        body = chat_stream if stream else json.dumps(chat).encode()
        pieces = [body[i : i + 7] for i in range(0, len(body), 7)]
        server.stream(pieces)
        if not stream:
            server.answers[-1].content_type = "application/json"
        ask_openai(server.url, asynchronous, stream)
        (span,) = spans()
        assert facts(span)["gen_ai.usage.output_tokens"] == 200

    def test_compressed(
        self,
        server: Any,
        spans: Spans,
        asynchronous: bool,
        stream: bool,
        message: dict[str, Any],
        message_stream: bytes,
        facts: Facts,
    ) -> None:
        """A compressed body is decoded for us as it is for the caller."""
        body = gzip.compress(message_stream if stream else json.dumps(message).encode())
        server.stream([body[:50], body[50:]], content_encoding="gzip")
        if not stream:
            server.answers[-1].content_type = "application/json"
        ask_anthropic(server.url, asynchronous, stream)
        (span,) = spans()
        assert facts(span)["gen_ai.usage.input_tokens"] == 990

    def test_error(self, server: Any, spans: Spans, asynchronous: bool, stream: bool, facts: Facts) -> None:
        """A refused call raises as without us, and its span tells the status and the class."""
        server.say(
            {
                "error": {
                    "message": "no such model",
                    "type": "invalid_request_error",
                    "code": "model_not_found",
                }
            },
            404,
        )
        with pytest.raises(openai.NotFoundError):
            ask_openai(server.url, asynchronous, stream)
        (span,) = spans()
        found = facts(span)
        assert span.status.status_code is StatusCode.ERROR
        assert (found["error.type"], found["http.response.status_code"]) == ("model_not_found", 404)
        assert found["burn.usage.status"] == "missing"
        assert not [name for name in found if name.startswith("gen_ai.usage")]


def test_retries_are_attempts_of_one_call(server: Any, spans: Spans, chat: dict[str, Any]) -> None:
    """Two refusals and an answer are three spans of one logical call; the next call is another one."""
    server.say({"error": {"message": "slow down"}}, 429, retry_after="0")
    server.say({"error": {"message": "slow down"}}, 429, retry_after="0")
    server.say(chat)
    server.say(chat)
    ask_openai(server.url, False, False)
    ask_openai(server.url, False, False)
    found = [span.attributes or {} for span in spans()]
    assert [attempt["burn.attempt.number"] for attempt in found] == [1, 2, 3, 1]
    assert [attempt["http.response.status_code"] for attempt in found] == [429, 429, 200, 200]
    first, _, third, other = (attempt["burn.call.id"] for attempt in found)
    assert first == third != other


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_abandoned_stream(
    server: Any, spans: Spans, asynchronous: bool, message_stream: bytes, facts: Facts
) -> None:
    """A stream that the caller gives up keeps its span, its input, and no invented output."""
    body = message_stream
    head = body.index(b"event: content_block_stop")
    server.stream([body[:head], body[head:]])
    asked: Any = {"model": "claude-opus-4-8", "max_tokens": 500, "messages": QUESTION, "stream": True}
    if asynchronous:

        async def ask() -> None:
            async with anthropic.AsyncAnthropic(base_url=server.url) as client:
                stream = await client.messages.create(**asked)
                async for _ in stream:
                    break
                await stream.close()

        asyncio.run(ask())
    else:
        with anthropic.Anthropic(base_url=server.url) as client, client.messages.create(**asked) as stream:
            next(iter(stream))
    (span,) = spans()
    assert facts(span) == ABANDONED_MESSAGE
    assert span.status.status_code is StatusCode.UNSET


def test_broken_stream(server: Any, spans: Spans, message_stream: bytes, facts: Facts) -> None:
    """A connection that breaks in mid-stream raises as without us; the span is an error with what came."""
    body = message_stream
    server.stream([body[: body.index(b"event: content_block_stop")]], cut=True)
    with pytest.raises(httpx2.RemoteProtocolError):
        ask_anthropic(server.url, False, True)
    (span,) = spans()
    found = facts(span)
    assert found["error.type"] == "httpx2.RemoteProtocolError"
    assert found["burn.usage.status"] == "partial"
    assert "gen_ai.usage.output_tokens" not in found
    assert span.status.status_code is StatusCode.ERROR


def test_no_connection(spans: Spans, facts: Facts) -> None:
    """A call that reaches nobody is a span with the exception's class."""
    with pytest.raises(openai.APIConnectionError):
        ask_openai("http://127.0.0.1:9", False, False, timeout=1)
    found = [facts(span) for span in spans()]
    assert {attempt["error.type"] for attempt in found} == {"httpx2.ConnectError"}
    assert [attempt["burn.attempt.number"] for attempt in found] == [1, 2, 3]


def test_our_failure_is_not_theirs(
    server: Any, spans: Spans, monkeypatch: pytest.MonkeyPatch, chat: dict[str, Any], chat_stream: bytes
) -> None:
    """When our own code fails in every hook, the caller gets its answer all the same."""
    monkeypatch.delenv("OTEL_BURN_RAISE")
    server.say(chat)
    server.stream([chat_stream])

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a defect of ours")

    with monkeypatch.context() as patch:
        patch.setattr("otel_burn.taps.observer.recognise", broken)
        assert ask_openai(server.url, False, False).id == "chatcmpl-1"
    monkeypatch.setattr("otel_burn.recorder.describe", broken)
    assert len(ask_openai(server.url, False, True)) == 3
    assert spans() == []
