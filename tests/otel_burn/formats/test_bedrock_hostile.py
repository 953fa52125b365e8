"""Does anything that an AWS event stream may carry break our reading of Bedrock?"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_burn.answers import Answer
from otel_burn.formats import FORMATS
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format

Events = Callable[..., list[bytes]]
FIELDS = (
    "type", "message_start", "message", "usage", "content_block", "delta", "index", "amazon-bedrock-invocationMetrics",
    "messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockIndex", "start", "toolUse", "toolResult",
    "reasoningContent", "redactedContent", "messageStop", "stopReason", "metadata", "trace", "cacheDetails", "ttl",
    "inputTokens", "totalTokens", "inputTokenCount", "outputText", "results", "outputs", "generation", "choices",
    "text", "content", "input", "json", "orchestrationTrace", "modelInvocationInput", "modelInvocationOutput",
    "traceId", "output", "images", "meta", "billed_units", "response", "tool_calls", "parameters", "error", "bytes",
    "xException", "iterations", "model", "input_tokens", "output_tokens", "cache_creation", "data", "finishReason",
    "name",
)  # fmt: skip
KINDS = (
    "message_start",
    "content_block_start",
    "content_block_delta",
    "message_delta",
    "message_stop",
    "tool_use",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(KINDS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=10,
)
EVENT = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=5)
SPOKEN = [one for one in FORMATS if one.provider == "aws.bedrock" and one.stream is not None]


@pytest.mark.parametrize("spoken", SPOKEN, ids=lambda spoken: spoken.name)
@settings(
    max_examples=60,
)
@given(asked=EVENT, body=EVENT, events=st.lists(EVENT, max_size=4), cut=st.integers(0, 40))
def test_no_event_breaks_a_reading(
    aws_stream: Events,
    aws_chunks: Events,
    spoken: Format,
    asked: dict[str, Any],
    body: dict[str, Any],
    events: list[dict[str, Any]],
    cut: int,
) -> None:
    """Events of any shape, in chunks and by themselves, whole and cut short; bodies and requests likewise."""
    about = About("/model/x/y", Body(json.dumps(asked).encode()), {"x-amzn-bedrock-input-token-count": "x²"})
    spoken.blocks(about.asked)
    spoken.read_request(about.asked, "/model/x/y")
    spoken.read_response(body, about)
    for stream in (b"".join(aws_chunks(*events)), b"".join(aws_stream(*events))):
        about = About(about.path, about.asked, {"content-type": "application/vnd.amazon.eventstream"})
        answer = Answer(spoken, about, encoded=False)
        answer.feed(stream[: len(stream) - cut])
        answer.response()
