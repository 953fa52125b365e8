"""Is each miss of a provider's cache found, with its cause, and none invented?"""

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest

from otel_burn_analytics.detectors import cache_misses

USAGE: Final = Path(__file__).parents[3] / "../shared/data/trajectories/usage_sessions.jsonl.gz"
LEVELS: Final = pl.LazyFrame(schema=cache_misses.LEVELS)


def judge(frames: dict[str, pl.LazyFrame], levels: pl.LazyFrame = LEVELS) -> list[dict[str, Any]]:
    return cache_misses.DETECTOR.judge({**frames, "request_levels": levels}).collect().to_dicts()


def growing(call: Any, block: Any, turns: int, **more: Any) -> list[Any]:
    """A conversation that is cached to its end at each turn."""
    context, calls, left = [block("system", "prompt", 20_000)], [], 0
    for turn in range(turns):
        context = [*context, block("user", f"ask {turn}", 1_000)]
        total = sum(each.tokens for each in context)
        calls.append(call(context, read=left, write=total - left, **more))
        left = total
    return calls


def test_a_healthy_conversation_has_none(world: Any, call: Any, block: Any) -> None:
    """Every call reads what the last one left."""
    assert judge(world(*growing(call, block, 8))) == []


def test_names_the_block_that_changed(world: Any, call: Any, block: Any) -> None:
    """A clock in the system prompt: the cache is written each time and never read."""
    tools = block("tool_definition", "t", 500, "search")
    beat = [
        call([tools, block("system", f"it is {n}", 15_000), block("user", "go on", 500)], write=16_000)
        for n in range(4)
    ]
    (row,) = judge(world(*beat))
    assert (row["tier"], row["confidence"]) == ("waste", 0.95)
    assert row["call_ids"] == ["s1-call-1", "s1-call-2", "s1-call-3"]
    assert row["wasted_tokens"] == 3 * 16_000
    # Written at 3.75 dollars a million instead of read at 0.30.
    assert row["wasted_usd_high"] == row["wasted_usd_low"] == Decimal("0.165600000000")
    assert "the system prompt (block 2 of the prompt) was changed" in row["evidence"]
    assert "3 calls read 0 of 48,000 tokens" in row["evidence"]


def missing(call: Any, block: Any, **last: Any) -> list[Any]:
    """A healthy conversation whose last call reads nothing."""
    healthy = growing(call, block, 4)
    context = [*healthy[-1].context, block("user", "on", 1_000)]
    return [*healthy, call(context, write=25_000, **last)]


CAUSES: Final = {
    "expired": ({"at": 30 + 400}, "The pause was 6.7 minutes; this cache keeps 5 minutes", "waste"),
    "another model": ({"more": {"response_model": "claude-opus-4-5"}}, "changed from claude-sonnet-4-5", "warn"),
    "nobody knows": ({}, "too short to expire. The prompt began as before", "warn"),
}  # fmt: skip


@pytest.mark.parametrize(("last", "says", "tier"), CAUSES.values(), ids=CAUSES.keys())
def test_tells_the_cause(world: Any, call: Any, block: Any, last: Any, says: str, tier: str) -> None:
    """In words, with what it cost beyond a cache read."""
    (row,) = judge(world(*missing(call, block, **last)))
    assert says in row["evidence"]
    assert row["tier"] == tier
    assert row["first_detectable_call_id"] == "s1-call-4"
    assert row["wasted_tokens"] == 24_000


def test_tells_another_thinking_level(world: Any, call: Any, block: Any) -> None:
    """Where our own spans say it."""
    frames = world(*missing(call, block))
    levels = frames["llm_calls"].select(
        "call_id",
        reasoning_level=pl.when(pl.col("call_id") == "s1-call-4")
        .then(pl.lit("high"))
        .otherwise(pl.lit("low")),
    )
    (row,) = judge(frames, levels)
    assert "The thinking level changed from low to high" in row["evidence"]


def test_an_hour_is_kept_where_it_was_paid_for(world: Any, call: Any, block: Any) -> None:
    """A pause of seven minutes is then no reason."""
    calls = growing(call, block, 4, more={"cache_write_1h_tokens": 1_000})
    context = [*calls[-1].context, block("user", "on", 1_000)]
    (row,) = judge(world(*calls, call(context, write=25_000, at=430)))
    assert "too short to expire" in row["evidence"]


