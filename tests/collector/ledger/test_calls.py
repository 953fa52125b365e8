"""Does a call say what is true of it, and NULL where nobody knows?"""

from decimal import Decimal
from typing import Any

import pytest

NOTHING = {
    "gen_ai.usage.input_tokens": None,
    "gen_ai.usage.cache_read.input_tokens": None,
    "gen_ai.usage.output_tokens": None,
}


def test_a_call_is_priced_by_our_rates(world: Any) -> None:
    """The bill is exact, its lines sum to it, and it names the rates."""
    world.load(world.chat())
    call = world.call()
    assert call["cost_status"] == "computed"
    assert call["cost_usd"] == sum(line["usd"] for line in call["cost_lines"])
    assert {line["unit"]: line["quantity"] for line in call["cost_lines"]} == {
        "input_tokens": 200,
        "cache_read_tokens": 800,
        "output_tokens": 20,
    }
    assert call["rate_version"]


def test_an_unknown_model_costs_nobody_knows_what(world: Any) -> None:
    """Unpriced is NULL, never 0."""
    world.load(world.chat(attributes={"gen_ai.request.model": "mystery-9"}))
    assert (world.call()["cost_usd"], world.call()["cost_status"]) == (None, "unpriced")


def test_what_an_emitter_says_a_call_cost_stands_in_for_a_rate(world: Any) -> None:
    """Our own sum comes first; the emitter's is used, and called so, where we have no rate."""
    cost = {"operation.cost": 0.25}
    world.load(world.chat("pydantic-ai", attributes=cost))
    world.load(world.chat("pydantic-ai", at=9, attributes=cost | {"gen_ai.request.model": "mystery-9"}))
    assert [call["cost_status"] for call in world.calls()] == ["computed", "reported"]
    assert world.calls()[1]["cost_usd"] == Decimal("0.25")


@pytest.mark.parametrize(
    ("said", "status", "cost"),
    [
        pytest.param(
            {"http.response.status_code": 400, "error.type": "400"}, "error", (0, "not_metered"), id="refused"
        ),
        pytest.param({"error.type": "httpx2.ReadTimeout"}, "error", (None, "unpriced"), id="no answer"),
        pytest.param({"error.type": "httpx2.ConnectError"}, "error", (0, "not_metered"), id="no connection"),
        pytest.param({"error.type": "stream_abandoned"}, "cancelled", (None, "unpriced"), id="abandoned"),
        pytest.param({"http.response.status_code": 200}, "ok", (None, "unpriced"), id="no usage"),
    ],
)
def test_a_call_without_usage(world: Any, said: dict[str, Any], status: str, cost: tuple[Any, str]) -> None:
    """What a provider answers with an error, or never got, bills nothing; the rest costs something unknown."""
    world.load(world.chat(attributes=NOTHING | said))
    call = world.call()
    assert (call["status"], call["usage_status"], call["input_tokens"]) == (status, "missing", None)
    assert (call["cost_usd"], call["cost_status"]) == cost


def test_a_retry_that_reached_nobody_does_not_make_a_call_free(world: Any) -> None:
    """One attempt that may have been answered is enough for nobody to know."""
    shared = NOTHING | {"burn.call.id": "c1"}
    world.load(
        world.chat(attributes=shared | {"burn.attempt.number": 1, "error.type": "httpx2.ReadTimeout"}),
        world.chat(at=5, attributes=shared | {"burn.attempt.number": 2, "error.type": "httpx2.ConnectError"}),
    )
    assert (world.call()["cost_usd"], world.call()["cost_status"]) == (None, "unpriced")


def test_a_refusal_makes_no_sum_of_zero(world: Any) -> None:
    """A session of one refused call cost $0; beside an unpriced one the sum is unknown, beside a priced one that."""
    said = {name: {"gen_ai.conversation.id": name} for name in ("refused", "unknown", "priced")}
    refusal = NOTHING | {"http.response.status_code": 400, "error.type": "400"}
    for session in said.values():
        world.load(world.chat(attributes=session | refusal))
    for name in ("unknown", "priced"):
        world.load(world.chat(at=5, attributes=said[name] | {"gen_ai.request.model": "mystery-9"}))
    world.load(world.chat(at=9, attributes=said["priced"]))
    sums = {
        row["session_id"]: row["cost_usd"] for row in world.rows("SELECT session_id, cost_usd FROM sessions")
    }
    assert (sums["refused"], sums["unknown"]) == (0, None)
    assert sums["priced"] == world.rows("SELECT max(cost_usd) AS most FROM llm_calls")[0]["most"] > 0


def test_a_price_of_partial_usage_is_an_estimate(world: Any) -> None:
    """A stream that broke off says what it read, not what it wrote: its price is a lower bound, and marked."""
    partial = {
        "gen_ai.usage.output_tokens": None,
        "burn.usage.status": "partial",
        "error.type": "stream_abandoned",
    }
    world.load(world.chat(attributes=partial))
    call = world.call()
    assert (call["usage_status"], call["cost_status"], call["cost_usd"] > 0) == ("partial", "estimated", True)


