"""Is content found that is paid for again and again, with what it costs?"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from otel_burn_analytics.detectors.context_bloat import find_context_bloat
from otel_burn_analytics.finding import FINDINGS

NAMES = ("context_calls", "context_parts", "block_runs")
Frames = Callable[..., tuple[pl.LazyFrame, pl.LazyFrame, pl.LazyFrame]]


@pytest.fixture(scope="session")
def context_frames(world: Any, call: Any) -> Frames:
    """The frames that the detector reads, of a session with a call for each context."""

    def build(*contexts: Any, **of_calls: Any) -> tuple[pl.LazyFrame, pl.LazyFrame, pl.LazyFrame]:
        made = world(*(call(context, **of_calls) for context in contexts))
        return tuple(made[name] for name in NAMES)

    return build


@pytest.fixture
def growing(block: Any) -> list[list[Any]]:
    """A session that reads three large files and carries them to its end."""
    files = [block("tool_result", f"file {n}", 9_000, "read_file") for n in range(3)]
    head = [block("system", "prompt", 400)]
    return [head + files[: min(turn, 3)] + [block("user", f"ask {turn}", 100)] for turn in range(8)]


@pytest.fixture
def heartbeat(block: Any) -> list[list[Any]]:
    """A session that wakes up to its bootstrap and nothing else; only the time of day is new."""
    boot = [
        block("system", "notes", 20_000),
        block("tool_definition", "t1", 700),
        block("tool_definition", "t2", 300),
    ]
    return [[*boot, block("system", f"time {n}", 20), block("user", "heartbeat", 30)] for n in range(12)]


def test_finds_results_that_are_carried_on(context_frames: Frames, growing: list[list[Any]]) -> None:
    """Which blocks cost most, how often each was carried, and its dollars."""
    found = find_context_bloat(*context_frames(*growing)).collect()
    assert found.schema == FINDINGS
    (row,) = found.to_dicts()
    assert (row["detector"], row["partition"], row["tier"]) == ("context_bloat", "s1", "waste")
    assert (row["agent"], row["work_id"], row["trace_id"]) == ("coder", "T-1", "s1-trace")
    assert row["call_ids"] == [f"s1-call-{n}" for n in range(2, 8)]
    assert row["first_detectable_call_id"] == "s1-call-4"
    assert row["wasted_tokens"] == (6 + 5 + 4) * 9_000
    assert row["wasted_usd_high"] == Decimal("0.405000000000")
    # The careful estimate grants each file its first 2,000 tokens, and all of it for three calls.
    assert row["wasted_usd_low"] == Decimal("0.126000000000")
    assert row["evidence"] == (
        "8 calls sent 166,000 tokens of input, of which 28,200 were new: each was sent 5.9 times on average. Carrying "
        "on 3 large pieces made up 81 % of it, 135,000 tokens at $0.4050. Most of it: a result of read_file "
        "(9,000 tokens, 6 times more, $0.1620); a result of read_file (9,000 tokens, 5 times more, $0.1350); a result "
        "of read_file (9,000 tokens, 4 times more, $0.1080). Whether the model still needed it cannot be told without "
        "content."
    )


def test_finds_a_bootstrap_that_every_heartbeat_repeats(
    context_frames: Frames, heartbeat: list[list[Any]]
) -> None:
    """Static overhead: much the same in every call, next to nothing new."""
    (row,) = find_context_bloat(*context_frames(*heartbeat)).collect().to_dicts()
    assert row["tier"] == "waste"
    assert row["wasted_tokens"] == 11 * 21_030
    assert row["wasted_usd_high"] == Decimal("0.693990000000")
    assert row["wasted_usd_low"] < row["wasted_usd_high"]
    assert "The same bootstrap" in row["evidence"]
    assert "the system prompt (20,000 tokens, 11 times more, $0.6600); 2 tool definitions" in row["evidence"]


def test_an_agent_at_work_on_a_large_prompt_is_only_warned(context_frames: Frames, block: Any) -> None:
    """Its static part is large, but each call brings work."""
    boot = [block("system", "prompt", 9_000)]
    steps = [block("tool_result", f"r{n}", 1_500, "grep") for n in range(6)]
    found = find_context_bloat(*context_frames(*(boot + steps[:turn] for turn in range(6)))).collect()
    assert found["tier"].to_list() == ["warn"]


QUIET = {
    "a short chat": lambda block: [
        [block("user", "q", 30_000)],
        [block("user", "q", 30_000), block("user", "r", 9)],
    ],
    "small results": lambda block: [
        [block("system", "p", 300)] + [block("tool_result", f"r{n}", 150, "ls") for n in range(t)]
        for t in range(9)
    ],
    "everything is new": lambda block: [[block("user", f"q{n}", 30_000)] for n in range(6)],
    "nobody knows the content": lambda block: [[block("user", None, 30_000)] for _ in range(6)],
}


@pytest.mark.parametrize("contexts", QUIET.values(), ids=QUIET.keys())
def test_finds_nothing(context_frames: Frames, block: Any, contexts: Callable[[Any], Any]) -> None:
    """Small, new or unknown."""
    assert find_context_bloat(*context_frames(*contexts(block))).collect().is_empty()


def test_without_tokens_there_is_nothing_to_say(context_frames: Frames, growing: list[list[Any]]) -> None:
    """Nobody reported usage: nobody knows what was sent."""
    assert find_context_bloat(*context_frames(*growing, metered=False)).collect().is_empty()


def test_unknown_money_is_not_zero(context_frames: Frames, growing: list[list[Any]]) -> None:
    """Without a price the tokens are known and the dollars are not."""
    (row,) = find_context_bloat(*context_frames(*growing, priced=False)).collect().to_dicts()
    assert row["wasted_tokens"] == 135_000
    assert (row["wasted_usd_low"], row["wasted_usd_high"]) == (None, None)
    assert "an unknown cost" in row["evidence"]


def test_a_call_without_usage_is_named(world: Any, call: Any, growing: list[list[Any]]) -> None:
    """Its blocks are in no sum, and the finding is less sure."""
    calls = [*map(call, growing[:-1]), call(growing[-1], metered=False)]
    frames = (world(*calls)[name] for name in NAMES)
    (row,) = find_context_bloat(*frames).collect().to_dicts()
    assert row["wasted_tokens"] == 135_000 - 27_000
    assert row["confidence"] == 0.4
    assert "1 call reported no usage and are not in these sums" in row["evidence"]


def test_a_finding_that_grows_stays_itself(context_frames: Frames, growing: list[list[Any]]) -> None:
    """More calls, the same id."""
    short, long = (find_context_bloat(*context_frames(*growing[:n])).collect() for n in (7, 8))
    assert short["finding_id"].to_list() == long["finding_id"].to_list()
    assert len(short) == 1


def test_what_it_could_know_then_it_says_then(context_frames: Frames, growing: list[list[Any]]) -> None:
    """Cut off after the first detectable call, the session is bloated already; before it, it is not."""
    (row,) = find_context_bloat(*context_frames(*growing)).collect().to_dicts()
    at = int(row["first_detectable_call_id"].rsplit("-", 1)[1])
    assert not find_context_bloat(*context_frames(*growing[: at + 1])).collect().is_empty()
    assert find_context_bloat(*context_frames(*growing[:at])).collect().is_empty()


@settings(max_examples=12)
@given(seed=st.integers(0, 999), heavy=st.lists(st.integers(0, 30_000), min_size=1, max_size=8))
def test_rows_may_come_in_any_order_among_others(
    world: Any, call: Any, block: Any, seed: int, heavy: list[int]
) -> None:
    """Shuffled rows and unrelated sessions give the same finding, evidence included."""
    pieces = [block("tool_result", f"r{n % 5}", tokens, "read") for n, tokens in enumerate(heavy)]
    contexts = [[block("system", "p", 7_000), *pieces[:turn]] for turn in range(len(pieces) + 2)]
    mine = [call(context) for context in contexts]
    other = [call(context[::-1], session="another") for context in contexts[1:]]
    alone, both = world(*mine), world(*mine, *other)
    shuffled = {
        name: frame.collect().sample(fraction=1, shuffle=True, seed=seed).lazy()
        for name, frame in both.items()
    }
    found = (
        find_context_bloat(*(shuffled[name] for name in NAMES)).filter(pl.col("session_id") == "s1").collect()
    )
    assert_frame_equal(found, find_context_bloat(*(alone[name] for name in NAMES)).collect())
