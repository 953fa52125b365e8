"""What does an agent read again although it still has it before its eyes? Files, pages and queries, unchanged.

Rule: a reading call with the same arguments and the same result as an earlier one of the same agent, after which the
context was never cut (no call had less than seven tenths of the input of the one before it). One finding an agent and
session, a *warning*: at least three such calls that brought 10,000 tokens at least. What `loops` reports, within ten
calls of each other, is part of it.

Defaults: coding agents read two to nine things twice in an honest session, mostly small ones: 10,000 tokens are what
makes a reader act. A context that loses three tenths of its input was compacted or windowed, so that reading is due
again.

Needs: tool calls with hashes of arguments and results and their size; input tokens of the calls.

Blind spots: contexts from which single results were dropped; the same file through another tool or another range.
Tokens of a result are estimated at four bytes each; that it is carried on from there is not in the sum.

Complexity: one sort, and one window over equal requests.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import rereads
from otel_burn_analytics.finding import written
from otel_burn_analytics.steps import ACTOR, LLM_CALLS, REQUEST, STEPS, cuts, last

NAME: Final = "rereads"
BYTES_A_TOKEN: Final = 4


def find_rereads(
    steps: pl.LazyFrame,
    llm_calls: pl.LazyFrame,
    *,
    min_reads: int = 3,
    min_tokens: int = 10_000,
    kept: float = 0.7,
) -> pl.LazyFrame:
    """Findings: for each agent and session, the results that were fetched again while they were there."""
    again = _again(steps, cuts(llm_calls, kept=kept))
    members = _members(again, min_reads, min_tokens)
    found = charged(members, llm_calls, by=["actor"], **_told()).filter(
        pl.col("reads") >= min_reads, pl.col("tokens_again") >= min_tokens
    )
    return written(
        found, detector=NAME, tier=pl.lit("warn"), of=(*ACTOR, "first_call", "first_tool_call"), words=rereads
    )


def _again(ordered: pl.LazyFrame, cuts: pl.LazyFrame) -> pl.LazyFrame:
    """The reading calls that fetched what the context had."""
    same = pl.col("row").first().over("actor", *REQUEST)
    return (
        ordered.filter(
            (pl.col("effect") == "read")
            & ~pl.col("failed")
            & pl.col("known")
            & pl.col("result_hash").is_not_null()
        )
        .join(cuts, on="call_id", how="left")
        .with_columns(same=same)
        .sort("same", "row")
        .filter(
            (pl.col("result_hash") == last("result_hash")).fill_null(False)
            & (pl.col("cut") == last("cut")).fill_null(False)
            & (pl.col("call_id") != last("call_id")).fill_null(False)
        )
        .with_columns(tokens_again=pl.col("result_bytes").fill_null(0) // BYTES_A_TOKEN)
    )


def _members(again: pl.LazyFrame, min_reads: int, min_tokens: int) -> pl.LazyFrame:
    """One row an LLM call that asked again."""
    nth = pl.int_range(1, pl.len() + 1).over("actor")
    return (
        again.group_by("actor", "call_id")
        .agg(
            pl.col("row").min(),
            pl.col(*ACTOR, "tool_name", "tool_call_id").sort_by("row").first(),
            pl.col("tokens_again").sum(),
            whole=pl.col("siblings").first(),
            part=pl.len().cast(pl.Int64),
        )
        .sort("actor", "row")
        .with_columns(nth=nth, sum_again=pl.col("tokens_again").cum_sum().over("actor"))
        .with_columns(tells=(pl.col("nth") >= min_reads) & (pl.col("sum_again") >= min_tokens))
        .with_columns(wasted=pl.lit(True), avoidable=pl.col("tells"))
    )


def _told() -> dict[str, pl.Expr]:
    return {
        **{name: pl.col(name).first() for name in ACTOR},
        "first_tool_call": pl.col("tool_call_id").first(),
        "reads": pl.col("part").sum(),
        "tokens_again": pl.col("tokens_again").sum(),
        "tools": pl.col("tool_name").unique(maintain_order=True).head(3).str.join(", "),
    }


DETECTOR: Final = Detector(name=NAME, find=find_rereads, needs={"steps": STEPS, "llm_calls": LLM_CALLS})
