"""Are calls that a clock makes told from a user's, an agent's and a job's? Sub-agents from other work?"""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from otel_burn_analytics.detectors import fan_out, heartbeats

HALF_HOUR = 1_800


def judge(frames: dict[str, pl.LazyFrame], writes: bool = False) -> list[dict[str, Any]]:
    """What is found, where tools that were asked for only read, or write."""
    effect = pl.lit("write" if writes else "read")
    tools = frames["tool_calls"].with_columns(effect=effect)
    return heartbeats.DETECTOR.judge({**frames, "tool_calls": tools}).collect().to_dicts()


def beating(call: Any, block: Any, beats: int = 6, **more: Any) -> list[Any]:
    """The same message each half hour, in a new session each time."""
    context = [block("system", "boot", 9_000), block("user", "beat", 20)]
    return [call(context, at=n * HALF_HOUR, session=f"s{n}", **{"output": 4, **more}) for n in range(beats)]


def test_says_what_it_costs_a_day_and_what_would_save(world: Any, call: Any, block: Any) -> None:
    """At 48 beats a day."""
    (row,) = judge(world(*beating(call, block)))
    assert (row["tier"], row["partition"], row["session_id"], row["confidence"]) == (
        "waste",
        "coder",
        None,
        0.95,
    )
    assert (
        "6 beats every 30.0 minutes without a user: 6 of 6 beats found nothing to do, 0 failed."
        in row["evidence"]
    )
    assert (
        "together they cost $0.1627, or $1.3018 a day. Beating half as often saves $0.6509 a day"
        in row["evidence"]
    )
    assert row["first_detectable_call_id"] == "s3-call-3"


def test_failing_beats_are_counted_as_such(world: Any, call: Any, block: Any) -> None:
    """Forty-eight failures a day, for weeks, is what one user found."""
    refused = {"status": "error", "http_status": 400}
    (row,) = judge(world(*beating(call, block, metered=False, priced=False, more=refused)))
    assert "0 of 6 beats found nothing to do, 6 failed" in row["evidence"]
    assert row["fix"].startswith("Stop the clock when a beat fails twice in a row")


def test_a_message_with_the_time_in_it_is_still_a_beat(world: Any, call: Any, block: Any) -> None:
    """It has the same length each time, and so has the answer."""
    calls = [
        call([block("system", "boot", 9_000), block("user", f"it is {n}", 20)], at=n * HALF_HOUR, output=4)
        for n in range(6)
    ]
    (row,) = judge(world(*calls))
    assert row["confidence"] == 0.85


def test_by_pauses_alone_it_is_less_sure(world: Any, call: Any) -> None:
    """Where no context is on record, and it says so."""
    (row,) = judge(world(*(call(input=9_000, at=n * HALF_HOUR, output=4) for n in range(6))))
    assert row["confidence"] == 0.6
    assert "told by their pauses alone" in row["evidence"]


def user(call: Any, block: Any) -> list[Any]:
    """A person says the same thing, when it pleases them."""
    context = [block("system", "p", 300), block("user", "go on", 20)]
    return [call(context, at=at) for at in (0, 700, 5_000, 5_900, 20_000, 21_500, 60_000)]


def agent(call: Any, block: Any) -> list[Any]:
    """Tool after tool, five seconds apart."""
    return [call([block("system", "p", 300), block("tool_result", f"r{n}", 20)], at=5 * n) for n in range(20)]


def job(call: Any, block: Any) -> list[Any]:
    """A clock wakes it, and each time it has much to say."""
    return beating(call, block, output=900)


QUIET: dict[str, Callable[[Any, Any], list[Any]]] = {
    "a user": user, "an agent": agent, "a job": job, "three beats": lambda call, block: beating(call, block, 3),
    "nobody": lambda call, block: [],
}  # fmt: skip


@pytest.mark.parametrize("make", QUIET.values(), ids=QUIET.keys())
def test_others_are_left_alone(world: Any, call: Any, block: Any, make: Any) -> None:
    """Irregular, fast, busy or few."""
    assert judge(world(*make(call, block))) == []


def test_a_beat_that_writes_something_is_work(world: Any, call: Any, block: Any) -> None:
    """However short its answer."""
    calls = beating(call, block, asks=["write_file"])
    assert judge(world(*calls), writes=True) == []
    assert judge(world(*calls)) != []


def test_a_chat_beside_it_does_not_matter(world: Any, call: Any, block: Any) -> None:
    """The same agent, other messages."""
    beats = beating(call, block)
    chat = [
        call(
            [block("system", "p", 300), block("user", f"question {n}", 31)],
            at=n * 1_000.0,
            session="chat",
            output=300,
        )
        for n in range(10)
    ]
    (row,) = judge(world(*beats, *chat))
    assert len(row["call_ids"]) == 6


def splitting(call: Any, block: Any, workers: int, pause: float, **more: Any) -> list[Any]:
    """A lead splits its work, and sums up when all are done."""
    lead = [block("system", "lead", 100), block("user", "split", 50)]
    boot = block("system", "boot", 9_000)
    parts = [
        call([boot, block("user", f"part {n}", 40)], at=10 + n * pause, agent="worker", **more)
        for n in range(workers)
    ]
    return [
        call(lead, at=0, agent="lead"),
        *parts,
        call([*lead, block("user", "sum", 9)], at=500, agent="lead"),
    ]


def test_a_fan_out_says_what_was_read_again(world: Any, call: Any, block: Any) -> None:
    """Three of four workers read what the first had read."""
    (row,) = fan_out.DETECTOR.judge(world(*splitting(call, block, 4, 0.5))).collect().to_dicts()
    assert (row["tier"], row["agent"], row["wasted_tokens"]) == ("waste", "lead", 27_000)
    assert row["evidence"].startswith("4 sub-agents worked for lead, up to 4 at once.")
    assert float(row["wasted_usd_high"]) == pytest.approx(0.081)
    assert float(row["wasted_usd_low"]) == pytest.approx(0.081 - 27_000 * 0.3e-6)
    assert row["first_detectable_call_id"] == "s1-call-3"


def test_sub_agents_with_sessions_of_their_own_are_found_by_their_trace(
    world: Any, call: Any, block: Any
) -> None:
    """And only so."""
    frames = world(*splitting(call, block, 4, 0.5))
    own = pl.when(pl.col("agent") == "worker").then(pl.col("call_id")).otherwise("session_id")
    frames["llm_calls"] = frames["llm_calls"].with_columns(session_id=own)
    assert fan_out.DETECTOR.judge(frames).collect().is_empty()
    (row,) = fan_out.ACROSS.judge(frames).collect().to_dicts()
    assert (row["detector"], row["partition"], row["wasted_tokens"]) == (
        "fan_out_sessions",
        "s1-trace",
        27_000,
    )


@pytest.mark.parametrize(
    ("workers", "pause"), [(2, 0.5), (6, 30)], ids=["a delegation", "one after the other"]
)
def test_what_is_no_fan_out_is_left_alone(
    world: Any, call: Any, block: Any, workers: int, pause: float
) -> None:
    """Two, or six in a row."""
    assert fan_out.DETECTOR.judge(world(*splitting(call, block, workers, pause))).collect().is_empty()
