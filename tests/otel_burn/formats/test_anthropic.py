"""Does Anthropic's own SDK leave exact spans, whatever it asks for and wherever?"""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names

Spans = Callable[[], list[ReadableSpan]]
ASKED: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "what does main.py do?"}],
}
CONTENT: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "let me look", "signature": "c2lnbmVk"},
    {"type": "thinking", "thinking": "", "signature": "b21pdHRlZA=="},
    {"type": "redacted_thinking", "data": "aGlkZGVu"},
    {"type": "mcp_tool_listing", "mcp_server_name": "files", "tools": [{"name": "ls", "input_schema": {}}]},
    {"type": "text", "text": "It says ", "citations": None},
    {"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "main.py"}},
    {
        "type": "web_search_tool_result",
        "tool_use_id": "srv_1",
        "content": [
            {
                "type": "web_search_result", "url": "https://x.example", "title": "x", "page_age": None,
                "encrypted_content": "ZW5j",
            }
        ],
    },
    {"type": "mcp_tool_use", "id": "mcp_1", "name": "ls", "server_name": "files", "input": {"path": "."}},
    {
        "type": "mcp_tool_result", "tool_use_id": "mcp_1", "is_error": False,
        "content": [{"type": "text", "text": "main.py"}],
    },
    {"type": "container_upload", "file_id": "file_1"},
    {"type": "compaction", "content": "what was said before", "encrypted_content": None},
    {
        "type": "fallback", "from": {"model": "claude-fable-5"}, "to": {"model": "claude-opus-5-5"},
        "trigger": {"type": "refusal", "category": "cyber"},
    },
    {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "main.py", "lines": [1, 2.5]}},
]  # fmt: skip
USAGE = {
    "input_tokens": 100, "cache_read_input_tokens": 800, "cache_creation_input_tokens": 90, "output_tokens": 200,
    "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 30},
    "output_tokens_details": {"thinking_tokens": 50}, "server_tool_use": {"web_search_requests": 2},
    "service_tier": "priority", "speed": "fast", "inference_geo": "us",
    "iterations": [
        {"type": "compaction", "input_tokens": 10, "cache_read_input_tokens": 180_000, "output_tokens": 3500},
        {"type": "message", "input_tokens": 100, "cache_read_input_tokens": 800, "output_tokens": 200},
        {"type": "advisor_message", "model": "claude-opus-4-8", "input_tokens": 2518, "output_tokens": 22},
    ],
}  # fmt: skip
MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5", "content": CONTENT,
    "stop_reason": "tool_use", "stop_sequence": None, "usage": USAGE,
}  # fmt: skip


def event(**said: Any) -> bytes:
    """A server-sent event."""
    return f"event: {said['type']}\ndata: {json.dumps(said)}\n\n".encode()


