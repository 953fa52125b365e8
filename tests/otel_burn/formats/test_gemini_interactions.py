"""Does an interaction read as what google-genai 3 declares?"""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from otel_burn import names
from otel_burn.usage import Usage, UsageStatus

Exchanged = Callable[..., Any]
PATH = "/v1beta/interactions"
ASKED = {"model": "gemini-3", "input": "hi"}
USAGE = {
    "total_input_tokens": 7,
    "total_cached_tokens": 2,
    "total_output_tokens": 20,
    "total_thought_tokens": 22,
    "total_tool_use_tokens": 5,
    "total_tokens": 54,
    "input_tokens_by_modality": [{"modality": "audio", "tokens": 3}],
    "grounding_tool_count": [{"type": "google_search", "count": 2}, {"type": "google_maps", "count": 1}],
}
STEPS: list[dict[str, Any]] = [
    {"type": "thought", "signature": "s", "summary": [{"type": "text", "text": "hm"}]},
    {"type": "google_search_call", "id": "g1", "arguments": {"queries": ["q"]}},
    {"type": "google_search_result", "call_id": "g1", "result": [{"search_suggestions": "x"}]},
    {"type": "model_output", "content": [{"type": "text", "text": "hello"}]},
    {"type": "function_call", "id": "f1", "name": "weather", "arguments": {"city": "Paris"}},
]
WHOLE: dict[str, Any] = {
    "id": "int_1",
    "status": "requires_action",
    "model": "gemini-3",
    "usage": USAGE,
    "steps": STEPS,
}
COUNTED = Usage(
    input_tokens=12, output_tokens=42, cache_read_tokens=2, reasoning_tokens=22, audio_input_tokens=3,
    units={"tool_use_input_tokens": 5, "web_search_requests": 2},
)  # fmt: skip


def events() -> list[dict[str, Any]]:
    """The same interaction, streamed."""
    created = {"id": "int_1", "status": "in_progress", "model": "gemini-3"}
    found: list[dict[str, Any]] = [{"event_type": "interaction.created", "interaction": created}]
    deltas: list[list[dict[str, Any]]] = [
        [{"type": "thought_summary", "content": {"type": "text", "text": "hm"}},
         {"type": "thought_signature", "signature": "s"}],
        [], [], [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}],
        [{"type": "arguments_delta", "arguments": '{"city":'}, {"type": "arguments_delta", "arguments": '"Paris"}'}],
    ]  # fmt: skip
    for index, (step, pieces) in enumerate(zip(STEPS, deltas, strict=True)):
        start = step if not pieces else {k: v for k, v in step.items() if k not in ("content", "summary")}
        found.append({"event_type": "step.start", "index": index, "step": start})
        found += [{"event_type": "step.delta", "index": index, "delta": piece} for piece in pieces]
        found.append({"event_type": "step.stop", "index": index, "usage": {"total_input_tokens": 7}})
    ended = {"id": "int_1", "status": "requires_action", "usage": USAGE}
    return [*found, {"event_type": "interaction.completed", "interaction": ended}]


@pytest.mark.parametrize("said", [WHOLE, events()], ids=["whole", "streamed"])
def test_an_interaction_is_read(exchanged: Exchanged, said: Any) -> None:
    """Tool prompts are input, thoughts are output; the blocks are those that the steps give when sent back."""
    response = exchanged(PATH, ASKED, said).response
    assert response.usage == COUNTED
    assert (response.id, response.finish_reasons, response.deferred) == ("int_1", ("requires_action",), False)
    carried = exchanged(PATH, {"model": "m", "input": STEPS}, {}).context
    assert list(response.output) == carried
    assert [(call.id, call.name) for call in response.tool_calls] == [("f1", "weather")]


def test_a_stream_that_broke_off_has_the_counts_so_far(exchanged: Exchanged) -> None:
    """Without `interaction.completed` it is partial."""
    response = exchanged(PATH, ASKED | {"stream": True}, events()[:-1]).response
    assert (response.usage_status, response.usage) == (UsageStatus.PARTIAL, Usage(input_tokens=7))
    assert response.tool_calls == ()


