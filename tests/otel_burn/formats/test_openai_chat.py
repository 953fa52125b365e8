"""Are chat completions read as they are spoken, by OpenAI and with the accents of other hosts?"""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names
from otel_burn.exchange import BlockKind, Response
from otel_burn.formats import openai_chat
from otel_burn.formats.body import Body
from otel_burn.formats.format import About

Spans = Callable[[], list[ReadableSpan]]
Json = dict[str, Any]
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
MESSAGES: dict[str, Json] = {
    "text": {"content": "It says hello."},
    "reasoning of DeepSeek": {"reasoning_content": "let me look", "content": "hello"},
    "reasoning of Groq": {"reasoning": "let me look", "content": "hello"},
    "reasoning of OpenRouter": {
        "reasoning": "let me look",
        "reasoning_details": [
            {"type": "reasoning.text", "text": "let me look", "signature": "x", "index": 0}
        ],
        "content": "hello",
    },
    "sealed reasoning": {
        "reasoning_details": [{"type": "reasoning.encrypted", "data": "eA=="}],
        "content": "hello",
    },
    "refusal": {"content": None, "refusal": "I won't."},
    "audio": {
        "content": None,
        "audio": {"id": "audio_1", "data": "eA==", "transcript": "hello", "expires_at": 1},
    },
    "image": {
        "content": "here",
        "images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}],
    },
    "tool calls": {
        "content": "look",
        "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "ls", "arguments": '{"path": "."}'}},
            {"id": "call_2", "type": "custom", "custom": {"name": "sh", "input": "ls -l | wc"}},
        ],
    },
    "function call": {"content": None, "function_call": {"name": "ls", "arguments": '{"path": "."}'}},
    "citations": {
        "content": "hello",
        "annotations": [{"type": "url_citation", "url_citation": {"url": "x"}}],
    },
    "parts of Mistral": {
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "let me look"}], "closed": True},
            {"type": "text", "text": "hello"},
        ]
    },
}


def about(**asked: Any) -> About:
    """What stands around the answer to a request."""
    return About("/v1/chat/completions", Body(json.dumps({"model": "m", "messages": []} | asked).encode()))


def whole(message: Json, **changed: Any) -> Json:
    """A body with one choice."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant"} | message}
    return {"id": "c1", "model": "gpt-6", "choices": [choice], "usage": USAGE} | changed


def pieces(message: Json) -> list[Json]:
    """*message* as a stream's deltas, its texts cut in two."""
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    for key in ("reasoning_content", "reasoning", "reasoning_details", "content", "refusal"):
        value = message.get(key)
        if isinstance(value, str):
            deltas += [{key: value[:3]}, {key: value[3:]}]
        elif value is not None:
            deltas += [{key: [part]} for part in value]
    if "reasoning" in message and "reasoning_details" in message:  # OpenRouter sends both in each delta
        deltas = [delta for delta in deltas if "reasoning_details" not in delta]
    deltas += [{key: message[key]} for key in ("audio", "images", "annotations") if key in message]
    calls = message.get("tool_calls", [])
    for index, call in enumerate(calls):
        kind = call["type"]
        name, said = call[kind]["name"], call[kind].get("arguments", call[kind].get("input"))
        text = "arguments" if kind == "function" else "input"
        deltas += [
            {
                "tool_calls": [
                    {"index": index, "id": call["id"], "type": kind, kind: {"name": name, text: ""}}
                ]
            },
            *({"tool_calls": [{"index": index, kind: {text: part}}]} for part in (said[:4], said[4:])),
        ]
    if called := message.get("function_call"):
        deltas += [{"function_call": {"name": called["name"], "arguments": ""}}]
        deltas += [
            {"function_call": {"arguments": part}}
            for part in (called["arguments"][:4], called["arguments"][4:])
        ]
    return deltas


def chunk(delta: Json, finish: str | None = None, index: int = 0, **more: Any) -> Json:
    """A chunk of a stream."""
    return {
        "id": "c1",
        "model": "gpt-6",
        "choices": [{"index": index, "delta": delta, "finish_reason": finish}],
    } | more


def streamed(events: list[Json], **asked: Any) -> Response:
    """The response that a stream of *events* is read as."""
    stream = openai_chat.Stream(about(**asked))
    for event in events:
        stream.add(event)
    return stream.response()


DONE: Json = {"done": True}


@pytest.mark.parametrize("kind", MESSAGES)
def test_an_answer_reads_alike_whole_streamed_and_sent_back(kind: str) -> None:
    """Its blocks and tool calls are the same in all three."""
    message = MESSAGES[kind]
    read = openai_chat.read_response(whole(message), about())
    stream = [*map(chunk, pieces(message)), chunk({}, "stop"), {"choices": [], "usage": USAGE}, DONE]
    back = {"model": "m", "messages": [{"role": "assistant"} | message]}
    assert read.output
    assert streamed(stream) == read
    assert tuple(openai_chat.FORMAT.blocks(Body(json.dumps(back).encode()))) == read.output