def test_the_same_few_tokens_are_pinned(world: Any, call: Any) -> None:
    """Served again and again, while the context grows. Told by token counts alone."""
    calls = [call(input=100_000 + 1_000 * n, read=29_542, write=70_000) for n in range(5)]
    found = judge(world(*calls))
    assert [row["call_ids"] for row in found] == [["s1-call-1", "s1-call-2", "s1-call-3", "s1-call-4"]]
    assert "the same few tokens" in found[0]["evidence"]
    assert "cannot be told whether the prompt changed" in found[0]["evidence"]


HEALTHY: Final = {
    "a compaction": [{"input": 90_000, "write": 90_000}, {"input": 20_000, "write": 20_000}],
    "an aborted call": [{"input": 90_000, "write": 90_000}, {"metered": False}, {"input": 91_000, "read": 90_000}],
    "no cache": [{"input": 90_000}, {"input": 91_000}, {"input": 92_000}],
    "small prompts": [{"input": 3_000, "write": 3_000}, {"input": 3_100, "write": 3_100}],
    "one call": [{"input": 90_000, "write": 90_000}],
    "another agent": [{"input": 90_000, "write": 90_000}, {"input": 90_000, "write": 90_000, "agent": "other"}],
    "at the same moment": [{"input": 90_000, "write": 90_000, "at": 0}, {"input": 90_000, "read": 90_000, "at": 0}],
}  # fmt: skip


@pytest.mark.parametrize("calls", HEALTHY.values(), ids=HEALTHY.keys())
def test_invents_none(world: Any, call: Any, calls: list[dict[str, Any]]) -> None:
    """What is no miss."""
    assert judge(world(*(call(**one) for one in calls))) == []


def test_sub_agents_are_conversations_of_their_own(world: Any, call: Any, block: Any) -> None:
    """They share session and agent, and begin with another message."""
    main = growing(call, block, 6)
    child = call([block("system", "child", 25_000), block("user", "task", 900)], write=25_900)
    assert judge(world(*main[:3], child, *main[3:])) == []


def test_columns_that_nobody_filled_are_no_error(world: Any, call: Any) -> None:
    """A frame with little more than ids and token counts."""
    calls = world(call(input=90_000, write=90_000), call(input=90_000))["llm_calls"]
    bare = calls.select(
        "call_id", "session_id", "started_at", "input_tokens", "cache_read_tokens", "cache_write_tokens"
    )
    empty = {name: pl.LazyFrame(schema=schema) for name, schema in cache_misses.DETECTOR.needs.items()}
    (row,) = judge({**empty, "llm_calls": bare})
    assert (row["wasted_tokens"], row["wasted_usd_high"]) == (90_000, None)


def recorded() -> Iterator[dict[str, Any]]:
    """The calls of real coding sessions, at list prices; most have no context on record."""
    with gzip.open(USAGE, "rt", encoding="utf-8") as lines:
        for session in map(json.loads, lines):
            for number, one in enumerate(session["calls"]):
                read, write, rest = one.get("cr") or 0, one.get("cw") or 0, one.get("inp") or 0
                yield {
                    "call_id": f"{session['id']}#{number}", "session_id": session["id"], "agent": "pi",
                    "started_at": datetime.fromisoformat(one["ts"].removesuffix("Z")), "provider": "anthropic",
                    "response_model": one["model"], "input_tokens": read + write + rest, "cache_read_tokens": read,
                    "cache_write_tokens": write, "cache_write_1h_tokens": one.get("cw1h"),
                    "read_usd": read * 0.5e-6, "write_usd": write * 6.25e-6, "rest_usd": rest * 5e-6,
                }  # fmt: skip


def real_misses(rows: list[dict[str, Any]]) -> set[str]:
    """The misses of recorded sessions, by a plain walk: nothing was served of a prompt as large as the last one."""
    found, last = set(), {}
    for row in rows:
        if not row["input_tokens"]:
            continue
        key = row["session_id"], row["response_model"]
        before = last.get(key)
        if before and row["cache_read_tokens"] == 0 and row["input_tokens"] > 0.8 * before > 10_000 * 0.8:
            found.add(row["call_id"])
        last[key] = row["input_tokens"]
    return found


@pytest.mark.recorded
@pytest.mark.skipif(not USAGE.exists(), reason="the recorded sessions are not here (../shared/data)")
def test_finds_every_real_miss_and_no_other() -> None:
    """47 of 973 calls of two real sessions and four sub-agents; each was read by hand."""
    rows = list(recorded())
    empty = {name: pl.LazyFrame(schema=schema) for name, schema in cache_misses.DETECTOR.needs.items()}
    found = judge({**empty, "llm_calls": pl.LazyFrame(rows, infer_schema_length=None)})
    flagged = {call_id for row in found for call_id in row["call_ids"]}
    assert flagged == real_misses(rows)
    assert len(flagged) == 47
