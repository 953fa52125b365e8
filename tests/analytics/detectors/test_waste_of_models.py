"""Are price steps, dear models, outliers and unusual work told, and ordinary days left alone?"""

from typing import Any

import polars as pl
import pytest

from otel_burn_analytics.detectors import anomalies, oversized_model, price_cliffs, workload
from otel_burn_analytics.rates import steps, with_list_rates

DAY = 86_400


def judge(detector: Any, frames: dict[str, pl.LazyFrame], effect: str = "write") -> list[dict[str, Any]]:
    tools = frames["tool_calls"].with_columns(effect=pl.lit(effect))
    return detector.DETECTOR.judge({**frames, "tool_calls": tools}).collect().to_dicts()


def test_the_whole_call_is_dearer_above_a_step(world: Any, call: Any) -> None:
    """Claude Sonnet 4.5 costs twice as much for input above 200,000 tokens, half as much again for output."""
    above = {"rest_usd": 220_000 * 6e-6}
    (row,) = judge(price_cliffs, world(call(input=100_000), call(input=220_000, output=1_000, more=above)))
    assert (row["tier"], row["call_ids"]) == ("waste", ["s1-call-1"])
    assert float(row["wasted_usd_high"]) == pytest.approx(220_000 * 3e-6 + 1_000 * 7.5e-6)
    assert "more than 200,000 tokens (up to 220,000)" in row["evidence"]


def test_the_next_step_is_told_before_it_is_reached(world: Any, call: Any) -> None:
    """At nine tenths of it, while the prompt grows."""
    (row,) = judge(price_cliffs, world(call(input=150_000), call(input=190_000)))
    assert (row["tier"], row["wasted_tokens"]) == ("warn", 0)
    assert row["evidence"].startswith("The last prompt had 190,000 tokens; above 200,000 the list of")
    assert judge(price_cliffs, world(call(input=190_000), call(input=150_000))) == []


def test_list_rates_are_those_of_the_calls_size(world: Any, call: Any) -> None:
    """And NULL where no list says."""
    strange = {"response_model": "acme-7b", "request_model": "acme-7b", "provider": "acme"}
    frame = with_list_rates(
        world(call(input=10), call(input=200_001), call(input=9, more=strange))["llm_calls"]
    )
    rows = frame.sort("call_id").select("list_input", "base_input", "list_step").collect().rows()
    assert rows == [(3e-6, 3e-6, 200_000), (6e-6, 3e-6, 200_000), (None, None, None)]
    assert 200_000 in steps()


def test_routine_calls_on_a_dear_model_are_an_estimate(world: Any, call: Any) -> None:
    """With a wide range and little confidence."""
    (row,) = judge(oversized_model, world(*(call(input=900, output=20) for _ in range(60))))
    assert (row["tier"], row["confidence"], len(row["call_ids"])) == ("warn", 0.3, 60)
    assert 0 < row["wasted_usd_low"] < row["wasted_usd_high"]
    tooled = (call(input=900, output=20, asks=["search"]) for _ in range(60))
    assert judge(oversized_model, world(*tooled)) == []


def days(call: Any, costs: list[float]) -> list[Any]:
    """A session a day, with what it cost."""
    return [
        call(input=int(usd / 3e-6), output=0, session=f"day-{n}", at=n * DAY / 2)
        for n, usd in enumerate(costs)
    ]


def test_a_session_far_outside_its_history_is_seen(world: Any, call: Any) -> None:
    """And so is its hour."""
    usual = [0.10, 0.12, 0.09, 0.11] * 7
    found = judge(anomalies, world(*days(call, [*usual, 4.0])))
    assert {row["session_id"] for row in found} == {"day-28", None}
    assert found[0]["evidence"].startswith("This ")
    assert all(row["tier"] == "warn" and row["wasted_usd_low"] == 0 for row in found)


ORDINARY = {
    "a month": [0.10, 0.12, 0.09, 0.11] * 8,
    "a few": [0.1, 0.1, 9.0],
    "cents": [*[0.001, 0.0011] * 15, 0.05],
    "many sizes": [0.05 * 1.4**n for n in range(24)],
}


@pytest.mark.parametrize("costs", ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_days_are_left_alone(world: Any, call: Any, costs: list[float]) -> None:
    """Regular, few, cheap, or spread as such costs are."""
    assert judge(anomalies, world(*days(call, costs))) == []


def test_work_is_told_by_its_form(world: Any, call: Any, block: Any) -> None:
    """And held against the range of its kind."""
    coder = [call(input=9_000, session="coder", asks=["edit"]) for _ in range(25)]
    chat = [call(input=500, session="chat") for _ in range(3)]
    reader = [call([block("document", "d", 4_000), block("user", "q", 20)], session="reader")]
    team = [call(input=5_000, session="team", agent=name, asks=["search"]) for name in ("lead", "worker")]
    frames = world(*coder, *chat, *reader, *team)
    frames["tool_calls"] = frames["tool_calls"].with_columns(effect=pl.lit("write"))
    known = workload.classify(
        *(frames[name] for name in ("llm_calls", "tool_calls", "context_calls", "block_runs"))
    )
    kinds = dict(known.select("session_id", "kind").collect().iter_rows())
    assert kinds == {
        "coder": "autonomous coding", "chat": "chat", "reader": "retrieval", "team": "multi-agent"
    }  # fmt: skip
    assert judge(workload, frames) == []


def test_a_task_far_above_its_range_is_shown(world: Any, call: Any) -> None:
    """A single agent with 800,000 tokens."""
    (row,) = judge(workload, world(*(call(input=80_000, asks=["search"]) for _ in range(10))), effect="read")
    assert (row["tier"], row["confidence"], row["session_id"]) == ("warn", 0.4, "s1")
    assert "this is single agent: published ranges are 20,000 to 30,000 tokens a task" in row["evidence"]
    assert row["first_detectable_call_id"] == "s1-call-3"


@pytest.mark.parametrize(
    "detector", [price_cliffs, oversized_model, anomalies, workload], ids=lambda one: one.NAME
)
def test_nothing_is_found_in_nothing(world: Any, call: Any, detector: Any) -> None:
    """Empty frames, and calls of which nobody knows usage or price."""
    frames = world(call(metered=False, priced=False))
    assert judge(detector, frames) == []
    assert judge(detector, {name: frame.limit(0) for name, frame in frames.items()}) == []