def test_audio_is_sent_back_by_its_id() -> None:
    """The request carries the id alone, and it is the same block."""
    back = {"model": "m", "messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]}
    (block,) = openai_chat.FORMAT.blocks(Body(json.dumps(back).encode()))
    assert (block,) == openai_chat.read_response(whole(MESSAGES["audio"]), about()).output
    assert block.kind is BlockKind.DOCUMENT


def test_kinds_of_blocks_and_tools() -> None:
    """Reasoning, text and calls have their kinds, custom tools their names, results the names of their calls."""
    tools = [{"type": "custom", "custom": {"name": "sh"}}, {"type": "function", "function": {"name": "ls"}}]
    result = {
        "role": "tool",
        "tool_call_id": "call_2",
        "content": [{"type": "text", "text": "Traceback: OSError"}],
    }
    messages = [{"role": "assistant"} | MESSAGES[kind] for kind in ("reasoning of DeepSeek", "tool calls")]
    blocks = openai_chat.FORMAT.blocks(
        Body(json.dumps({"tools": tools, "messages": [*messages, result]}).encode())
    )
    assert [(str(b.kind), b.tool, b.error) for b in blocks] == [
        ("tool_definition", "sh", ""), ("tool_definition", "ls", ""), ("reasoning", "", ""), ("assistant", "", ""),
        ("assistant", "", ""), ("tool_call", "ls", ""), ("tool_call", "sh", ""), ("tool_result", "sh", "OSError"),
    ]  # fmt: skip


def test_cache_marks_move_and_change_nothing() -> None:
    """A part with a mark is the same block as without."""
    image = {"type": "image_url", "image_url": {"url": "x"}}
    marked = image | {"cache_control": {"type": "ephemeral"}, "prompt_cache_breakpoint": {"mode": "explicit"}}
    one, other = (
        openai_chat.FORMAT.blocks(
            Body(json.dumps({"messages": [{"role": "user", "content": [part]}]}).encode())
        )
        for part in (image, marked)
    )
    assert one == other


def test_calls_under_one_index_are_told_apart_by_their_ids() -> None:
    """Gemini's endpoint sends parallel calls under one index, each whole."""
    calls = [
        {"index": 0, "id": f"call_{n}", "function": {"name": "ls", "arguments": json.dumps({"n": n})}}
        for n in (1, 2)
    ]
    read = streamed([chunk({"tool_calls": [call]}) for call in calls] + [chunk({}, "tool_calls"), DONE])
    assert [(call.id, call.name) for call in read.tool_calls] == [("call_1", "ls"), ("call_2", "ls")]


TEXT = [chunk({"content": "hel"}), chunk({"content": "lo"})]
STREAMS: dict[str, list[Json]] = {
    "usage in a chunk of its own": [*TEXT, chunk({}, "stop"), {"choices": [], "usage": USAGE}, DONE],
    "usage beside the last choice": [*TEXT, chunk({}, "stop", usage=USAGE), DONE],
    "usage beside the last choice, and the end": [*TEXT, chunk({}, "stop", usage=USAGE)],
    "usage in x_groq": [
        chunk({}, x_groq={"id": "r"}), *TEXT, chunk({}, "stop", x_groq={"id": "r", "usage": USAGE}), DONE,
    ],
    "usage in the choice": [
        *TEXT, {"choices": [{"delta": {}, "finish_reason": "stop", "usage": USAGE, "index": 0}]},
        DONE,
    ],
    "usage: null before": [one | {"usage": None} for one in TEXT] + [chunk({}, "stop", usage=USAGE), DONE],
    "cumulative usage": [
        chunk({"content": "hel"}, usage=USAGE | {"completion_tokens": 1, "total_tokens": 11}),
        chunk({"content": "lo"}, "stop", usage=USAGE),
        DONE,
    ],
    "Azure's first chunk": [
        {"id": "", "model": "", "object": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
        *TEXT, chunk({}, "stop"), {"id": "c1", "model": "gpt-6", "choices": [], "usage": USAGE}, DONE,
    ],
    "the finish, then the usage, and the end": [*TEXT, chunk({}, "stop"), {"choices": [], "usage": USAGE}],
}  # fmt: skip


@pytest.mark.parametrize("kind", STREAMS)
def test_usage_is_read_wherever_it_stands(kind: str) -> None:
    """In any chunk, once or cumulatively, with a `[DONE]` after it or the end of the connection."""
    assert streamed(STREAMS[kind]) == openai_chat.read_response(whole({"content": "hello"}), about())


def test_a_stream_without_done_is_complete_when_nothing_more_can_come() -> None:
    """Not before each choice that was asked for is finished, nor while the usage that was asked for is missing."""
    asked = {"stream_options": {"include_usage": True}}
    finished = [*TEXT, chunk({}, "stop")]
    cumulative = [chunk({"content": "hel"}, usage=USAGE), chunk({"content": "lo"}, "stop")]
    assert streamed(finished).complete
    assert not streamed(TEXT).complete
    assert not streamed(finished, **asked).complete
    assert not streamed(finished, n=2).complete
    assert not streamed(cumulative).complete
    assert streamed([*finished, {"choices": [], "usage": USAGE}], **asked).complete


def test_several_choices_are_read_one_by_one() -> None:
    """Each has its text, its calls and its finish reason, however their chunks are mixed."""
    mixed = [chunk({"content": "a"}), chunk({"content": "b"}, index=1), chunk({"content": "a"}),
             chunk({}, "length", index=1), chunk({}, "stop"), {"choices": [], "usage": USAGE}]  # fmt: skip
    read = streamed(mixed, n=2)
    assert read.complete
    assert [block.size for block in read.output] == [2, 1]
    assert read.finish_reasons == ("stop", "length")


ERRORS: dict[str, tuple[Json, str]] = {
    "code": ({"error": {"code": "model_not_found", "type": "invalid_request_error"}}, "model_not_found"),
    "type": ({"error": {"code": None, "type": "insufficient_quota"}}, "insufficient_quota"),
    "number": ({"error": {"code": 429, "message": "slow down"}}, "429"),
    "text": ({"error": "model not found"}, "error"),
    "Mistral": ({"object": "error", "type": "invalid_model", "code": "1500", "message": "x"}, "1500"),
    "MiniMax, with status 200": ({"base_resp": {"status_code": 1004, "status_msg": "x"}, "choices": None}, "1004"),
    "OpenRouter, in a choice": (whole({}, choices=[{"error": {"code": 502}, "finish_reason": "error"}]), "502"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ERRORS)
def test_errors_are_named_whole_and_streamed(kind: str) -> None:
    """By the provider's class, also where the status was 200."""
    body, expected = ERRORS[kind]
    assert openai_chat.read_response(body, about()).error_type == expected
    assert streamed([*TEXT, body]).error_type == expected


def test_azure_names_its_deployment_its_region_and_the_model_that_served() -> None:
    """In the path and the headers; the body's own model comes first."""
    headers = {"x-ms-region": "East US", "x-ms-served-model": "gpt-6-2026-10-01"}
    azure = About("/openai/deployments/my%20gpt/chat/completions", Body(b'{"messages": []}'), headers)
    assert openai_chat.FORMAT.read_request(azure.asked, azure.path).model == "my gpt"
    served = openai_chat.read_response(whole({"content": "x"}, model=None), azure)
    assert (served.model, served.region) == ("gpt-6-2026-10-01", "East US")
    assert openai_chat.read_response(whole({"content": "x"}), azure).model == "gpt-6"


def test_llama_cpp_s_streams_tell_by_their_timings() -> None:
    """Where no usage was asked for, the timings of the last chunk have it."""
    read = streamed(
        [*TEXT, chunk({}, "stop", timings={"prompt_n": 3, "cache_n": 236, "predicted_n": 35}), DONE]
    )
    assert read.usage is not None
    assert (read.usage.input_tokens, read.usage.output_tokens) == (239, 35)


@pytest.mark.parametrize("how", ["whole", "streamed"])
def test_the_sdk_s_call_leaves_an_exact_span(server: Any, spans: Spans, how: str) -> None:
    """With the real SDK: custom tools, reasoning of a compatible host, the usage, and the served tier."""
    message = MESSAGES["tool calls"] | {"reasoning_content": "let me look"}
    with openai.OpenAI(base_url=f"{server.url}/v1", max_retries=0) as sdk:
        asked: Any = {
            "model": "gpt-6",
            "messages": [{"role": "user", "content": "x"}],
            "reasoning_effort": "low",
        }
        if how == "whole":
            server.say(whole(message, service_tier="priority"))
            sdk.chat.completions.create(**asked)
        else:
            events = [
                *map(chunk, pieces(message)),
                chunk({}, "stop", service_tier="priority"),
                {"choices": [], "usage": USAGE},
            ]
            server.stream([f"data: {json.dumps(one)}\n\n".encode() for one in events] + [b"data: [DONE]\n\n"])
            list(sdk.chat.completions.create(**asked, stream=True))
    (span,) = spans()
    found = dict(span.attributes or {})
    assert (found[names.USAGE_INPUT_TOKENS], found[names.USAGE_OUTPUT_TOKENS]) == (10, 5)
    assert found[names.USAGE_STATUS] == "exact"
    assert found[names.SERVICE_TIER] == "priority"
    assert found[names.OUTPUT_KINDS] == ("reasoning", "assistant", "tool_call", "tool_call")
    assert found[names.TOOL_CALLS_NAMES] == ("ls", "sh")
