"""Is each emitter read by its own habits? What was seen of it, and what the ledger makes of it."""

import json
import random
from typing import Any

import pytest

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-sonnet-4-5"}
NONE = dict.fromkeys(("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"), 0)


def _used(given: int, made: int, model: str = "claude-sonnet-4-5") -> dict[str, Any]:
    return {
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": given,
        "gen_ai.usage.output_tokens": made,
    }


def _langfuse(details: dict[str, Any], kind: str = "generation") -> dict[str, Any]:
    return {
        "langfuse.observation.type": kind,
        "langfuse.observation.model.name": "gpt-4o",
        "langfuse.observation.usage_details": json.dumps(details),
    }


OPENAI_USAGE = {
    "completion_tokens": 20,
    "prompt_tokens": 1000,
    "total_tokens": 1020,
    "prompt_tokens_details": {"cached_tokens": 800},
}
GEMINI = {"gen_ai.request.model": "gemini-2.5-flash", "gen_ai.operation.name": "generate_content"}

CASES: dict[str, tuple[str, dict[str, Any], tuple[int | None, int | None, int | None]]] = {
    "Langfuse with OpenAI's usage": ("langfuse-sdk", _langfuse(OPENAI_USAGE), (1000, 800, 20)),
    "Langfuse with Anthropic's usage": (
        "langfuse-sdk",
        _langfuse({"input_tokens": 200, "cache_read_input_tokens": 800, "output_tokens": 20}),
        (1000, 800, 20),
    ),
    "Langfuse with its own keys": (
        "langfuse-sdk",
        _langfuse({"input": 200, "input_cache_read": 800, "output": 20, "total": 1020}),
        (1000, 800, 20),
    ),
    "MLflow": (
        "mlflow.openai",
        {
            "mlflow.spanType": '"CHAT_MODEL"',
            "mlflow.llm.model": '"gpt-4o"',
            "mlflow.chat.tokenUsage": {
                "input_tokens": 1000,
                "output_tokens": 20,
                "cache_read_input_tokens": 800,
            },
        },
        (1000, 800, 20),
    ),
    "OpenLIT leaves Anthropic's cache out": (
        "openlit.instrumentation.anthropic",
        CHAT
        | {
            "gen_ai.provider.name": "anthropic",
            "gen_ai.usage.input_tokens": 200,
            "gen_ai.usage.cache_read.input_tokens": 800,
            "gen_ai.usage.output_tokens": 20,
        },
        (1000, 800, 20),
    ),
    "OpenLIT makes usage up": (
        "openlit.instrumentation.openai",
        CHAT
        | {"gen_ai.request.stream": True, "gen_ai.usage.input_tokens": 32, "gen_ai.usage.output_tokens": 9},
        (None, None, None),
    ),
    "Google's reasoning, as its instrumentation once told it": (
        "opentelemetry.instrumentation.google_genai@0.7b0",
        GEMINI
        | {
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.reasoning.output_tokens": 15,
        },
        (1000, None, 20),
    ),
    "Google's reasoning, as its instrumentation tells it since": (
        "opentelemetry.instrumentation.google_genai@1.3b0",
        GEMINI
        | {
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 20,
            "gen_ai.usage.reasoning.output_tokens": 15,
        },
        (1000, None, 20),
    ),
    "Google's reasoning, which only the total tells": (
        "opentelemetry.instrumentation.google_generativeai",
        GEMINI
        | {
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.total_tokens": 1020,
        },
        (1000, None, 20),
    ),
    "a total that says that the cache is left out": (
        "somebody",
        CHAT
        | {
            "gen_ai.usage.input_tokens": 900,
            "gen_ai.usage.cache_read.input_tokens": 100,
            "gen_ai.usage.output_tokens": 20,
            "gen_ai.usage.total_tokens": 1020,
        },
        (1000, 100, 20),
    ),
    "zeros where nothing was seen": (
        "opentelemetry.instrumentation.anthropic",
        CHAT | NONE,
        (None, None, None),
    ),
    "Logfire with the provider's own usage beside": (
        "logfire.openai",
        CHAT | _used(1000, 20) | {"gen_ai.usage.raw": {"prompt_tokens_details": {"cached_tokens": 800}}},
        (1000, 800, 20),
    ),
    "an operation that nobody knows": (
        "somebody",
        {
            "gen_ai.operation.name": "messages.create",
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 20,
        },
        (1000, None, 20),
    ),
    "no operation, old names": (
        "somebody",
        {
            "gen_ai.system": "openai",
            "gen_ai.request.model": "gpt-4",
            "gen_ai.usage.prompt_tokens": 1000,
            "gen_ai.usage.completion_tokens": 20,
        },
        (1000, None, 20),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_emitter_is_read_by_its_habits(world: Any, case: str) -> None:
    """Input includes the cache and output the reasoning, whatever the emitter's names and habits are."""
    scope, said, tokens = CASES[case]
    name, _, version = scope.partition("@")
    world.load(world.span(name, said, scope_version=version or None))
    call = world.call()
    assert (call["input_tokens"], call["cache_read_tokens"], call["output_tokens"]) == tokens
    assert call["usage_status"] == ("exact" if tokens[0] is not None else "missing")


NO_CALLS: dict[str, dict[str, Any]] = {
    "a roll-up": {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 9},
    "Langfuse's chain": _langfuse(OPENAI_USAGE, "chain"),
    "Langfuse's span around a function": {"langfuse.observation.type": "generation"},
    "MLflow's agent": {"mlflow.spanType": '"AGENT"', "mlflow.chat.tokenUsage": {"input_tokens": 9}},
    "OpenLLMetry's workflow": {"traceloop.span.kind": "workflow", "gen_ai.usage.prompt_tokens": 9},
    "a count without a model": {"gen_ai.usage.input_tokens": 9},
}


QWEN_LOG: dict[str, Any] = {
    "session.id": "s1",
    "response_id": "r1",
    "model": "gemini-2.5-flash",
    "status_code": 200,
    "duration_ms": 1599,
    "input_token_count": 1021,
    "output_token_count": 43,
    "cached_content_token_count": 128,
    "thoughts_token_count": 21,
    "total_token_count": 1085,
    "auth_type": "gemini",
}
QWEN_SPAN: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "gcp.gemini",
    "gen_ai.request.model": "gemini-2.5-flash",
    "gen_ai.response.id": "r1",
    "gen_ai.conversation.id": "s1",
    "gen_ai.usage.input_tokens": 1021,
    "gen_ai.usage.output_tokens": 43,
    "gen_ai.usage.cache_read.input_tokens": 128,
    "thoughts_token_count": 21,
}


@pytest.mark.parametrize("told", [("log",), ("span",), ("log", "span")], ids="+".join)
def test_qwen_code_is_one_call_by_its_logs_its_spans_or_both(world: Any, told: tuple[str, ...]) -> None:
    """Version 0.24: neither has what Gemini thought in the output; of OpenAI's answers both have."""
    span = world.span("qwen-code", QWEN_SPAN, name="qwen-code.llm_request", seconds=1.6)
    log = world.log("qwen-code", "qwen-code.api_response", QWEN_LOG, at=1.6)
    world.load(*([span] if "span" in told else []), logs=[log] if "log" in told else [])
    call = world.call()
    assert [
        call[name] for name in ("input_tokens", "cache_read_tokens", "output_tokens", "reasoning_tokens")
    ] == [
        1021,
        128,
        64,
        21,
    ]
    assert (call["provider"], call["session_id"], call["response_id"]) == ("gcp.gemini", "s1", "r1")


def test_what_is_no_call_counts_for_none(world: Any) -> None:
    """Roll-ups and functions that look like calls are none."""
    world.load(*(world.span("somebody", said) for said in NO_CALLS.values()))
    assert world.calls() == []


def test_a_stream_that_logfire_reports_twice_is_one_call(world: Any) -> None:
    """The span ends with the headers; the log after the stream has the usage, and knows when it began."""
    said = CHAT | {"logfire.span_type": "span", "request_data": {"model": "claude-sonnet-4-5"}}
    opening = world.span("logfire.anthropic", said, seconds=0.1)
    used = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 20, "duration": 2.5}
    after = world.span(
        "logfire.anthropic",
        CHAT | used | {"logfire.span_type": "log", "gen_ai.response.id": "msg_1"},
        at=2.6,
        seconds=0,
        name="streaming response from {request_data[model]!r} took {duration:.2f}s",
    )
    failed = world.span("logfire.anthropic", said, at=9, status="ERROR")
    world.load(after, opening, failed)
    call, error = world.calls()
    assert (call["input_tokens"], call["output_tokens"], call["duration_ms"]) == (1000, 20, 2500.0)
    assert error["status"] == "error"


