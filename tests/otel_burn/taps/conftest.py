"""What the tests of the taps stand on: what providers answer, whole and streamed, and what a span says of it."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan

ASKED: dict[str, Any] = {"model": "gpt-5", "messages": [{"role": "user", "content": "what does main.py do?"}]}
CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5-2025-08-07",
    "service_tier": "default",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "it runs"}, "finish_reason": "stop"}
    ],
    "usage": {
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "total_tokens": 1200,
        "prompt_tokens_details": {"cached_tokens": 800},
        "completion_tokens_details": {"reasoning_tokens": 150},
    },
}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-8",
    "content": [{"type": "text", "text": "it runs"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 100,
        "cache_read_input_tokens": 800,
        "cache_creation_input_tokens": 90,
        "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 30},
        "output_tokens": 200,
        "service_tier": "standard",
    },
}


def sse(*events: dict[str, Any] | str) -> bytes:
    """Events as Anthropic (named) or OpenAI (nameless) frame them."""
    parts = []
    for event in events:
        if isinstance(event, dict) and "type" in event:
            parts.append(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n")
        else:
            parts.append(f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n")
    return "".join(parts).encode()


@pytest.fixture
def chat_stream() -> bytes:
    """The chat answer as a stream, with the usage chunk at the end."""
    head = {key: CHAT[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    word = {"index": 0, "delta": {"content": "it runs"}, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    usage = head | {"choices": [], "usage": CHAT["usage"]}
    return sse(head | {"choices": [word]}, head | {"choices": [last]}, usage, "[DONE]")


@pytest.fixture
def message_stream() -> bytes:
    """The message as a stream: a placeholder of one output token first, the truth at the end."""
    start: dict[str, Any] = MESSAGE | {
        "content": [],
        "stop_reason": None,
        "usage": MESSAGE["usage"] | {"output_tokens": 1},
    }
    return sse(
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "it runs"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 200},
        },
        {"type": "message_stop"},
    )


def _attributes(span: ReadableSpan) -> dict[str, Any]:
    """A span's attributes without those that differ from run to run."""
    changing = (
        "server.",
        "burn.call.id",
        "burn.context.",
        "burn.output.",
        "gen_ai.response.time_to",
        "burn.cost",
        "burn.usage.raw",
    )
    found = {k: v for k, v in (span.attributes or {}).items() if not k.startswith(changing)}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}


@pytest.fixture
def asked() -> dict[str, Any]:
    """A small chat request."""
    return ASKED


@pytest.fixture
def chat() -> dict[str, Any]:
    """The answer to it in OpenAI's chat format."""
    return CHAT


@pytest.fixture
def message() -> dict[str, Any]:
    """An answer in Anthropic's format."""
    return MESSAGE


@pytest.fixture
def facts() -> Callable[[ReadableSpan], dict[str, Any]]:
    """What a span says, without what differs from run to run."""
    return _attributes


@pytest.fixture
def ask_nobody() -> Callable[[], None]:
    """A call over a mock transport."""

    def ask() -> None:
        transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=CHAT))
        with httpx2.Client(transport=transport) as client:
            client.post("http://llm/v1/chat/completions", json={"messages": []})

    return ask
