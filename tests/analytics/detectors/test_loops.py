"""Are exact loops found, and is nothing called a loop that is work?"""

from collections.abc import Callable
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from otel_burn_analytics.detectors import loops
from otel_burn_analytics.finding import FINDINGS
from otel_burn_analytics.steps import compared, steps

Frames = Callable[..., tuple[pl.LazyFrame, pl.LazyFrame]]


def find_loops(tool_calls: pl.LazyFrame, llm_calls: pl.LazyFrame) -> pl.LazyFrame:
    """The findings in these frames."""
    return loops.find_loops(compared(steps(tool_calls, llm_calls)), llm_calls)


def tiers(frames: tuple[pl.LazyFrame, pl.LazyFrame]) -> list[str]:
    return find_loops(*frames).collect()["tier"].to_list()


def test_finds_a_call_that_fails_alike_again_and_again(tool_frames: Frames) -> None:
    """The whole finding: members, money, the moment it could be known, and words."""
    steps = ["read look(a) = page", *["run test(all) ! ModuleNotFoundError"] * 4]
    found = find_loops(*tool_frames(*steps)).collect()
    assert found.schema == FINDINGS
    (row,) = found.to_dicts()
    assert row["finding_id"] == "cc52c2f089432bd5"  # stored: a new one would orphan marks
    del row["finding_id"], row["first_at"], row["last_at"]
    assert row == {
        "detector": "loops",
        "partition": "s1",
        "tier": "loop",
        "session_id": "s1",
        "trace_id": "s1-trace",
        "agent": "coder",
        "work_id": None,
        "call_ids": ["s1-call-1", "s1-call-2", "s1-call-3", "s1-call-4"],
        "span_ids": ["s1-span-1", "s1-span-2", "s1-span-3", "s1-span-4"],
        "first_detectable_call_id": "s1-call-3",
        "wasted_tokens": 3 * 1_050,
        "wasted_usd_low": Decimal("0.020000000004"),
        "wasted_usd_high": Decimal("0.030000000006"),
        "confidence": 0.95,
        "evidence": (
            "test was called 4 times with the same arguments (hash all) and the answer was the same error each time "
            "(ModuleNotFoundError). No successful write or run in between could have changed it. Asking again took "
            "3 LLM calls with 3,150 tokens, at $0.0300."
        ),
        "fix": (
            "Stop test after the second equal failure: answer with what has to change (other arguments, another tool, "
            "ask a person) instead of the same error, and cap equal retries at 2 in the agent loop."
        ),
    }


LOOPS = {
    "the same page read three times": ["read f(a) = x"] * 3,
    "with other reading in between": ["read f(a) = x", "read g(b) = y", "read f(a) = x", "read g(c) = z"] * 2,
    "two calls in turn": ["run f(a) = x", "run g(b) ! KeyError"] * 4,
    "with a failed edit in between": ["run t() ! AssertionError", "write e(1) ! ValueError"] * 3,
    "with an edit that repeats itself": ["write e(1) = ok", "run t() ! AssertionError"] * 4,
    "the end of a file, scrolled past": ["read down() = p1", "read down() = p2", *["read down() = end"] * 3],
    "an error that names the same exception": ["run t(a) ! KeyError"] * 3,
    "a write that never works": [*["write push(a) ! TimeoutError"] * 3, "write push(a) = ok"],
}

WORK = {
    "twice is a second look": ["read f(a) = x"] * 2,
    "paging": [f"read down() = page {n}" for n in range(6)],
    "polling until it is done": [*["read status(job) = running"] * 5, "read status(job) = done"],
    "sleeping between polls": [
        text for n in range(5) for text in ("run sleep(30) = done", f"read status(job) = {n} %")
    ],
    "clicking through pages": [
        text for n in range(5) for text in ("run click(next) = ok", f"read page() = {n}")
    ],
    "re-testing after edits": [
        text for n in range(5) for text in (f"write e({n}) = ok", "run t() ! AssertionError")
    ],
    "re-testing after edits of an unknown kind": [
        text for n in range(5) for text in (f"unknown e({n}) = ok", "run t() ! AssertionError")
    ],
    "a batch over targets": [f"read f({n}) = x" for n in range(6)],
    "unknown arguments": ["read f(?) = x"] * 5,
    "unknown results": ["read f(a) = ?"] * 5,
    "failures that say different things": [f"run t(a) ! exit_code_{n}" for n in range(5)],
    "far apart": [
        text for n in range(4) for text in ("read f(a) = x", *(f"read g({n}{k}) = y" for k in range(12)))
    ],
}


@pytest.mark.parametrize("steps", LOOPS.values(), ids=LOOPS.keys())
def test_calls_it_a_loop(tool_frames: Frames, steps: list[str]) -> None:
    """Equal requests with equal outcomes and no progress in between."""
    assert "loop" in tiers(tool_frames(*steps))


@pytest.mark.parametrize("steps", WORK.values(), ids=WORK.keys())
def test_calls_it_no_loop(tool_frames: Frames, steps: list[str]) -> None:
    """What looks alike and is work, or cannot be known."""
    assert "loop" not in tiers(tool_frames(*steps))


def test_asking_thrice_in_one_breath_is_no_loop(tool_frames: Frames) -> None:
    """Calls of one answer were made before any of their outcomes was seen."""
    assert tiers(tool_frames(*["read f(a) = x"] * 3, together=3)) == []


