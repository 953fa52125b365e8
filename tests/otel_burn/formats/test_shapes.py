"""Is each request read by the right format, and does nothing that arrives break one?"""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_burn.formats import FORMATS, recognise
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format

FIELDS = (
    "id", "model", "messages", "tools", "system", "role", "content", "text", "type", "usage", "choices", "delta",
    "index", "message", "tool_calls", "function", "name", "arguments", "input", "partial_json", "error", "code",
    "prompt_tokens", "input_tokens", "output_tokens", "prompt_tokens_details", "cached_tokens", "finish_reason",
    "output", "response", "item", "item_id", "output_index", "contents", "parts", "candidates", "usageMetadata",
    "functionCall", "functionResponse", "toolConfig", "metadata", "contentBlockStart", "contentBlockDelta",
    "meta", "billed_units", "texts", "prompt", "data", "result", "outputs", "embeddings", "eval_count", "done",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)
BODY = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5)
KINDS = st.sampled_from(
    ["message_start", "content_block_start", "content_block_delta", "message_delta", "error",
     "response.completed", "response.output_item.done", "message-end", "stream-end"]
)  # fmt: skip
EVENTS = st.lists(st.tuples(KINDS, BODY).map(lambda event: event[1] | {"type": event[0]}), max_size=4)


@pytest.mark.parametrize("spoken", FORMATS, ids=lambda spoken: spoken.name)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(asked=BODY, answered=BODY, events=EVENTS)
def test_no_body_breaks_a_format(
    spoken: Format, asked: dict[str, Any], answered: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    """Whatever JSON arrives, a format reads it or leaves it, and raises nothing."""
    body = Body(json.dumps(asked).encode())
    spoken.is_request(body)
    spoken.read_request(body, "/v1/x")
    spoken.blocks(body)
    about = About("/model/anthropic.claude/x", body)
    spoken.read_response(answered, about)
    if spoken.stream is not None:
        stream = spoken.stream(about)
        for event in events:
            stream.add(event)
        stream.response()


CHAT = {"model": "m", "messages": []}
CASES: list[tuple[str, str, dict[str, Any], str | None]] = [
    ("POST", "/v1/chat/completions", CHAT, "openai_chat"),
    ("post", "/v1/chat/completions", CHAT, "openai_chat"),
    ("POST", "/openai/deployments/gpt/chat/completions", {"messages": []}, "openai_chat"),
    ("GET", "/v1/chat/completions", CHAT, None),
    ("POST", "/v1/chat/completions", {"query": "not ours"}, None),
    ("POST", "/anthropic/v1/messages", CHAT | {"max_tokens": 1}, "anthropic_messages"),
    ("POST", "/v1/threads/thread_1/messages", {"role": "user", "content": "x"}, None),
    ("GET", "/v1/messages", {}, None),
    ("POST", "/", {}, None),
    ("POST", "", {}, None),
]


@pytest.mark.parametrize(("method", "path", "body", "name"), CASES, ids=lambda value: str(value)[:60])
def test_recognised(method: str, path: str, body: dict[str, Any], name: str | None) -> None:
    """A format is recognised by method, path and the shape of the body."""
    asked = Body(json.dumps(body).encode())
    found = next((spoken for spoken in recognise(method, path) if spoken.is_request(asked)), None)
    assert (found and found.name) == name


def test_the_table_has_no_row_twice() -> None:
    """Names are unique, and every format can be found by its own path."""
    assert len({spoken.name for spoken in FORMATS}) == len(FORMATS)
    for spoken in FORMATS:
        for path in spoken.paths:
            sent = "/x" + path.replace("*", "id")
            assert spoken in recognise(spoken.method, sent), (spoken.name, path)
