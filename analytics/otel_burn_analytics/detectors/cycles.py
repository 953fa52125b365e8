"""Which part of its work does an agent do over, step by step? Cycles (A B A B) and restarts (A B C D … A B C D).

Rule: at least three steps in a row, by as many LLM calls, each of which repeats an earlier one within ten tool calls:
the same tool, arguments and outcome, and no successful write or run in between that could have changed it. The steps
that were repeated are members too. It is a *loop* when two of the steps are without doubt, and a *warning* where tools
of unknown effect ran between more of them and what they repeat: only coming back to a path needs no proof.

Defaults: one repeated step is a second look, two in a row happen after a question; from three on the agent walks a path
that it has walked before. Repetition of one single request is left to `loops`, which says it more plainly.

Needs: tool calls with hashes of arguments and of results, or error classes.

Blind spots: a lap in which one result differs, in a time stamp say, ends there; laps of more than ten steps.

Complexity: that of `steps.compared`: two sorts of the tool calls, windows only over neighbours.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import cycles
from otel_burn_analytics.finding import written
from otel_burn_analytics.steps import ACTOR, COMPARED, LLM_CALLS, REQUEST

NAME: Final = "cycles"


def find_cycles(
    compared_steps: pl.LazyFrame, llm_calls: pl.LazyFrame, *, min_length: int = 3
) -> pl.LazyFrame:
    """Findings: each run of at least *min_length* steps in a row that repeat earlier ones."""
    ordered = compared_steps.sort("row")
    walked = _walked(ordered, min_length=min_length)
    members = pl.concat([walked.with_columns(again=pl.lit(True)), _firsts(ordered, walked)])
    found = charged(_per_call(members, min_length=min_length), llm_calls, by=["cycle"], **_told())
    return written(
        found,
        detector=NAME,
        tier=pl.when(pl.col("clean") >= min_length - 1).then(pl.lit("loop")).otherwise(pl.lit("warn")),
        of=(*ACTOR, "first_call", "first_tool_call", "first_again"),
        words=cycles,
    )


def _walked(ordered: pl.LazyFrame, *, min_length: int) -> pl.LazyFrame:
    """The steps that repeat earlier ones, numbered by `cycle`."""
    actor = pl.col("actor")
    again = ~pl.col("fresh") & pl.col("known") & pl.col("outcome").is_not_null()
    return (
        ordered.with_columns(again=again)
        .with_columns(
            begins=(actor != actor.shift()).fill_null(True) | (pl.col("again") != pl.col("again").shift())
        )
        .with_columns(cycle=pl.col("begins").cum_sum())
        .filter("again")
        .filter(
            pl.col("call_id").n_unique().over("cycle") >= min_length,
            pl.struct(REQUEST).n_unique().over("cycle") > 1,
        )
        .select(
            "cycle", *ACTOR, *REQUEST, "row", "distance", "call_id", "tool_call_id", "siblings", "puzzled"
        )
    )


def _firsts(ordered: pl.LazyFrame, walked: pl.LazyFrame) -> pl.LazyFrame:
    """The steps that were repeated, where they are not repetitions themselves."""
    repeated = walked.select("cycle", row=pl.col("row") - pl.col("distance")).unique()
    return (
        ordered.drop("distance", "puzzled")
        .join(repeated, on="row")
        .join(walked.select("cycle", "row"), on=["cycle", "row"], how="anti")
        .with_columns(distance=pl.lit(None, pl.Int64), puzzled=pl.lit(0, pl.Int64), again=pl.lit(False))
        .select(
            "cycle",
            *ACTOR,
            *REQUEST,
            "row",
            "distance",
            "call_id",
            "tool_call_id",
            "siblings",
            "puzzled",
            "again",
        )
    )


def _per_call(members: pl.LazyFrame, *, min_length: int) -> pl.LazyFrame:
    return (
        members.group_by("cycle", "call_id")
        .agg(
            pl.col("row").min(),
            pl.col(*ACTOR, "tool_name", "tool_call_id").sort_by("row").first(),
            whole=pl.col("siblings").first(),
            part=pl.len().cast(pl.Int64),
            clean=(pl.col("again") & (pl.col("puzzled") == 0)).any(),
            wasted=pl.col("again").any(),
            distance=pl.col("distance").max(),
        )
        .sort("cycle", "row")
        .with_columns(laps=pl.col("wasted").cast(pl.Int64).cum_sum().over("cycle"))
        .with_columns(tells=pl.col("wasted") & (pl.col("laps") >= min_length))
        .with_columns(avoidable=pl.col("tells"))
    )


def _told() -> dict[str, pl.Expr]:
    wasted = pl.col("wasted")
    return {
        **{name: pl.col(name).first() for name in ACTOR},
        "first_tool_call": pl.col("tool_call_id").first(),
        "first_again": pl.col("call_id").filter(wasted).first(),
        "repeated": wasted.sum().cast(pl.Int64),
        "distance": pl.col("distance").max(),
        "clean": pl.col("clean").sum().cast(pl.Int64),
        "path": pl.col("tool_name").filter(wasted).head(6).str.join(", "),
    }


DETECTOR: Final = Detector(
    name=NAME, find=find_cycles, needs={"compared_steps": COMPARED, "llm_calls": LLM_CALLS}, version=2
)