def test_unknown_results_are_a_warning_that_says_so(tool_frames: Frames) -> None:
    """Equal requests without results may be paging or a loop."""
    (row,) = find_loops(*tool_frames(*["read f(a) = ?"] * 4)).collect().to_dicts()
    assert (row["tier"], row["confidence"]) == ("warn", 0.3)
    assert "what came back is not recorded" in row["evidence"]


def test_a_last_call_without_result_does_not_make_a_loop(tool_frames: Frames) -> None:
    """Two equal outcomes and a third that nobody saw are not three."""
    assert tiers(tool_frames("read f(a) = x", "read f(a) = x", "read f(a) = ?")) == ["warn"]


def test_the_same_words_for_any_error_are_compared_by_text(tool_frames: Frames) -> None:
    """`error` is no class: two failures are alike if their texts are, numbers left out."""
    calls, llm_calls = tool_frames(*["run t(a) ! error"] * 4)
    texts = calls.with_columns(result_hash=pl.format("text {}", "seq"))
    others = texts.with_columns(result_sketch=pl.format("000{}", "seq"))
    short = texts.with_columns(result_sketch=pl.lit(""))
    assert [tiers((each, llm_calls)) for each in (calls, texts, others, short)] == [
        ["loop"],
        ["loop"],
        [],
        [],
    ]


def test_unknown_money_is_not_zero(tool_frames: Frames) -> None:
    """Without a price the dollars are unknown, and the evidence says it."""
    (row,) = find_loops(*tool_frames(*["read f(a) = x"] * 3, priced=False)).collect().to_dicts()
    assert (row["wasted_usd_low"], row["wasted_usd_high"]) == (None, None)
    assert "at an unknown cost" in row["evidence"]


def test_a_call_that_asked_for_more_is_charged_in_part(tool_frames: Frames) -> None:
    """Half of what the call asked for was the repetition: half of its cost is wasted."""
    steps = [
        "read f(a) = x",
        "read g(1) = y",
        "read f(a) = x",
        "read g(2) = y",
        "read f(a) = x",
        "read g(3) = y",
    ]
    (row,) = find_loops(*tool_frames(*steps, together=2)).collect().to_dicts()
    assert row["wasted_usd_high"] == Decimal("0.010000000002")
    assert row["wasted_tokens"] == 1_050


def test_agents_of_one_session_do_not_loop_together(tool_frames: Frames) -> None:
    """Three agents that each read the same page once did their work."""
    frames = [tool_frames("read f(a) = x", session="s1", agent=name) for name in ("a", "b", "c")]
    rows = pl.concat([calls.with_columns(call_id=pl.lit(f"c{n}")) for n, (calls, _) in enumerate(frames)])
    calls = pl.concat([calls.with_columns(call_id=pl.lit(f"c{n}")) for n, (_, calls) in enumerate(frames)])
    assert tiers((rows, calls)) == []


def test_a_finding_that_grows_stays_itself(tool_frames: Frames) -> None:
    """More members, the same id."""
    short, long = (find_loops(*tool_frames(*["read f(a) = x"] * n)).collect() for n in (3, 8))
    assert short["finding_id"].to_list() == long["finding_id"].to_list()


def test_nothing_in_nothing_out(tool_frames: Frames) -> None:
    """An empty ledger has no findings, in the columns of findings."""
    found = find_loops(*tool_frames()).collect()
    assert_frame_equal(found, FINDINGS.to_frame())


STEPS = st.lists(
    st.sampled_from(
        ["read f(a) = x", "read f(a) = y", "write e(1) = ok", "run t() ! KeyError", "read f(a) = ?"]
    ),
    max_size=24,
)


@settings(max_examples=60)
@given(steps=STEPS, seed=st.integers(0, 999))
def test_rows_may_come_in_any_order(tool_frames: Frames, steps: list[str], seed: int) -> None:
    """Shuffled rows give the same findings, evidence included."""
    calls, llm_calls = tool_frames(*steps)
    shuffled = [
        frame.collect().sample(fraction=1, shuffle=True, seed=seed).lazy() for frame in (calls, llm_calls)
    ]
    assert_frame_equal(find_loops(calls, llm_calls).collect(), find_loops(*shuffled).collect())


@settings(max_examples=60)
@given(steps=STEPS, others=STEPS)
def test_other_sessions_change_nothing(tool_frames: Frames, steps: list[str], others: list[str]) -> None:
    """A session is judged by itself."""
    alone = tool_frames(*steps)
    other = tool_frames(*others, session="another")
    both = [pl.concat(pair) for pair in zip(alone, other, strict=True)]
    found = find_loops(*both).collect().filter(pl.col("session_id") == "s1")
    assert_frame_equal(found, find_loops(*alone).collect())


@settings(max_examples=60)
@given(steps=STEPS)
def test_names_of_tools_do_not_matter(tool_frames: Frames, steps: list[str]) -> None:
    """Renamed tools loop as often, for as much money."""
    calls, llm_calls = tool_frames(*steps)
    renamed = calls.with_columns(pl.format("my_{}_tool", "tool_name").alias("tool_name"))
    same = ("tier", "call_ids", "wasted_tokens", "wasted_usd_low", "wasted_usd_high", "confidence")
    found, again = (
        find_loops(frame, llm_calls).select(*same).sort("call_ids").collect() for frame in (calls, renamed)
    )
    assert_frame_equal(found, again)
