"""Does each loop detector find its own kind of loop, leave honest work alone, and stand whatever rows come?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from otel_burn_analytics.detector import Detector, conform
from otel_burn_analytics.detectors import (
    compaction_churn,
    cycles,
    failed_retries,
    loops,
    monologue,
    no_progress,
    redelegation,
    requery,
    rereads,
)
from otel_burn_analytics.finding import FINDINGS
from otel_burn_analytics.frames import read_frames
from otel_burn_analytics.steps import LLM_CALLS, TOOL_CALLS

Frames = Callable[..., tuple[pl.LazyFrame, pl.LazyFrame]]

EDIT = "write edit(lines 70 to 72 of numbers: return mark safe of str number {}) ! IndentationError"
SEARCH = "read search(where is the {} of the parser for numbers defined) = nothing of that name was found"

STEPS: dict[str, tuple[Detector, Sequence[str], str]] = {
    "restart": (cycles.DETECTOR, ["read ls() = a", "read cat(a) = x", "read cat(b) = y"] * 2, "loop"),
    "alternation": (cycles.DETECTOR, ["read ls() = a", "read cat(a) = x"] * 3, "loop"),
    "a path walked again, entered from elsewhere": (
        cycles.DETECTOR,
        [
            "unknown sh(decrypt) = garbage",
            "unknown sh(reverse) = other",
            "unknown submit(a) = incorrect",
            "unknown sh(decrypt) = garbage",
            "unknown submit(a) = incorrect",
            "unknown sh(decrypt) = garbage",
        ],
        "loop",
    ),
    "a restart after what may be work": (
        cycles.DETECTOR,
        [*(laps := ["read ls() = a", "read cat(a) = x", "read cat(b) = y"]), "unknown do(it) = done", *laps],
        "warn",
    ),
    "an edit that grows": (
        failed_retries.DETECTOR,
        [
            f"write edit(if not number: return the safe number{more}) ! IndentationError"
            for more in ("", " and", " and then if number is zero go on with all of it")
        ],
        "loop",
    ),
    "near edits": (
        failed_retries.DETECTOR,
        [EDIT.format(word) for word in ("once", "twice", "again")],
        "loop",
    ),
    "two near edits": (failed_retries.DETECTOR, [EDIT.format(word) for word in ("once", "twice")], "warn"),
    "four unlike failures": (
        failed_retries.DETECTOR,
        [*(f"run sh({word}) ! NameError" for word in "abc"), "run sh(c) ! NameError"],
        "loop",
    ),
    "red test after edits": (
        no_progress.DETECTOR,
        [step for n in range(4) for step in (f"write edit({n}) = done {n}", "run test() ! AssertionError")],
        "warn",
    ),
    "reworded search": (requery.DETECTOR, [SEARCH.format(word) for word in ("first", "old", "new")], "warn"),
    "task handed on": (
        redelegation.DETECTOR,
        [f"unknown Task(count the words) = {n}" for n in range(3)],
        "loop",
    ),
    "task handed on twice": (redelegation.DETECTOR, [f"unknown Task(count) = {n}" for n in range(2)], "warn"),
}


def judged(detector: Detector, frames: tuple[pl.LazyFrame, pl.LazyFrame]) -> pl.DataFrame:
    calls = conform(frames[1], pl.Schema({**LLM_CALLS, "run_id": pl.String()}))
    given = {"tool_calls": conform(frames[0], TOOL_CALLS), "llm_calls": calls}
    return detector.judge(read_frames(detector.needs, lambda name: given[name].collect())).collect()


@pytest.mark.parametrize(("detector", "steps", "tier"), STEPS.values(), ids=STEPS.keys())
def test_finds_its_kind(tool_frames: Frames, detector: Detector, steps: list[str], tier: str) -> None:
    """With evidence, a price range and the call at which it could have been stopped."""
    (row,) = judged(detector, tool_frames(*steps)).to_dicts()
    assert (row["detector"], row["tier"], row["agent"]) == (detector.name, tier, "coder")
    assert row["wasted_tokens"] > 0
    assert row["wasted_usd_low"] is None or row["wasted_usd_low"] <= row["wasted_usd_high"]
    assert tier == "warn" or row["first_detectable_call_id"] in row["call_ids"]
    assert row["evidence"] and row["fix"]


HONEST: dict[str, Sequence[str]] = {
    "paging": [f"read scroll_down() = page {n}" for n in range(8)],
    "polling": [f"read status(job) = {n} percent" for n in range(8)],
    "a test after each edit, green": [
        step for n in range(6) for step in (f"write edit({n}) = done {n}", "run test() = passed")
    ],
    "a batch over files": [f"read read_file(file {n} of the many files) = text {n}" for n in range(12)],
    "a batch that writes": [f"write create(issue number {n} of the many) = created" for n in range(12)],
    "a failure and its repair": [
        "run test() ! AssertionError", "write edit(1) = done", "run test() ! AssertionError", "write edit(2) = done",
        "run test() = passed",
    ],
    "two looks": ["read cat(a) = x", "read cat(a) = x", "read cat(b) = y", "read cat(b) = y"],
    "tasks by template": [f"unknown Task(review the file {n} of the project) = fine {n}" for n in range(6)],
}  # fmt: skip
FAMILY = (loops, cycles, failed_retries, no_progress, requery, rereads, redelegation, compaction_churn)


@pytest.mark.parametrize("steps", HONEST.values(), ids=HONEST.keys())
def test_leaves_honest_work_alone(tool_frames: Frames, steps: list[str]) -> None:
    """No detector of the family says a word."""
    for module in FAMILY:
        found = judged(module.DETECTOR, tool_frames(*steps))
        assert found.is_empty(), found["evidence"].to_list()


def test_parallel_failures_are_one_attempt(tool_frames: Frames) -> None:
    """The model had not seen the others fail when it asked."""
    steps = [EDIT.format(word) for word in ("once", "twice", "again", "more")]
    assert judged(failed_retries.DETECTOR, tool_frames(*steps, together=4)).is_empty()


def test_what_somebody_said_is_no_retry(tool_frames: Frames) -> None:
    """After an answer without a tool, other arguments may be what the user wished; a call that failed says nothing."""
    tools, calls = tool_frames(*(EDIT.format(word) for word in ("once", "twice", "again")))
    last = calls.sort("started_at").last()
    asked = last.with_columns(
        call_id=pl.lit("said"), started_at=pl.col("started_at") - pl.duration(seconds=5, time_unit="ns")
    )
    refused = asked.with_columns(output_tokens=pl.lit(None, pl.Int64))
    for between, tier in ((asked, "warn"), (refused, "loop")):
        found = judged(failed_retries.DETECTOR, (tools, pl.concat([calls, between])))
        assert found["tier"].to_list() == [tier]


def test_a_failing_test_less_is_progress(tool_frames: Frames) -> None:
    """Where only the text tells failures apart, its numbers count for a test that is run after each edit."""
    steps = [step for n in range(4) for step in (f"write edit({n}) = done {n}", "run test() ! exit_code_1")]
    tools, calls = tool_frames(*steps)
    fewer = tools.with_columns(result_hash=pl.format("{} failed", -pl.col("seq")))
    assert [judged(no_progress.DETECTOR, (each, calls)).height for each in (tools, fewer)] == [1, 0]


def test_equal_failures_are_reported_once(tool_frames: Frames) -> None:
    """`loops` says it more plainly."""
    steps = ["run test() ! ImportError"] * 4
    assert judged(failed_retries.DETECTOR, tool_frames(*steps)).is_empty()
    assert judged(loops.DETECTOR, tool_frames(*steps)).height == 1


def test_work_that_another_agent_had_done(tool_frames: Frames) -> None:
    """Half of five steps or more, in the same trace; two agents at different work are none."""
    steps = [f"read cat(file {n}) = text {n}" for n in range(6)]
    others = [f"read cat(other {n}) = other {n}" for n in range(6)]

    def together(second: list[str]) -> tuple[pl.LazyFrame, pl.LazyFrame]:
        frames = [tool_frames(*steps, session="a"), tool_frames(*second, session="b")]
        tools, calls = (pl.concat([one[part] for one in frames]) for part in (0, 1))
        return tools, calls.with_columns(trace_id=pl.lit("one trace"))

    (row,) = judged(redelegation.DETECTOR, together(steps)).to_dicts()
    assert (row["partition"], row["tier"], len(row["call_ids"])) == ("one trace", "warn", 6)
    assert judged(redelegation.DETECTOR, together(others)).is_empty()


def test_what_the_context_still_has_is_read_again(tool_frames: Frames) -> None:
    """Three large files, each read again later; after a compaction reading again is due."""
    reads = [f"read cat(file {n}) = text {n}" for n in range(12)]
    tools, calls = tool_frames(*reads, *reads)
    large = tools.with_columns(result_bytes=pl.lit(8_000, pl.Int64))
    (row,) = judged(rereads.DETECTOR, (large, calls)).to_dicts()
    assert "12 calls brought about 24,000 tokens" in row["evidence"]
    shrunk = (
        pl.when(pl.col("started_at").rank() > 12)
        .then(pl.lit(300, pl.Int64))
        .otherwise(pl.col("input_tokens"))
    )
    assert judged(rereads.DETECTOR, (large, calls.with_columns(input_tokens=shrunk))).is_empty()


def test_compactions_that_do_not_help(tool_frames: Frames) -> None:
    """After each cut the agent reads the same files; one that goes on with its work is none."""
    reads = [f"read cat(file {n}) = text {n}" for n in range(6)]
    tools, calls = tool_frames(*(reads * 4))
    number = pl.col("started_at").rank().cast(pl.Int64) - 1
    sawtooth = calls.with_columns(input_tokens=10_000 + number % 6 * 20_000)
    (row,) = judged(compaction_churn.DETECTOR, (tools, sawtooth)).to_dicts()
    assert (row["tier"], row["wasted_usd_low"] is not None) == ("loop", True)
    assert "3 compactions" in row["evidence"]
    assert judged(compaction_churn.DETECTOR, (tools, calls)).is_empty()


def conversation(*blocks: tuple[str, str]) -> pl.LazyFrame:
    rows = [
        {"call_id": "s1-call-5", "session_id": "s1", "position": at, "kind": kind, "hash": text, "bytes": 40}
        for at, (kind, text) in enumerate(blocks, start=1)
    ]
    return pl.LazyFrame(rows, schema=monologue.LAST_CONTEXTS)


NUDGED = [("assistant", "I am on it."), ("user", "Please go on.")]
TALKS: Mapping[str, tuple[Sequence[tuple[str, str]], int]] = {
    "three alike": ([("user", "go"), *[("assistant", "I am on it.")] * 3], 1),
    "with the same nudge": ([("user", "go"), *NUDGED * 4], 1),
    "a person says something new": (
        [pair for n in range(4) for pair in (("user", f"and {n}?"), ("assistant", "I am on it."))],
        0,
    ),
    "a tool ran in between": (
        [
            pair
            for n in range(4)
            for pair in (("assistant", "I am on it."), ("tool_call", f"{n}"), ("tool_result", "ok"))
        ],
        0,
    ),
    "two alike": ([("user", "go"), *[("assistant", "I am on it.")] * 2], 0),
}


@pytest.mark.parametrize(("blocks", "expected"), TALKS.values(), ids=TALKS.keys())
def test_monologues(tool_frames: Frames, blocks: list[tuple[str, str]], expected: int) -> None:
    """The same answer again, while neither a tool nor a person said anything new."""
    _, calls = tool_frames(*["read ls() = a"] * 6)
    found = monologue.DETECTOR.judge({"last_contexts": conversation(*blocks), "llm_calls": calls}).collect()
    assert found.height == expected
    if expected:
        assert found["first_detectable_call_id"].to_list() != [None]


Change = Callable[[pl.LazyFrame], pl.LazyFrame]
SAME: dict[str, Change] = {
    "shuffled": lambda frame: frame.collect().sample(fraction=1, shuffle=True, seed=7).lazy(),
    "at one time": lambda frame: frame.with_columns(started_at=pl.col("started_at").min()),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
@pytest.mark.parametrize(("detector", "steps", "tier"), STEPS.values(), ids=STEPS.keys())
def test_the_order_of_rows_changes_nothing(
    tool_frames: Frames, detector: Detector, steps: list[str], tier: str, change: Change
) -> None:
    """Nor do equal times, where the turn tells."""
    tools, calls = tool_frames(*steps)
    frames = change(tools), calls.collect().sample(fraction=1, shuffle=True, seed=8).lazy()
    if change is SAME["at one time"]:
        assert judged(detector, frames)["tier"].to_list() == [tier]
    else:
        assert_frame_equal(judged(detector, frames), judged(detector, (tools, calls)))


@pytest.mark.parametrize(("detector", "steps", "tier"), STEPS.values(), ids=STEPS.keys())
def test_other_sessions_and_names_change_nothing(
    tool_frames: Frames, detector: Detector, steps: list[str], tier: str
) -> None:
    """Whoever else runs; and names of tools matter only to who hands work on."""
    alone = tool_frames(*steps)
    other = tool_frames(*[f"read cat({n}) = {n}" for n in range(9)], session="s2", agent="other")
    mixed = tuple(pl.concat([other[part], alone[part]]) for part in (0, 1))
    assert_frame_equal(judged(detector, (mixed[0], mixed[1])), judged(detector, alone))
    if detector is not redelegation.DETECTOR:
        renamed = alone[0].with_columns(tool_name="mcp__x__" + pl.col("tool_name").str.reverse())
        assert judged(detector, (renamed, alone[1]))["tier"].to_list() == [tier]


def _nothing(frame: pl.LazyFrame, keep: Sequence[str]) -> pl.LazyFrame:
    return frame.with_columns(
        pl.lit(None).cast(kind).alias(name)
        for name, kind in frame.collect_schema().items()
        if name not in keep
    )


KEYS = ("call_id", "session_id")
POOR: dict[str, Callable[[Any], Any]] = {
    "no rows": lambda frames: tuple(frame.head(0) for frame in frames),
    "one call": lambda frames: tuple(frame.head(1) for frame in frames),
    "keys alone": lambda frames: tuple(frame.select(*KEYS) for frame in frames),
    "nothing known": lambda frames: tuple(_nothing(frame, KEYS) for frame in frames),
    "no hashes": lambda frames: (frames[0].with_columns(args_hash=pl.lit(None, pl.String)), frames[1]),
    "no calls": lambda frames: (frames[0], frames[1].head(0)),
    "no tool calls": lambda frames: (frames[0].head(0), frames[1]),
}


@pytest.mark.parametrize("poor", POOR.values(), ids=POOR.keys())
@pytest.mark.parametrize("module", FAMILY, ids=lambda module: module.NAME)
def test_poor_rows_are_no_exception(tool_frames: Frames, module: Any, poor: Callable[[Any], Any]) -> None:
    """What is not known is not found."""
    found = judged(module.DETECTOR, poor(tool_frames(*["run test() ! ImportError"] * 6)))
    assert found.schema == FINDINGS
    assert "loop" not in found["tier"] or poor is POOR["no calls"]
