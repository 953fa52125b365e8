"""Do Converse calls leave exact spans, whole and streamed?"""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names
from otel_burn.formats.bedrock_converse import FORMAT
from otel_burn.formats.body import Body
from otel_burn.formats.format import About

Spans = Callable[[], list[ReadableSpan]]
Events = Callable[..., list[bytes]]
MODEL = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-v1:0"
PATH = "/model/" + quote(MODEL, safe="")
ASKED: dict[str, Any] = {
    "messages": [{"role": "user", "content": [{"text": "what does main.py do?"}, {"cachePoint": {"type": "default"}}]}],
    "system": [{"text": "You read."}],
    "inferenceConfig": {"maxTokens": 300, "temperature": 0.5, "topP": 0.9, "stopSequences": ["secret"]},
    "additionalModelRequestFields": {"top_k": 5},
    "toolConfig": {"tools": [{"toolSpec": {"name": "read_file", "inputSchema": {"json": {}}}}]},
}  # fmt: skip
CONTENT: list[dict[str, Any]] = [
    {"reasoningContent": {"reasoningText": {"text": "let me look", "signature": "c2lnbmVk"}}},
    {"reasoningContent": {"redactedContent": "aGlkZGVu"}},
    {"text": "It says"},
    {"toolUse": {"toolUseId": "srv_1", "name": "run", "input": {"code": "1"}, "type": "server_tool_use"}},
    {"toolResult": {"toolUseId": "srv_1", "content": [{"text": "o"}, {"text": "k"}], "status": "success"}},
    {"citationsContent": {"content": [{"text": "a quote"}], "citations": [{"title": "t"}]}},
    {
        "toolUse": {
            "toolUseId": "tool_1",
            "name": "read_file",
            "input": {"path": "main.py", "lines": [1, 2.5]},
        }
    },
]
USAGE = {
    "inputTokens": 100, "outputTokens": 50, "totalTokens": 1150, "cacheReadInputTokens": 800,
    "cacheWriteInputTokens": 200, "serverToolUsage": {},
    "cacheDetails": [{"ttl": "5m", "inputTokens": 150}, {"ttl": "1h", "inputTokens": 50}],
}  # fmt: skip
AROUND = {
    "usage": USAGE, "metrics": {"latencyMs": 5}, "serviceTier": {"type": "priority"},
    "performanceConfig": {"latency": "optimized"},
    "trace": {"promptRouter": {"invokedModelId": "anthropic.claude-sonnet-4-5-v1:0"}},
}  # fmt: skip
ANSWER = {
    "output": {"message": {"role": "assistant", "content": CONTENT}},
    "stopReason": "tool_use",
    **AROUND,
}
DELTAS: list[tuple[dict[str, Any] | None, list[dict[str, Any]]]] = [
    (None, [{"reasoningContent": {"text": "let me"}}, {"reasoningContent": {"text": " look"}},
            {"reasoningContent": {"signature": "c2lnbmVk"}}]),
    (None, [{"reasoningContent": {"redactedContent": "aGlkZGVu"}}]),
    (None, [{"text": "It "}, {"text": "says"}]),
    ({"toolUse": {"toolUseId": "srv_1", "name": "run", "type": "server_tool_use"}},
     [{"toolUse": {"input": '{"code":'}}, {"toolUse": {"input": '"1"}'}}]),
    ({"toolResult": {"toolUseId": "srv_1", "status": "success"}},
     [{"toolResult": [{"text": "o"}]}, {"toolResult": [{"text": "k"}]}]),
    (None, [{"text": "a quote"}, {"citation": {"title": "t"}}]),
    ({"toolUse": {"toolUseId": "tool_1", "name": "read_file"}},
     [{"toolUse": {"input": ""}}, {"toolUse": {"input": '{"path": "main.py", "lines": [1, 2.5]}'}}]),
]  # fmt: skip


def events() -> list[dict[str, Any]]:
    """The stream of `ANSWER`."""
    found: list[dict[str, Any]] = [{"messageStart": {"role": "assistant", "p": "abc"}}]
    for index, (start, deltas) in enumerate(DELTAS):
        at = {"contentBlockIndex": index}
        if start is not None:
            found.append({"contentBlockStart": {"start": start, **at}})
        found += [{"contentBlockDelta": {"delta": delta, **at, "p": "ab"}} for delta in deltas]
        found.append({"contentBlockStop": at})
    return [*found, {"messageStop": {"stopReason": "tool_use"}}, {"metadata": AROUND}]


def ask(server: Any, path: str, messages: list[Any] | None = None) -> bytes:
    """Ask the server as boto3 would."""
    return httpx.post(
        server.url + PATH + path, json=ASKED | {"messages": messages or ASKED["messages"]}
    ).content