def test_events_of_a_call_are_its_span_again(world: Any) -> None:
    """Two events in one span repeat it; an event whose span nobody sent is a call of its own."""
    span = world.chat("somebody", attributes={"gen_ai.response.id": "r1"})
    used = {
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.request.model": "claude-opus-4-8",
    }
    event = "gen_ai.client.inference.operation.details"
    inside = {"trace_id": span["trace_id"], "span_id": span["span_id"]}
    repeated = [world.log("somebody", event, used, at=at) | inside for at in (0.5, 0.9)]
    alone = world.log("somebody", event, used | {"gen_ai.response.id": "r2"}, at=5)
    world.load(logs=[repeated[0], alone])
    world.load(span, logs=repeated[1:])
    assert [(call["response_id"], call["input_tokens"]) for call in world.calls()] == [
        ("r1", 1000),
        ("r2", 1000),
    ]


def test_what_says_nothing_joins_what_ran_beside_it(world: Any) -> None:
    """An instrumentation that sees neither usage nor response, beside the SDK's own span: one call, the rule stored."""
    top = world.span("app", {}, seconds=9)
    hollow = world.span("opentelemetry.instrumentation.anthropic", CHAT | NONE, parent=top, at=1, seconds=2)
    inner = {"gen_ai.response.id": "msg_1", "gen_ai.request.model": "claude-sonnet-4-5"}
    native = world.chat("com.anthropic.sdk.python", parent=top, at=1.2, attributes=inner)
    world.load(top, hollow, native)
    assert len(world.call()["sources"]) == 2
    rules = {row["joined_by"] for row in world.rows("FROM reports")}
    assert rules == {"same place and time, and one of them says no more"}


