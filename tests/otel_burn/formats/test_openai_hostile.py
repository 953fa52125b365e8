"""Does anything that a server may send break the reading of OpenAI's formats, or make it invent a number?"""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, note, settings
from hypothesis import strategies as st

from otel_burn.formats import FORMATS
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format
from otel_burn.formats.openai_usage import read_usage
from otel_burn.usage import Usage

OURS = [spoken for spoken in FORMATS if spoken.name.startswith("openai_")]
FIELDS = st.sampled_from(
    ["id", "object", "status", "model", "type", "role", "content", "text", "refusal", "reasoning", "reasoning_content",
     "reasoning_details", "thinking", "audio", "images", "annotations", "tool_calls", "function_call", "function",
     "custom", "name", "arguments", "input", "index", "n", "delta", "message", "choices", "finish_reason", "error",
     "code", "base_resp", "status_code", "usage", "x_groq", "timings", "prompt_n", "cache_n", "stream_options",
     "prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens", "prompt_tokens_details",
     "input_tokens_details", "completion_tokens_details", "cached_tokens", "cache_write_tokens", "reasoning_tokens",
     "cache_write_tokens_details", "ttl_30m", "server_tool_use", "web_search_requests", "seconds", "citation_tokens",
     "prompt_audio_seconds", "response", "item", "output", "outputs", "queries", "results", "action", "actions",
     "summary", "encrypted_content", "call_id", "tools", "instructions", "conversation", "prompt", "tool_usage",
     "web_search", "num_requests", "incomplete_details", "reason", "background", "data", "svg_usage", "questions",
     "required_action", "submit_tool_outputs", "tool_outputs", "last_error", "thread", "messages", "stream"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["message", "reasoning", "function_call", "custom_tool_call", "mcp_call", "web_search_call", "computer_call",
     "file_search_call", "code_interpreter_call", "image_generation_call", "compaction", "function_call_output",
     "response.created", "response.completed", "response.failed", "response.output_item.done", "error", "duration",
     "image_generation.completed", "transcript.text.done", "thread.run", "completed", "failed", "assistant", "tool",
     "stop", "thinking", "[", "{}", "\\ud800"]
)  # fmt: skip
NUMBERS = st.integers(-2, 2**70) | st.floats() | st.booleans() | st.none()
JSON = st.recursive(
    NUMBERS | WORDS | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=16,
)
BODY = st.dictionaries(FIELDS, JSON, max_size=6)


@settings(max_examples=150)
@given(asked=BODY, answered=BODY, events=st.lists(BODY, max_size=5))
def test_whatever_comes_is_read_or_left(
    asked: dict[str, Any], answered: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    """No format raises anything, and every count is a whole number that is not negative."""
    body = Body(json.dumps(asked).encode())
    for spoken in OURS:
        note(spoken.name)
        spoken.is_request(body)
        spoken.read_request(body, "/openai/deployments/%ff/x")
        spoken.blocks(body)
        for usage in _usages(spoken, About("/v1/x", body), answered, events):
            counts = [getattr(usage, name) for name in type(usage).__slots__]
            assert all(isinstance(one, int) and one >= 0 for one in counts[:-1] if one is not None)


def _usages(
    spoken: Format, about: About, answered: dict[str, Any], events: list[dict[str, Any]]
) -> Iterator[Usage]:
    """What each answer, and each event of a stream, says was used."""
    if (usage := spoken.read_response(answered, about).usage) is not None:
        yield usage
    if spoken.stream is not None:
        stream = spoken.stream(about)
        for event in events:
            stream.add(event)
            if (usage := stream.response().usage) is not None:
                yield usage


@settings(max_examples=150)
@given(usage=BODY)
def test_no_count_is_larger_than_what_was_said(usage: dict[str, Any]) -> None:
    """Input and output together never exceed the sum of all numbers in the usage object."""
    read = read_usage(usage)
    if read is not None:
        said = [abs(int(n)) for n in _numbers(usage)]
        assert (read.input_tokens or 0) + (read.output_tokens or 0) <= 2 * sum(said)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [n for one in value.values() for n in _numbers(one)]
    if isinstance(value, list):
        return [n for one in value for n in _numbers(one)]
    return [value] if isinstance(value, int | float) and value == value and abs(value) < 2**80 else []
