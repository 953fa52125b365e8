"""Is content recorded where the user asks for it, by the convention's schema, and nowhere else?"""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import content

Spans = Callable[[], list[ReadableSpan]]
SWITCH = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
CALL = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"path": "a.py"}'}}


@pytest.fixture
def captured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's switch, on unless a test says otherwise; before `spans`."""
    monkeypatch.setenv(SWITCH, getattr(request, "param", "SPAN_ONLY"))


def contents(span: ReadableSpan) -> dict[str, Any]:
    """The content attributes, parsed."""
    names = (
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.system_instructions",
        "gen_ai.tool.definitions",
    )
    return {name: json.loads(str(value)) for name, value in (span.attributes or {}).items() if name in names}


def ask(server: Any, said: str = "read a.py") -> None:
    """A call with a tool, its earlier call and its result."""
    server.say(
        {"id": "1", "model": "m", "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "done"}}]}
    )  # fmt: skip
    with openai.OpenAI(base_url=f"{server.url}/v1", max_retries=0) as client:
        client.chat.completions.create(
            model="m",
            tools=[{"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}],
            messages=[
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": said},
                {"role": "assistant", "content": None, "tool_calls": [CALL]},  # type: ignore[list-item,misc]
                {"role": "tool", "tool_call_id": "c1", "content": "x = 1"},
            ],
        )


def test_messages_follow_the_convention(server: Any, captured: None, spans: Spans) -> None:
    """Roles, parts and finish reason as the schemas have them."""
    ask(server)
    assert contents(spans()[0]) == {
        "gen_ai.system_instructions": [{"type": "text", "content": "be brief"}],
        "gen_ai.tool.definitions": [{"name": "read", "parameters": {"type": "object"}}],
        "gen_ai.input.messages": [
            {"role": "user", "parts": [{"type": "text", "content": "read a.py"}]},
            {
                "role": "assistant",
                "parts": [{"type": "tool_call", "id": "c1", "name": "read", "arguments": {"path": "a.py"}}],
            },
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "x = 1"}]},
        ],
        "gen_ai.output.messages": [
            {"role": "assistant", "parts": [{"type": "text", "content": "done"}], "finish_reason": "stop"}
        ],
    }


def test_a_streamed_answer_is_put_together(server: Any, captured: None, spans: Spans) -> None:
    """Its pieces are one part."""
    events: list[dict[str, Any]] = [
        {
            "type": "message_start",
            "message": {"id": "m", "model": "m", "content": [], "usage": {"input_tokens": 1}},
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
            for word in ("one ", "two")
        ],
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
        {"type": "message_stop"},
    ]
    server.stream([f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events])
    with anthropic.Anthropic(base_url=server.url, max_retries=0) as client:
        list(client.messages.create(model="m", max_tokens=9, messages=[], stream=True))
    assert contents(spans()[0])["gen_ai.output.messages"][0]["parts"] == [
        {"type": "text", "content": "one two"}
    ]


def test_long_content_is_cut_and_says_so(server: Any, captured: None, spans: Spans) -> None:
    """The beginning stays, with how much is missing; the manifest still has the size of all of it."""
    ask(server, "x" * 100_000)
    said = contents(spans()[0])["gen_ai.input.messages"][0]["parts"][0]["content"]
    assert said.endswith("x [otel-burn cut 67,232 characters]")
    assert 100_000 in (spans()[0].attributes or {})["burn.context.bytes"]  # type: ignore[operator]


def test_many_long_messages_are_cut(server: Any, captured: None, spans: Spans) -> None:
    """The oldest are left out, and that is said."""
    server.say({"id": "1", "choices": []})
    messages = [
        {"role": ("user", "assistant")[at % 2], "content": f"{at} " + "x" * 30_000} for at in range(40)
    ]
    with openai.OpenAI(base_url=f"{server.url}/v1", max_retries=0) as client:
        client.chat.completions.create(model="m", messages=messages)  # type: ignore[arg-type]
    text = str((spans()[0].attributes or {})["gen_ai.input.messages"])
    assert len(text) < 600_000
    first, *_, last = json.loads(text)
    assert first["parts"][0]["content"] == "[otel-burn cut the first 23 of 40]"
    assert last["parts"][0]["content"].startswith("39 ")


@pytest.mark.parametrize("captured", ["", "NO_CONTENT", "EVENT_ONLY", "false"], indirect=True)
def test_off_unless_asked_for(server: Any, captured: None, spans: Spans) -> None:
    """Without the switch, and with one that asks for events alone, no word is on the span."""
    ask(server, "canary-1d9f")
    assert contents(spans()[0]) == {}
    assert "canary-1d9f" not in str(spans()[0].attributes)


@pytest.mark.parametrize("value", ["SPAN_ONLY", "span_and_event", " true "])
def test_what_turns_it_on(value: str) -> None:
    """The values of the convention, and that of its first version."""
    assert content.wanted(value)
