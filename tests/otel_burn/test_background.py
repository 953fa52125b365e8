"""Do responses that come later, and many in one answer, count once each?"""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import httpx2
import openai
from opentelemetry.sdk.trace import ReadableSpan

Spans = Callable[[], list[ReadableSpan]]
USAGE = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}


def response(status: str, **more: Any) -> dict[str, Any]:
    """An answer of the Responses API, made in the background."""
    return {"id": "resp_1", "object": "response", "status": status, "background": True, "model": "gpt-5", "output": [],
            "created_at": 1, "parallel_tool_calls": True, "tool_choice": "auto", "tools": []} | more  # fmt: skip


def told(span: ReadableSpan) -> tuple[Any, ...]:
    """What a span says of the call that it belongs to, and of its usage."""
    said: Any = span.attributes or {}
    names = ("gen_ai.operation.name", "burn.call.id", "burn.attempt.number", "gen_ai.usage.input_tokens")
    return (*(said.get(name) for name in names), said.get("burn.usage.status"))


def test_a_background_response_counts_when_it_is_fetched(server: Any, spans: Spans) -> None:
    """Once, as the call that began it, however often it is polled before and after."""
    server.say(response("queued", usage=None))
    for body in (
        response("in_progress", usage=None),
        response("completed", usage=USAGE),
        response("completed", usage=USAGE),
    ):
        server.say(body)
    with openai.OpenAI(base_url=f"{server.url}/v1", max_retries=0) as client:
        made = client.responses.create(model="gpt-5", input="hi", background=True)
        for _ in range(3):
            client.responses.retrieve(made.id)
    found = [told(span) for span in spans()]
    call_id = found[0][1]
    assert found == [
        ("chat", call_id, 1, None, "missing"),
        ("fetch_response", call_id, 2, None, None),
        ("chat", call_id, 2, 100, "exact"),
        ("fetch_response", call_id, 2, None, None),
    ]


def test_the_answers_of_a_batch_count_once(server: Any, spans: Spans) -> None:
    """Each is a call, and those that are fetched again are none."""
    message = {"type": "message", "role": "assistant", "model": "claude-opus-4-8", "content": [],
               "stop_reason": "end_turn", "stop_sequence": None,
               "usage": {"input_tokens": 7, "output_tokens": 3, "service_tier": "batch"}}  # fmt: skip
    lines = [
        {"custom_id": name, "result": {"type": "succeeded", "message": message | {"id": f"msg_{name}"}}}
        for name in "ab"
    ]
    body = "\n".join(map(json.dumps, lines)).encode()
    for _ in range(2):
        server.give(body, "application/x-jsonl")
    for _ in range(2):
        with httpx2.Client() as client:
            assert client.get(f"{server.url}/v1/messages/batches/msgbatch_1/results").content == body
    found = [(span.attributes or {}) for span in spans()]
    answers = [said for said in found if said["gen_ai.operation.name"] == "chat"]
    assert [(said["gen_ai.response.id"], said["burn.service_tier"]) for said in answers] == [
        ("msg_a", "batch"),
        ("msg_b", "batch"),
    ]
    assert len(found) == 4


def test_counting_tokens_is_no_call(server: Any, spans: Spans) -> None:
    """Nothing is generated, and nothing said about usage."""
    server.say({"input_tokens": 55})
    with anthropic.Anthropic(base_url=server.url, max_retries=0) as client:
        assert client.messages.count_tokens(model="claude-opus-4-8", messages=[]).input_tokens == 55
    assert [told(span)[0::3] for span in spans()] == [("count_tokens", None)]
