"""Are events found however a server frames them?"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_burn.formats import FORMATS, Format, recognise, sse


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def test_line_ends(end: bytes) -> None:
    """All three line ends of the specification work, with comments and other fields in between."""
    body = end.join([b": ping", b"event: x", b'data: {"a":', b"data: 1}", b"", b"data: [DONE]", b"", b""])
    assert list(sse.events(body)) == [{"a": 1}, {"done": True}]


def test_what_is_no_event_is_skipped() -> None:
    """A cut-off event, a number and broken JSON are no events; those around them are."""
    body = b'data: {"a": 1}\n\ndata: 7\n\ndata: {oops\n\ndata:{"b": 2}\n\ndata: {"c": '
    assert list(sse.events(body)) == [{"a": 1}, {"b": 2}]


FIELDS = (
    "id", "model", "messages", "tools", "system", "role", "content", "text", "type", "usage", "choices", "delta",
    "index", "message", "tool_calls", "function", "name", "arguments", "input", "partial_json", "error", "code",
    "prompt_tokens", "input_tokens", "output_tokens", "prompt_tokens_details", "cached_tokens", "finish_reason",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)
BODY = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5)
KINDS = st.sampled_from(
    ["message_start", "content_block_start", "content_block_delta", "message_delta", "error"]
)
EVENTS = st.lists(st.tuples(KINDS, BODY).map(lambda event: event[1] | {"type": event[0]}), max_size=4)


@pytest.mark.parametrize("spoken", FORMATS, ids=lambda spoken: spoken.name)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(asked=BODY, answered=BODY, events=EVENTS)
def test_no_body_breaks_a_format(
    spoken: Format, asked: dict[str, Any], answered: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    """Whatever JSON arrives, a format reads it or leaves it, and raises nothing."""
    spoken.is_request(asked)
    spoken.read_request(asked)
    spoken.read_response(answered)
    spoken.read_stream(iter(events))


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("POST", "/v1/chat/completions", "openai_chat"),
        ("POST", "/openai/deployments/gpt/chat/completions", "openai_chat"),
        ("POST", "/anthropic/v1/messages", "anthropic_messages"),
        ("POST", "/v1/threads/thread_1/messages", None),
        ("POST", "/v1/completions", None),
        ("GET", "/v1/messages", None),
        ("POST", "/", None),
    ],
)
def test_recognised_by_path(method: str, path: str, name: str | None) -> None:
    """A format is recognised by method and path."""
    found = recognise(method, path)
    assert (found and found.name) == name