def deltas(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """How a content block is streamed: its start and its deltas."""
    match block["type"]:
        case "text":
            return block | {"text": ""}, [
                {"type": "text_delta", "text": block["text"][:4]},
                {"type": "text_delta", "text": block["text"][4:]},
            ]
        case "thinking":
            return block | {"thinking": "", "signature": ""}, [
                {"type": "thinking_delta", "thinking": block["thinking"][:5]},
                {"type": "thinking_delta", "thinking": block["thinking"][5:]},
                {"type": "signature_delta", "signature": block["signature"]},
            ]
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            asked = json.dumps(block["input"])
            pieces = ["", asked[:7], asked[7:]]
            return block | {"input": {}}, [{"type": "input_json_delta", "partial_json": p} for p in pieces]
        case "compaction":
            said = {key: block[key] for key in ("content", "encrypted_content")}
            return {"type": "compaction", "content": None}, [{"type": "compaction_delta", **said}]
        case _:
            return block, []


def streamed(message: dict[str, Any]) -> list[bytes]:
    """The events of *message*; its start has what the API knows then, and a placeholder."""
    usage = message["usage"]
    known = {key: value for key, value in usage.items() if key not in ("output_tokens_details", "iterations")}
    started = message | {"content": [], "stop_reason": None, "usage": known | {"output_tokens": 1}}
    chunks = [event(type="message_start", message=started), event(type="ping")]
    for index, block in enumerate(message["content"]):
        start, pieces = deltas(block)
        chunks.append(event(type="content_block_start", index=index, content_block=start))
        chunks += [event(type="content_block_delta", index=index, delta=piece) for piece in pieces]
        chunks.append(event(type="content_block_stop", index=index))
    late = ("input_tokens", "output_tokens", "cache_read_input_tokens", "output_tokens_details", "iterations")
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    said = {key: usage[key] for key in late if key in usage}
    return [*chunks, event(type="message_delta", delta=delta, usage=said), event(type="message_stop")]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """A span's attributes."""
    return dict(span.attributes or {})


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_an_answer_hashes_as_it_is_sent_back(server: Any, spans: Spans, stream: bool) -> None:
    """Every kind of block that a model can answer with, and all that it bills for."""
    client = anthropic.Anthropic(base_url=server.url, max_retries=0)
    if stream:
        server.stream(streamed(MESSAGE))
        with client.beta.messages.stream(**ASKED) as running:
            answer = running.get_final_message()
    else:
        server.say(MESSAGE)
        answer = client.beta.messages.create(**ASKED)
    server.say(MESSAGE)
    client.beta.messages.create(**ASKED | {"messages": [*ASKED["messages"], answer.to_param()]})
    first, advice, second, _ = map(attributes, spans())
    assert first[names.OUTPUT_HASHES] == second[names.CONTEXT_HASHES][-len(CONTENT) :]
    assert first[names.OUTPUT_KINDS] == second[names.CONTEXT_KINDS][-len(CONTENT) :]
    assert len(set(first[names.OUTPUT_HASHES])) == len(CONTENT)
    assert first[names.TOOL_CALLS_IDS] == ("toolu_1",)
    assert {key: first[key] for key in EXPECTED} == EXPECTED
    assert advice[names.RESPONSE_MODEL] == "claude-opus-4-8"
    assert (advice[names.USAGE_INPUT_TOKENS], advice[names.USAGE_OUTPUT_TOKENS]) == (2518, 22)


EXPECTED = {
    names.USAGE_STATUS: "exact",
    names.USAGE_INPUT_TOKENS: 990,
    names.USAGE_OUTPUT_TOKENS: 200,
    names.USAGE_CACHE_READ_INPUT_TOKENS: 800,
    names.USAGE_CACHE_WRITE_INPUT_TOKENS: 90,
    names.ANTHROPIC_CACHE_WRITE_5M: 60,
    names.ANTHROPIC_CACHE_WRITE_1H: 30,
    names.USAGE_REASONING_OUTPUT_TOKENS: 50,
    names.USAGE_UNITS["web_search_requests"]: 2,
    names.USAGE_UNITS["compaction_input_tokens"]: 180_010,
    names.USAGE_UNITS["compaction_output_tokens"]: 3500,
    names.SERVICE_TIER: "priority",
    names.SPEED: "fast",
    names.REGION: "us",
    names.RESPONSE_FINISH_REASONS: ("tool_use",),
}


def test_tokens_that_are_counted_are_not_burned(server: Any, spans: Spans) -> None:
    """`count_tokens` is an operation of its own, without usage."""
    client = anthropic.Anthropic(base_url=server.url, max_retries=0)
    server.say({"input_tokens": 2095})
    client.messages.count_tokens(model=ASKED["model"], messages=ASKED["messages"])
    (counted,) = map(attributes, spans())
    assert counted[names.OPERATION_NAME] == "count_tokens"
    assert counted[names.REQUEST_MODEL] == "claude-opus-5-5"
    assert not [key for key in counted if key.startswith("gen_ai.usage.")]


def test_each_result_of_a_batch_is_a_call(server: Any, spans: Spans) -> None:
    """The creation says how many; each message among the results is billed in the batch tier, once."""
    client = anthropic.Anthropic(base_url=server.url, max_retries=0)
    server.say({"id": "msgbatch_1", "type": "message_batch", "processing_status": "in_progress"})
    requests: list[Any] = [{"custom_id": str(number), "params": ASKED} for number in range(3)]
    client.messages.batches.create(requests=requests)
    results = [
        {
            "custom_id": "0",
            "result": {"type": "succeeded", "message": MESSAGE | {"id": "msg_a", "content": []}},
        },
        {"custom_id": "1", "result": {"type": "errored", "error": {"type": "error", "error": {"type": "x"}}}},
        {"custom_id": "2", "result": {"type": "expired"}},
    ]
    lines = b"".join(json.dumps(result).encode() + b"\n" for result in results)
    for _ in range(2):
        server.stream([lines[:50], lines[50:]])
        server.answers[-1].content_type = "application/x-jsonl"
        assert len(httpx.get(f"{server.url}/v1/messages/batches/msgbatch_1/results").text.splitlines()) == 3
    created, fetched, answer, *_ = found = list(map(attributes, spans()))
    assert (created[names.OPERATION_NAME], created[names.BATCH_REQUESTS]) == ("create_batch", 3)
    assert fetched[names.OPERATION_NAME] == "fetch_response"
    assert (answer[names.RESPONSE_ID], answer[names.SERVICE_TIER]) == ("msg_a", "batch")
    assert answer[names.USAGE_INPUT_TOKENS] == 990
    assert sum(one.get(names.RESPONSE_ID) == "msg_a" for one in found) == 1


def test_text_completions_report_no_usage(server: Any, spans: Spans) -> None:
    """The first API, streamed: complete with its stop reason, its usage missing."""
    server.stream(
        [
            event(type="completion", completion=" Hi", stop_reason=None, model="claude-2.1"),
            event(type="ping"),
            event(type="completion", completion="!", stop_reason="stop_sequence", model="claude-2.1"),
        ]
    )
    asked = {"model": "claude-2.1", "prompt": "Human: hi", "max_tokens_to_sample": 9, "stream": True}
    httpx.post(f"{server.url}/v1/complete", json=asked)
    (span,) = map(attributes, spans())
    assert (span[names.OPERATION_NAME], span[names.USAGE_STATUS]) == ("text_completion", "missing")
    assert span[names.RESPONSE_FINISH_REASONS] == ("stop_sequence",)
    assert names.ERROR_TYPE not in span


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_vertex_has_its_model_in_the_path(server: Any, spans: Spans, stream: bool) -> None:
    """`:rawPredict` and `:streamRawPredict`, and a count of tokens that burns nothing."""
    client = anthropic.AnthropicVertex(
        base_url=server.url, project_id="p", region="global", access_token="dummy", max_retries=0
    )
    if stream:
        server.stream(streamed(MESSAGE))
        list(client.messages.create(**ASKED, stream=True))
    else:
        server.say(MESSAGE)
        client.messages.create(**ASKED)
    server.say({"input_tokens": 2095})
    client.messages.count_tokens(model=ASKED["model"], messages=ASKED["messages"])
    answer, _, counted = map(attributes, spans())
    assert (answer[names.PROVIDER_NAME], answer[names.REQUEST_MODEL]) == ("gcp.vertex_ai", "claude-opus-5-5")
    assert (answer[names.USAGE_INPUT_TOKENS], answer.get(names.REQUEST_STREAM, False)) == (990, stream)
    assert counted[names.OPERATION_NAME] == "count_tokens"


def test_an_error_within_a_stream_is_named(server: Any, spans: Spans) -> None:
    """What was billed until then stays partial, the placeholder is never reported."""
    client = anthropic.Anthropic(base_url=server.url, max_retries=0)
    overloaded = event(type="error", error={"type": "overloaded_error", "message": "busy"})
    server.stream([*streamed(MESSAGE)[:5], overloaded])
    with pytest.raises(anthropic.APIStatusError):
        list(client.messages.create(**ASKED, stream=True))
    (span,) = map(attributes, spans())
    assert (span[names.ERROR_TYPE], span[names.USAGE_STATUS]) == ("overloaded_error", "partial")
    assert span[names.USAGE_INPUT_TOKENS] == 990
    assert names.USAGE_OUTPUT_TOKENS not in span