def test_a_final_status_will_do_for_an_end(exchanged: Exchanged) -> None:
    """Where `[DONE]` follows it; a status that goes on is none."""
    update = {"event_type": "interaction.status_update", "interaction_id": "i", "usage": USAGE}
    ended = exchanged(PATH, ASKED, [update | {"status": "completed"}, {"done": True}]).response
    assert (ended.complete, ended.id, ended.usage) == (True, "i", COUNTED)
    running = exchanged(PATH, ASKED, [update | {"status": "in_progress"}, {"done": True}]).response
    assert (running.complete, running.deferred) == (False, True)


def test_a_total_that_has_the_thoughts_in_the_output_is_believed(exchanged: Exchanged) -> None:
    """Nothing is counted twice."""
    usage = {
        "total_input_tokens": 7,
        "total_output_tokens": 42,
        "total_thought_tokens": 22,
        "total_tokens": 49,
    }
    assert exchanged(PATH, ASKED, WHOLE | {"usage": usage}).response.usage.output_tokens == 42


def test_an_interaction_in_the_background_is_counted_when_fetched(exchanged: Exchanged) -> None:
    """The call has no usage yet; whoever fetches it sees it, as an operation of its own."""
    asked = {"agent": "deep-research", "input": "x", "background": True}
    exchange = exchanged(PATH, asked, {"id": "int_1", "status": "in_progress"})
    assert (exchange.request.model, exchange.response.deferred, exchange.response.usage) == (
        "deep-research", True, None,
    )  # fmt: skip
    fetched = exchanged(f"{PATH}/int_1", {}, WHOLE, method="GET")
    assert fetched.format.operation == "fetch_response"
    assert (fetched.response.id, fetched.response.deferred, fetched.response.usage) == (
        "int_1",
        True,
        COUNTED,
    )


def test_the_request_names_what_went_before(exchanged: Exchanged) -> None:
    """The interaction that it continues is kept, and results find their tool."""
    asked = {
        "model": "m",
        "previous_interaction_id": "int_0",
        "generation_config": {"temperature": 0.5, "max_output_tokens": 9, "thinking_level": "low"},
        "system_instruction": "be",
        "tools": [{"type": "function", "name": "f", "parameters": {}}, {"type": "google_search"}],
        "input": [
            {"type": "text", "text": "see"},
            {"type": "image", "data": "aGk=", "mime_type": "image/png"},
            {
                "role": "model",
                "content": [{"type": "function_call", "id": "1", "name": "f", "arguments": {}}],
            },
            {"type": "function_result", "call_id": "1", "result": "no", "is_error": True},
        ],
    }
    exchange = exchanged(PATH, asked, {})
    assert exchange.request.parameters == {
        names.REQUEST_PREVIOUS_RESPONSE_ID: "int_0",
        names.REQUEST_TEMPERATURE: 0.5,
        names.REQUEST_MAX_TOKENS: 9,
        names.REQUEST_REASONING_LEVEL: "low",
    }
    assert [(b.kind, b.tool, b.error) for b in exchange.context] == [
        ("tool_definition", "f", ""), ("tool_definition", "google_search", ""), ("system", "", ""),
        ("user", "", ""), ("image", "", ""), ("tool_call", "f", ""), ("tool_result", "f", "error"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"error": {"code": "https://x/errors/quota_exceeded", "message": "m"}}, "quota_exceeded"),
        ({"error": {"code": 400, "status": "INVALID_ARGUMENT"}}, "INVALID_ARGUMENT"),
        ({"id": "i", "status": "failed", "errors": [{"code": "internal"}]}, "internal"),
        ([{"event_type": "error", "error": {"code": "overloaded"}}], "overloaded"),
    ],
)
def test_errors_have_their_class(exchanged: Exchanged, said: Any, error: str) -> None:
    """From a body, from a failed interaction, from within a stream."""
    response = exchanged(PATH, ASKED, said).response
    assert (response.error_type, response.usage) == (error, None)


def test_an_interaction_that_is_fetched_again_counts_once(
    server: Any, spans: Callable[[], list[Any]]
) -> None:
    """Its usage stands on the call that made it, and on no later fetch of it."""
    with httpx.Client(base_url=server.url) as client:
        server.say(WHOLE)
        client.post(PATH, json=ASKED)
        server.say(WHOLE)
        client.get(f"{PATH}/int_1")
    made, fetched = spans()
    assert made.attributes[names.USAGE_INPUT_TOKENS] == 12
    assert fetched.attributes[names.OPERATION_NAME] == "fetch_response"
    assert names.USAGE_INPUT_TOKENS not in fetched.attributes
    assert names.USAGE_RAW not in fetched.attributes
