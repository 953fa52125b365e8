"""Does every billed response count once, and nothing else at all? The counting rule, case by case."""

from typing import Any

import pytest

NATIVE = "com.anthropic.sdk.python"


def test_a_report_above_another_is_the_same_call(world: Any) -> None:
    """Three instrumentations on one path report one call; usage comes from the wire."""
    top = world.chat("pydantic-ai", seconds=3, attributes={"gen_ai.conversation.id": "s1"})
    middle = world.chat(NATIVE, parent=top, at=0.5, attributes={"gen_ai.usage.output_tokens": 21})
    wire = world.chat(parent=middle, at=0.6, seconds=0.5)
    world.load(wire, middle, top)
    call = world.call()
    assert call["sources"] == ["otel_burn", NATIVE, "pydantic-ai"]
    assert (call["output_tokens"], call["session_id"], call["span_id"]) == (20, "s1", wire["span_id"])


def test_an_agent_span_with_usage_never_counts(world: Any) -> None:
    """`invoke_agent`, chains and `fetch_response` repeat what calls below or before them used."""
    agent = world.chat("app", seconds=9, attributes={"gen_ai.operation.name": "invoke_agent"})
    fetch = world.chat("app", at=2, attributes={"gen_ai.operation.name": "fetch_response"})
    chain = world.span("openinference.x", {"openinference.span.kind": "CHAIN", "llm.token_count.prompt": 1})
    world.load(agent, fetch, chain, world.chat(parent=agent, at=1))
    assert world.call()["sources"] == ["otel_burn"]


@pytest.mark.parametrize("operation", ["fetch_response", "count_tokens", "create_batch", "invoke_agent"])
def test_what_no_model_answered_is_no_call(world: Any, operation: str) -> None:
    """Polls, counts and batches that were made are spans of ours, and no calls."""
    world.load(world.chat(attributes={"gen_ai.operation.name": operation}), world.chat(at=1))
    assert len(world.calls()) == 1


def test_a_response_made_in_the_background_is_one_call(world: Any) -> None:
    """Its usage comes with a fetch, which belongs to the call by its id."""
    made = {"burn.call.id": "c1", "burn.attempt.number": 1, "burn.usage.status": "missing"}
    fetched = {"burn.call.id": "c1", "burn.attempt.number": 2, "burn.usage.status": "exact"}
    counts = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens")
    world.load(world.chat(attributes=made | dict.fromkeys(counts)), world.chat(at=60, attributes=fetched))
    call = world.call()
    assert (call["input_tokens"], call["output_tokens"], call["usage_status"]) == (1000, 20, "exact")


def test_an_inference_span_above_two_calls_is_a_roll_up(world: Any) -> None:
    """A span that claims one call and holds two different ones is counted as neither."""
    top = world.chat("framework", seconds=9, attributes={"gen_ai.usage.input_tokens": 2000})
    below = [
        world.chat(
            parent=top, at=at, attributes={"gen_ai.response.id": f"msg_{at}", "burn.call.id": f"c{at}"}
        )
        for at in (1, 3)
    ]
    world.load(top, *below)
    assert [call["input_tokens"] for call in world.calls()] == [1000, 1000]


def test_a_roll_up_that_looked_like_a_call_loses_it(world: Any) -> None:
    """With one call below, the span above joins it; with a late second one, both calls stand alone."""
    top = world.chat("framework", seconds=9)
    first = world.chat(parent=top, at=1, attributes={"burn.call.id": "c1"})
    world.load(top, first)
    published = world.call()["call_id"]
    world.load(world.chat(parent=top, at=3, attributes={"burn.call.id": "c2"}))
    assert [call["sources"] for call in world.calls()] == [["otel_burn"], ["otel_burn"]]
    assert world.calls()[0]["call_id"] == published


def test_one_scope_reports_a_call_once(world: Any) -> None:
    """Two spans of one instrumentation are two calls, though one is above the other."""
    top = world.chat("app", seconds=3)
    world.load(top, world.chat("app", parent=top, at=1))
    assert len(world.calls()) == 2


def test_different_response_ids_never_join(world: Any) -> None:
    """A model that is an agent itself answers with an id of its own: both were billed."""
    top = world.chat("client", seconds=3, attributes={"gen_ai.response.id": "msg_outer"})
    world.load(top, world.chat(parent=top, at=1, attributes={"gen_ai.response.id": "msg_inner"}))
    assert len(world.calls()) == 2