def test_usage_is_taken_as_one_set(world: Any) -> None:
    """A report without usage takes all of it from the one below in rank, which says all it knows."""
    top = world.chat("pydantic-ai", seconds=2, attributes={"gen_ai.usage.output_tokens": 21})
    world.load(top, world.chat(parent=top, at=0.5, attributes=NOTHING))
    assert (world.call()["input_tokens"], world.call()["output_tokens"]) == (1000, 21)


def test_an_emitter_that_contradicts_itself_is_not_believed(world: Any) -> None:
    """More cached tokens than input tokens: what was uncached, and the cost, are unknown."""
    said = {
        "gen_ai.usage.cache_read.input_tokens": 5000,
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
    }
    world.load(world.chat("app", attributes=said))
    assert (world.call()["uncached_input_tokens"], world.call()["cost_status"]) == (None, "unpriced")


def test_anthropics_own_count_is_known_by_its_arithmetic(world: Any) -> None:
    """An unknown emitter that hands on input beside the cache: a part cannot be larger than its whole."""
    world.load(world.chat("app", attributes={"gen_ai.usage.cache_read.input_tokens": 5000}))
    call = world.call()
    assert (call["input_tokens"], call["uncached_input_tokens"], call["cost_status"]) == (
        6000,
        1000,
        "computed",
    )
    (said,) = world.rows("SELECT correction FROM store.corrections")
    assert "smaller" in said["correction"]


def test_a_late_ancestor_tells_session_and_agent(world: Any) -> None:
    """A root span ends last, so it arrives last; the calls below it are derived again."""
    root = world.span("app", {"gen_ai.conversation.id": "s1", "gen_ai.agent.name": "planner"}, seconds=9)
    step = world.span("app", parent=root)
    world.load(world.chat(parent=step, at=1))
    assert (world.call()["session_id"], world.call()["agent"]) == ("process-1", "agent")
    world.load(step, root)
    assert (world.call()["session_id"], world.call()["agent"]) == ("s1", "planner")
    assert [row["session_id"] for row in world.rows("FROM sessions")] == ["s1"]


def test_a_session_without_an_id_is_the_run(world: Any) -> None:
    """The run's id, else the process, stands for the session, and says so."""
    run = {"service.name": "agent", "burn.run.id": "run-1", "service.instance.id": "process-1"}
    world.load(world.chat(resource=run), world.chat(at=5, attributes={"gen_ai.conversation.id": "s1"}))
    sessions = world.rows("SELECT session_id, session_source, run_id FROM sessions ORDER BY session_id")
    assert sessions == [
        {"session_id": "run-1", "session_source": "run", "run_id": "run-1"},
        {"session_id": "s1", "session_source": "given", "run_id": None},
    ]


def test_turns_follow_the_clock_whatever_the_order_of_arrival(world: Any) -> None:
    """A call that arrives late takes its place, and the turns after it move."""
    said = {"gen_ai.conversation.id": "s1"}
    world.load(world.chat(at=0, attributes=said), world.chat(at=20, attributes=said))
    world.load(world.chat(at=10, attributes=said))
    assert [call["turn"] for call in world.calls()] == [1, 2, 3]
    (session,) = world.rows("FROM sessions")
    assert (session["calls"], session["input_tokens"], session["unpriced_calls"]) == (3, 3000, 0)
    assert session["cost_usd"] == sum(call["cost_usd"] for call in world.calls())


def test_a_project_comes_from_the_resource(world: Any) -> None:
    """burn.project of the resource, else NULL."""
    world.load(world.chat(resource={"burn.project": "shop"}), world.chat(at=5))
    assert [call["project"] for call in world.calls()] == ["shop", None]


@pytest.mark.parametrize(
    ("scope", "more", "status", "cost_status"),
    [
        ("opentelemetry.instrumentation.openai_v2", {}, "partial", "estimated"),
        (
            "opentelemetry.instrumentation.openai_v2",
            {"gen_ai.usage.cache_read.input_tokens": 0},
            "exact",
            "computed",
        ),
        ("somebody", {}, "exact", "computed"),
    ],
)
def test_an_emitter_that_leaves_out_cached_tokens_makes_an_estimate(
    world: Any, scope: str, more: dict[str, Any], status: str, cost_status: str
) -> None:
    """Its input is priced as if no cache had served any, and the call says so; another report of it may know better."""
    said = {"gen_ai.usage.cache_read.input_tokens": None} | more
    span = world.chat(scope, attributes=said)
    world.load(span)
    call = world.call()
    assert (call["usage_status"], call["cost_status"]) == (status, cost_status)
    assert ("leaves out cached and reasoning tokens" in (call["cost_reason"] or "")) == (status == "partial")
    world.load(world.chat("otel_burn", parent=span, at=0.1, seconds=0.5))
    assert (world.call()["usage_status"], world.call()["cost_status"]) == ("exact", "computed")