def played(server: Any, chunks: list[bytes]) -> None:
    """Let the server stream *chunks* next."""
    server.stream(chunks)
    server.answers[-1].content_type = "application/vnd.amazon.eventstream"


EXPECTED = {
    names.OPERATION_NAME: "chat",
    names.PROVIDER_NAME: "aws.bedrock",
    names.REQUEST_MODEL: MODEL,
    names.RESPONSE_MODEL: "anthropic.claude-sonnet-4-5-v1:0",
    names.REQUEST_MAX_TOKENS: 300,
    names.REQUEST_TOP_K: 5,
    names.REQUEST_TOP_P: 0.9,
    names.USAGE_STATUS: "exact",
    names.USAGE_INPUT_TOKENS: 1100,
    names.USAGE_OUTPUT_TOKENS: 50,
    names.USAGE_CACHE_READ_INPUT_TOKENS: 800,
    names.USAGE_CACHE_WRITE_INPUT_TOKENS: 200,
    names.ANTHROPIC_CACHE_WRITE_5M: 150,
    names.ANTHROPIC_CACHE_WRITE_1H: 50,
    names.SERVICE_TIER: "priority",
    names.SPEED: "optimized",
    names.RESPONSE_FINISH_REASONS: ("tool_use",),
    names.TOOL_CALLS_IDS: ("tool_1",),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_answer_hashes_as_it_is_sent_back(
    server: Any, spans: Spans, aws_stream: Events, stream: bool
) -> None:
    """Every kind of block that a model can answer with, and all that it bills for."""
    if stream:
        played(server, aws_stream(*events()))
    else:
        server.say(ANSWER)
    ask(server, "/converse-stream" if stream else "/converse")
    server.say(ANSWER)
    ask(server, "/converse", [*ASKED["messages"], {"role": "assistant", "content": CONTENT}])
    found: list[dict[str, Any]] = [dict(span.attributes or {}) for span in spans()]
    first, second = found
    assert first[names.OUTPUT_HASHES] == second[names.CONTEXT_HASHES][-len(CONTENT) :]
    assert first[names.OUTPUT_KINDS] == second[names.CONTEXT_KINDS][-len(CONTENT) :]
    assert first[names.CONTEXT_KINDS] == ("tool_definition", "system", "user")
    assert {key: first.get(key) for key in EXPECTED} == EXPECTED
    assert names.ERROR_TYPE not in first


def test_a_stream_without_its_metadata_is_not_complete(server: Any, spans: Spans, aws_stream: Events) -> None:
    """It may have stopped, but nobody said what it burned."""
    played(server, aws_stream(*events()[:-1]))
    ask(server, "/converse-stream")
    (span,) = spans()
    found = dict(span.attributes or {})
    assert (found[names.USAGE_STATUS], found[names.ERROR_TYPE]) == ("missing", "stream_truncated")


@pytest.mark.parametrize("name", ["throttlingException", "modelStreamErrorException"])
def test_an_exception_within_a_stream_is_named(
    server: Any, spans: Spans, aws_stream: Events, name: str
) -> None:
    """Its class, never its message."""
    played(server, aws_stream(*events()[:4], {name: {"message": "secret"}}))
    ask(server, "/converse-stream")
    (span,) = spans()
    assert dict(span.attributes or {})[names.ERROR_TYPE] == name
    assert "secret" not in str(span.attributes)


def test_an_error_is_named_by_its_header(server: Any, spans: Spans) -> None:
    """AWS gives the class of an error beside the body."""
    kind = "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/"
    server.say({"message": "secret"}, 400, **{"x-amzn-errortype": kind})
    ask(server, "/converse")
    (span,) = spans()
    assert dict(span.attributes or {})[names.ERROR_TYPE] == "ValidationException"
    assert "secret" not in str(span.attributes)


TOTALS: dict[str, tuple[dict[str, int], int]] = {
    "excludes the cache": ({"inputTokens": 10, "cacheReadInputTokens": 90, "totalTokens": 105}, 100),
    "includes the cache": ({"inputTokens": 100, "cacheReadInputTokens": 90, "totalTokens": 105}, 100),
    "says no total": ({"inputTokens": 10, "cacheReadInputTokens": 90}, 100),
    "as Nova spells it": ({"inputTokens": 10, "cacheWriteInputTokenCount": 90, "totalTokens": 15}, 100),
}


@pytest.mark.parametrize(("usage", "expected"), TOTALS.values(), ids=TOTALS)
def test_the_total_tells_what_the_input_includes(usage: dict[str, int], expected: int) -> None:
    """Input has everything that was read, whichever way a model's family counts it."""
    read = FORMAT.read_response({"usage": usage | {"outputTokens": 5}}, About("/", Body(b""))).usage
    assert read is not None
    assert read.input_tokens == expected
