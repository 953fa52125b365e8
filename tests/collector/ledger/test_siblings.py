"""Are two instrumentations that do not nest one call where one of them says next to nothing?"""

from typing import Any

import pytest

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-sonnet-4-5"}
PEER = "opentelemetry.instrumentation.anthropic"
NATIVE = "com.anthropic.sdk.python"


def test_a_failure_that_two_tell_beside_each_other_is_one_call(world: Any) -> None:
    """Neither has usage nor an id; the program tries again at once, and both tell that, too."""
    top = world.span("app", {}, seconds=9)
    spans = [
        world.span(scope, CHAT, parent=top, at=at + late, seconds=0.1, status="ERROR")
        for at in (1, 1.3)
        for scope, late in ((PEER, 0), (NATIVE, 0.01))
    ]
    world.load(top, *spans[::2])
    world.load(*spans[1::2])
    calls = world.calls()
    assert [(call["status"], len(call["sources"])) for call in calls] == [("error", 2)] * 2


def test_a_failure_is_not_part_of_a_call_that_went_well(world: Any) -> None:
    """What one instrumentation saw fail, and another that ran at the same time, are two."""
    top = world.span("app", {}, seconds=9)
    failed = world.span(PEER, CHAT, parent=top, at=1, status="ERROR")
    well = world.chat(NATIVE, parent=top, at=1.01, attributes=CHAT | {"gen_ai.response.id": "msg_1"})
    world.load(failed, well)
    assert sorted(call["status"] for call in world.calls()) == ["error", "ok"]


CALLBACKS = ("openinference.instrumentation.langchain", "opentelemetry.instrumentation.langchain")


def _callback(world: Any, scope: str, used: tuple[int, int] | None = (1000, 20), **options: Any) -> Any:
    """What a callback of a framework says of a stream: no id, and the usage only where it saw any."""
    said: dict[str, Any] = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-opus-4-8"}
    if scope.startswith("openinference"):
        said = {"openinference.span.kind": "LLM", "llm.model_name": "claude-opus-4-8"}
    names = {
        "openinference": ("llm.token_count.prompt", "llm.token_count.completion"),
        "opentelemetry": ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"),
    }[scope.partition(".")[0]]
    return world.span(scope, said | dict(zip(names, used or (), strict=bool(used))), **options)


@pytest.mark.parametrize("used", [(1000, 20), None], ids=["usage", "no usage"])
@pytest.mark.parametrize("scope", CALLBACKS)
def test_a_callback_in_a_trace_of_its_own_is_the_call_that_ran_meanwhile(
    world: Any, scope: str, used: tuple[int, int] | None
) -> None:
    """Whichever arrives first; two at a time stay two, and one that names another model is another call."""
    dated = {"gen_ai.request.model": "claude-opus-4-8-20260101", "gen_ai.response.id": "msg_1"}
    calls = [
        world.chat(NATIVE, at=at, attributes=dated | {"gen_ai.response.id": f"msg_{at}"}) for at in (1.1, 1.2)
    ]
    callbacks = [_callback(world, scope, used, at=at, seconds=1.3) for at in (1, 1.1)]
    other = world.chat(
        NATIVE, at=1.2, attributes={"gen_ai.request.model": "claude-haiku-4-5", "gen_ai.response.id": "msg_9"}
    )
    world.load(calls[0], callbacks[0])
    world.load(callbacks[1], other)
    world.load(calls[1])
    assert sorted(len(call["sources"]) for call in world.calls()) == [1, 2, 2]


def test_callbacks_of_two_instrumentations_and_the_call_are_one(world: Any) -> None:
    """Each in a trace of its own."""
    world.load(*(_callback(world, scope, at=1, seconds=2) for scope in CALLBACKS))
    world.load(world.chat(NATIVE, at=1.2, attributes={"gen_ai.response.id": "msg_1"}))
    assert len(world.call()["sources"]) == 3


