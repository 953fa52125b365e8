"""Which agent talks to itself? The same message again, with no tool and no new word in between.

Rule: in the last context of a session, the same answer of the model three times or more, where nothing lies between two
of them but other answers, reasoning, or a message that stood there before too (a nudge such as *please go on*). It is a
*loop*: neither a tool nor a person said anything new.

Defaults: OpenHands stops at three messages in a row; two happen when a connection breaks.

Needs: contexts (`context_blocks`); without a manifest or content, answers cannot be compared.

The calls are those that gave these answers, counted back from the last context of the session: the last answer in it
was given by the call before, and so on.

Blind spots: answers in other words, as only hashes of answers are kept; an answer that repeats itself within (chanting)
shows only as a call that is cut off at its limit of tokens: seeing the period would take its content.

Complexity: one context a session, not all of them: linear in the length of conversations.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import monologue
from otel_burn_analytics.finding import written
from otel_burn_analytics.steps import LLM_CALLS

NAME: Final = "monologue"

LAST_CONTEXTS: Final = pl.Schema(
    {
        "call_id": pl.String(),
        "session_id": pl.String(),
        "position": pl.Int64(),
        "kind": pl.String(),
        "hash": pl.String(),
        "bytes": pl.Int64(),
    }
)
"""The columns of `sql/last_contexts.sql` that this detector reads."""

NEW: Final = ("tool_call", "tool_result", "user", "document", "image")
"""Kinds of blocks that may bring something new."""


def find_monologue(
    last_contexts: pl.LazyFrame, llm_calls: pl.LazyFrame, *, min_length: int = 3, min_bytes: int = 16
) -> pl.LazyFrame:
    """Findings: each answer that a session has *min_length* times with nothing new in between.

    Args:
        min_length: How often.
        min_bytes: *OK* and *Done.* are said again by healthy agents.
    """
    said = _said(last_contexts)
    again = (
        said.filter(pl.col("kind") == "assistant", pl.col("bytes") >= min_bytes)
        .group_by("session_id", "call_id", "news", "hash")
        .agg(
            times=pl.len().cast(pl.Int64),
            position=pl.col("position").min(),
            bytes=pl.col("bytes").first(),
            back=pl.col("back"),
        )
        .filter(pl.col("times") >= min_length)
        .with_columns(loop=pl.concat_str("session_id", "hash", "position", separator=" "))
    )
    found = charged(_members(again, llm_calls, min_length), llm_calls, by=["loop"], **_told())
    return written(
        found, detector=NAME, tier=pl.lit("loop"), of=("session_id", "hash", "first_call"), words=monologue
    )


def _said(last_contexts: pl.LazyFrame) -> pl.LazyFrame:
    """The blocks in order; `news` counts those before them that nobody had said, `back` the answers from there on."""
    new = pl.col("kind").is_in(NEW) & (
        pl.struct("kind", "hash").is_first_distinct().over("call_id") | pl.col("kind").is_in(["tool_call"])
    )
    # An answer is a message, or tool calls without one.
    wordless = (pl.col("kind") == "tool_call") & ~pl.col("kind").shift().is_in(["assistant", "tool_call"])
    begins = (pl.col("kind") == "assistant") | wordless.fill_null(True)
    return last_contexts.sort("call_id", "position").with_columns(
        news=new.cast(pl.Int64).cum_sum().over("call_id"),
        back=begins.cast(pl.Int64).cum_sum(reverse=True).over("call_id"),
    )


def _members(again: pl.LazyFrame, llm_calls: pl.LazyFrame, min_length: int) -> pl.LazyFrame:
    """The calls that gave the answers. One that failed gave none; another agent's are another conversation."""
    who = ("session_id", "agent", "agent_id")
    answered = llm_calls.filter((pl.col("output_tokens") != 0).fill_null(True))
    calls = (
        llm_calls.join(again.select(reading="call_id").unique(), left_on="call_id", right_on="reading")
        .select(*who, reading="call_id", read_at="started_at")
        .join(answered.select(*who, "started_at", asking="call_id"), on=who, nulls_equal=True)
        .filter(pl.col("asking") != pl.col("reading"), pl.col("started_at") <= pl.col("read_at"))
        .sort("reading", "started_at", "asking", descending=[False, True, True])
        .with_columns(back=pl.int_range(1, pl.len() + 1).over("reading"))
        .select("reading", "asking", "back", agent_of="agent")
    )
    return (
        again.explode("back")
        .join(calls, left_on=["call_id", "back"], right_on=["reading", "back"])
        .sort("loop", "back", descending=[False, True])
        .with_columns(row=pl.int_range(pl.len()).over("loop"))
        .with_columns(wasted=pl.col("row") > 0, tells=pl.col("row") >= min_length - 1)
        .with_columns(avoidable=pl.col("tells"), part=pl.lit(1, pl.Int64), whole=pl.lit(1, pl.Int64))
        .drop("call_id")
        .rename({"asking": "call_id", "agent_of": "agent"})
    )


def _told() -> dict[str, pl.Expr]:
    return {name: pl.col(name).first() for name in ("session_id", "agent", "hash", "times", "bytes")}


DETECTOR: Final = Detector(
    name=NAME, find=find_monologue, needs={"last_contexts": LAST_CONTEXTS, "llm_calls": LLM_CALLS}, version=2
)