def test_a_turn_of_openclaw_is_as_many_calls_as_it_made(world: Any) -> None:
    """Its calls have no tokens, and the turn has all of them: so many rows, so many tokens."""
    said = {"gen_ai.request.model": "claude-sonnet-4-5", "openclaw.model_call.request_bytes": 7}
    calls = [world.span("openclaw", said, at=at, name="openclaw.model.call") for at in (1, 3, 5)]
    used = {
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.usage.input_tokens": 3000,
        "gen_ai.usage.output_tokens": 60,
    }
    turn = world.span("openclaw", used, seconds=8, name="openclaw.model.usage")
    world.load(turn, *calls)
    assert sorted(call["input_tokens"] or 0 for call in world.calls()) == [0, 0, 3000]


def test_a_call_of_openclaw_that_knows_its_usage_needs_no_turn(world: Any) -> None:
    """Later versions tell the tokens of each call: the turn, which repeats them, does not count."""
    said = {"openclaw.model_call.observation_unit": "request", "gen_ai.request.model": "claude-sonnet-4-5"}
    calls = [
        world.span("openclaw", said | _used(1000, 20), at=at, name="openclaw.model.call") for at in (1, 3)
    ]
    sums = {
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.usage.input_tokens": 2000,
        "gen_ai.usage.output_tokens": 40,
    }
    world.load(*calls, world.span("openclaw", sums, seconds=8, name="openclaw.model.usage"))
    assert [call["input_tokens"] for call in world.calls()] == [1000, 1000]


def test_neither_order_nor_repetition_changes_what_is_one(make_world: Any) -> None:
    """Events and hollow siblings: any order, each piece sent twice, the same calls."""
    pictures = set()
    for seed in range(3):
        world = make_world()
        top = world.span("app", {}, seconds=9)
        native = world.chat(
            "com.anthropic.sdk.python", parent=top, at=1.2, attributes={"gen_ai.response.id": "msg_1"}
        )
        inside = {"trace_id": native["trace_id"], "span_id": native["span_id"]}
        event = "gen_ai.client.inference.operation.details"
        logs = [world.log("somebody", event, _used(1000, 20), at=at) | inside for at in (1.5, 1.9)]
        spans = [
            top,
            native,
            world.span("opentelemetry.instrumentation.anthropic", CHAT | NONE, parent=top, at=1, seconds=2),
        ]
        pieces: list[Any] = [*((span, None) for span in spans), *((None, log) for log in logs)]
        random.Random(seed).shuffle(pieces)
        for span, log in [*pieces, *pieces[::-1]][:: 1 if seed else -1]:
            world.load(*([span] if span else []), logs=[log] if log else [])
        pictures.add(repr([(call["input_tokens"], call["output_tokens"]) for call in world.calls()]))
    assert pictures == {repr([(1000, 20)])}


def test_a_turn_of_openclaw_loses_no_call_when_each_arrives_alone(world: Any) -> None:
    """A call that was one with the turn, until a nearer one came, gets another id and stays a row."""
    said = {"gen_ai.request.model": "claude-sonnet-4-5", "openclaw.model_call.request_bytes": 7}
    calls = [world.span("openclaw", said, at=at, name="openclaw.model.call") for at in (1, 3, 5)]
    turn = world.span("openclaw", _used(3000, 60), seconds=8, name="openclaw.model.usage")
    for piece in (calls[1], turn, calls[0], calls[2]):
        world.load(piece)
    assert sorted(call["input_tokens"] or 0 for call in world.calls()) == [0, 0, 3000]