def test_a_callback_of_another_time_or_usage_is_another_call(world: Any) -> None:
    """Equal usage later, and other usage at the same time, are calls of their own."""
    world.load(world.chat(NATIVE, at=1, attributes={"gen_ai.response.id": "msg_1"}))
    world.load(
        _callback(world, CALLBACKS[0], at=5), _callback(world, CALLBACKS[0], (1000, 21), at=1, seconds=2)
    )
    assert len(world.calls()) == 3


def _claude_code(world: Any, request_id: str | None, *, at: float = 1.0) -> tuple[Any, Any]:
    """What Claude Code 2.1.332 tells of a call: a log record at its end, and a span."""
    said: dict[str, Any] = {
        "model": "claude-sonnet-4-5",
        "session.id": "s1",
        "input_tokens": 441,
        "output_tokens": 41,
        "cache_read_tokens": 256,
        "cache_creation_tokens": 310,
        "duration_ms": 200,
        **({"request_id": request_id} if request_id else {}),
    }
    events, tracing = "com.anthropic.claude_code.events", "com.anthropic.claude_code.tracing"
    log = world.log(events, "api_request", said, at=at + 0.2)
    return log, world.span(tracing, said, name="claude_code.llm_request", at=at, seconds=0.23)


def test_claude_code_behind_a_gateway_without_request_ids_is_counted_once(world: Any) -> None:
    """Its log record and its span share nothing but session, usage and time."""
    told = [_claude_code(world, None, at=at) for at in (1, 2)]
    world.load(*(span for _, span in told), logs=[log for log, _ in told])
    assert [(call["input_tokens"], len(call["sources"])) for call in world.calls()] == [(1007, 2)] * 2


def test_claude_codes_calls_with_request_ids_go_by_those_alone(world: Any) -> None:
    """Two at a time of equal usage stay two."""
    told = [_claude_code(world, request_id) for request_id in ("req_1", "req_2")]
    world.load(*(span for _, span in told), logs=[log for log, _ in told])
    assert [len(call["sources"]) for call in world.calls()] == [2, 2]


def test_langtrace_leaves_the_cache_out_and_is_no_parent_of_anthropics_span(world: Any) -> None:
    """Version 3.8, in a trace of its own: the span of the SDK itself knows the cache."""
    said = {"gen_ai.operation.name": "chat", "gen_ai.system": "anthropic"}
    used = {"gen_ai.usage.input_tokens": 469, "gen_ai.usage.output_tokens": 45}
    model = {"gen_ai.request.model": "claude-opus-4-8"}
    scope = "langtrace_python_sdk.instrumentation.anthropic.instrumentation"
    cached = {"gen_ai.usage.cache_read.input_tokens": 256, "gen_ai.usage.cache_write.input_tokens": 310}
    native = {
        "gen_ai.usage.input_tokens": 1035,
        "gen_ai.usage.output_tokens": 45,
        "gen_ai.response.id": "msg_1",
    }
    world.load(world.span(scope, said | used | model, at=1, seconds=1.2))
    world.load(world.chat(NATIVE, at=1.1, attributes=model | cached | native))
    call = world.call()
    assert (call["input_tokens"], call["cache_read_tokens"], call["response_id"]) == (1035, 256, "msg_1")


def test_an_embedding_has_no_output_to_miss(world: Any) -> None:
    """OpenInference tells its kind, and no output tokens: its usage is whole."""
    said = {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "text-embedding-3-small"}
    world.load(world.span("openinference.instrumentation.openai", said | {"llm.token_count.prompt": 75}))
    call = world.call()
    assert (call["operation"], call["usage_status"]) == ("embeddings", "exact")


def test_what_only_prepares_a_request_is_no_call(world: Any) -> None:
    """OpenInference makes LLM spans of LlamaIndex's methods, before the call and around it."""
    scope, said = (
        "openinference.instrumentation.llama_index",
        {"openinference.span.kind": "LLM", "llm.model_name": "gpt-5"},
    )
    world.load(
        world.span(scope, said, name="OpenAI._prepare_chat_with_tools"),
        world.span(scope, said, name="OpenAI.astream_chat", at=2),
    )
    assert len(world.calls()) == 1
