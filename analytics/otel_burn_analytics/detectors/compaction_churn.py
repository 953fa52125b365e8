"""Where does an agent compact its context, only to read the same things again? And again?

Rule: a compaction is a call that has less than half of the input of the call before it, where that had 20,000 tokens
at least. It is *followed by re-reading* when, of the next 20 tool calls of the agent, half or more have the tool and
the arguments of a call before it. Two compactions within ten tool calls of each other are *churn*. An agent and session
with either is a *warning*; with three such compactions it is a *loop*.

Defaults: below 20,000 tokens nobody compacts; summaries are a third of what they replace or less. In the field 70 of 74
compactions of one session were followed by a re-read within two minutes, and in another 95 % lay ten lines apart.

Needs: input tokens of the calls; for the re-reading, tool calls with hashes of their arguments.

Beside others: the reads that are done over may be a finding of `cycles` or `loops` as well. Look at this one first:
without the compaction the agent would not have needed them.

Blind spots: sub-agents that share session and agent id with the main agent look like cuts of its context; a new task in
an old session looks like a compaction, and is reported only if it reads the same things again.

Complexity: one sort of the calls and one of the tool calls; the 20 calls after a compaction are looked up by position.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import compaction_churn
from otel_burn_analytics.finding import written
from otel_burn_analytics.steps import ACTOR, LLM_CALLS, REQUEST, STEPS, cuts

NAME: Final = "compaction_churn"


def find_compaction_churn(
    steps: pl.LazyFrame,
    llm_calls: pl.LazyFrame,
    *,
    min_compactions: int = 3,
    horizon: int = 20,
    apart: int = 10,
    reread_share: float = 0.5,
    kept: float = 0.5,
    min_context: int = 20_000,
) -> pl.LazyFrame:
    """Findings: for each agent and session, compactions that did not help."""
    cut = cuts(llm_calls, kept=kept, min_context=min_context)
    placed = _placed(steps, cut, horizon)
    idle = _idle(placed, apart=apart, reread_share=reread_share)
    members = _members(placed.join(idle, on=[*ACTOR, "cut"], nulls_equal=True), min_compactions)
    found = charged(members, llm_calls, by=["actor"], **_told())
    return written(
        found,
        detector=NAME,
        tier=pl.when(pl.col("compactions") >= min_compactions).then(pl.lit("loop")).otherwise(pl.lit("warn")),
        of=(*ACTOR, "first_call"),
        words=compaction_churn,
    )


def _placed(ordered: pl.LazyFrame, cut: pl.LazyFrame, horizon: int) -> pl.LazyFrame:
    """The first *horizon* tool calls after each compaction, and whether each repeats one from before."""
    earlier = pl.col("cut").min().over("actor", *REQUEST) < pl.col("cut")
    return (
        ordered.join(cut, on="call_id")
        .sort("row")
        .with_columns(
            again=(earlier & pl.col("known")).fill_null(False),
            nth=pl.int_range(1, pl.len() + 1).over("actor", "cut"),
            between=pl.len().over("actor", "cut").cast(pl.Int64),
        )
        .filter(pl.col("cut") > 0, pl.col("nth") <= horizon)
    )


def _idle(placed: pl.LazyFrame, *, apart: int, reread_share: float) -> pl.LazyFrame:
    """The compactions after which the agent read again, or that were soon followed by another."""
    reread = pl.col("again").sum().cast(pl.Int64)
    newest = pl.col("cut").max().over(ACTOR)
    return (
        placed.group_by(*ACTOR, "cut")
        .agg(looked=pl.len().cast(pl.Int64), reread=reread, between=pl.col("between").first())
        .with_columns(soon=(pl.col("between") <= apart) & (pl.col("cut") < newest))
        # Of one or two calls after it nothing can be said.
        .filter(
            ((pl.col("looked") >= 3) & (pl.col("reread") >= pl.col("looked") * reread_share)) | pl.col("soon")
        )
        .select(*ACTOR, "cut", "looked", "reread", "soon")
    )


def _members(placed: pl.LazyFrame, min_compactions: int) -> pl.LazyFrame:
    """One row an LLM call after such a compaction; wasted are those that read again."""
    nth = pl.col("cut").rank("dense").over("actor").cast(pl.Int64)
    return (
        placed.group_by("actor", "call_id")
        .agg(
            pl.col("row").min(),
            pl.col(*ACTOR, "cut", "looked", "reread", "soon").first(),
            whole=pl.col("siblings").first(),
            part=pl.len().cast(pl.Int64),
            wasted=pl.col("again").any(),
        )
        .sort("actor", "row")
        .with_columns(compaction=nth)
        .with_columns(tells=pl.col("compaction") >= min_compactions)
        .with_columns(avoidable=pl.col("wasted") & pl.col("tells"))
    )


def _told() -> dict[str, pl.Expr]:
    first_of_each = pl.col("compaction").is_first_distinct()
    return {
        **{name: pl.col(name).first() for name in ACTOR},
        "compactions": pl.col("compaction").max(),
        "looked": pl.col("looked").filter(first_of_each).sum(),
        "reread": pl.col("reread").filter(first_of_each).sum(),
        "soon": pl.col("soon").filter(first_of_each).sum().cast(pl.Int64),
    }


DETECTOR: Final = Detector(
    name=NAME, find=find_compaction_churn, needs={"steps": STEPS, "llm_calls": LLM_CALLS}
)