def test_a_response_id_joins_separate_traces(world: Any) -> None:
    """Two instrumentations that do not nest are joined by response id, provider, model and time."""
    same = {"gen_ai.response.id": "msg_1"}
    world.load(world.chat("opentelemetry.instrumentation.anthropic", attributes=same))
    world.load(world.chat(NATIVE, at=0.1, attributes=same))
    assert len(world.call()["sources"]) == 2


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"at": 3600.0}, id="an hour later"),
        pytest.param({"attributes": {"gen_ai.request.model": "claude-haiku-4-5"}}, id="another model"),
        pytest.param(
            {"attributes": {"gen_ai.provider.name": "groq", "gen_ai.usage.output_tokens": 9}},
            id="another provider",
        ),
    ],
)
def test_a_reused_response_id_joins_nothing(world: Any, other: dict[str, Any]) -> None:
    """Compatible servers count their responses from 1: an id alone is no identity."""
    same = {"gen_ai.response.id": "chatcmpl-1"}
    other = other | {"attributes": same | other.get("attributes", {})}
    world.load(world.chat("one", attributes=same), world.chat("two", **other))
    assert len(world.calls()) == 2


@pytest.mark.parametrize(("at", "seconds", "calls"), [(2.0, 1.0, 2), (0.5, 1.0, 2), (0.2, 0.5, 1)])
def test_one_instrumentation_in_two_processes(world: Any, at: float, seconds: float, calls: int) -> None:
    """A second process that gets the same response id pays again, unless its call lies within the first's."""
    same = {"gen_ai.response.id": "chatcmpl-1"}
    other = {"service.name": "gateway", "service.instance.id": "process-2"}
    world.load(
        world.chat(attributes=same), world.chat(at=at, seconds=seconds, attributes=same, resource=other)
    )
    assert len(world.calls()) == calls


def test_calls_with_one_reused_id_pair_by_time(world: Any) -> None:
    """Four reports with one id and equal usage are two calls, each of two reporters."""
    same = {"gen_ai.response.id": "chatcmpl-1"}
    world.load(*(world.chat(scope, at=at, attributes=same) for at in (0, 3) for scope in ("one", "two")))
    assert [sorted(call["sources"]) for call in world.calls()] == [["one", "two"], ["one", "two"]]


def test_attempts_of_one_call_join_across_traces(world: Any) -> None:
    """Without a span around them, each attempt is a trace of its own; `burn.call.id` holds them together."""
    refused: dict[str, Any] = {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None}
    refused |= {"burn.call.id": "c"}
    refused |= {"http.response.status_code": 529, "error.type": "overloaded_error", "burn.attempt.number": 1}
    answered = {"burn.call.id": "c", "burn.attempt.number": 2, "http.response.status_code": 200}
    world.load(world.chat(at=2, attributes=answered))
    world.load(world.chat(attributes=refused, status="ERROR"))
    call = world.call()
    assert (call["attempts"], call["status"], call["input_tokens"], call["duration_ms"]) == (
        2,
        "ok",
        1000,
        3000.0,
    )


def test_a_stream_that_broke_is_billed_with_its_retry(world: Any) -> None:
    """The usage of both attempts is summed, and known to be partial."""
    broken = {"burn.call.id": "c", "burn.attempt.number": 1, "burn.usage.status": "partial"}
    broken |= {
        "gen_ai.response.id": "msg_1",
        "gen_ai.usage.output_tokens": 1,
        "error.type": "stream_truncated",
    }
    whole = {"burn.call.id": "c", "burn.attempt.number": 2, "burn.usage.status": "exact"}
    whole |= {"gen_ai.response.id": "msg_2"}
    world.load(world.chat(attributes=broken, status="ERROR"), world.chat(at=2, attributes=whole))
    call = world.call()
    assert (call["status"], call["response_id"]) == ("ok", "msg_2")
    assert (call["input_tokens"], call["output_tokens"], call["usage_status"]) == (2000, 21, "partial")


def test_two_published_calls_that_turn_out_to_be_one_keep_the_first_id(world: Any) -> None:
    """A late report that bridges two calls joins them under the older id; the other id stays known."""
    wire = world.chat(attributes={"burn.request.id": "req_1"})
    other = world.chat(
        "opentelemetry.instrumentation.anthropic", at=0.1, attributes={"gen_ai.response.id": "msg_1"}
    )
    world.load(wire)
    oldest = world.call()["call_id"]
    world.load(other)
    (younger,) = {call["call_id"] for call in world.calls()} - {oldest}
    bridge = {"gen_ai.response.id": "msg_1", "anthropic.request.id": "req_1"}
    world.load(world.chat(NATIVE, at=0.05, attributes=bridge))
    assert world.call()["call_id"] == oldest
    assert world.rows("FROM store.aliases") == [{"alias": younger, "call_id": oldest}]
