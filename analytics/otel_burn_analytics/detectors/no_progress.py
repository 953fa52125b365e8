"""Which command fails the same way however much the agent edits? The test that stays red after each attempt.

Rule: a tool is called with the same arguments at least four times, fails with the same outcome each time, and a
successful write or run lies between any two of them, so that it is no `loops` finding. Always a *warning*: some errors
take several honest attempts.

Defaults: four, as an edit, a second thought and a third try are how bugs are fixed; within 20 tool calls from one to
the next, so that one task is judged and not a day.

Needs: tool calls with hashes of arguments, outcomes and effects. A run whose output has a time or a path in it is only
seen through its error class.

Blind spots: a suite in which another test fails each time; agents that run something slightly different.

Complexity: that of `steps.compared`.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import no_progress
from otel_burn_analytics.finding import written
from otel_burn_analytics.steps import ACTOR, COMPARED, LLM_CALLS, REQUEST, UNSPECIFIC, last

NAME: Final = "no_progress"


def find_no_progress(
    compared_steps: pl.LazyFrame, llm_calls: pl.LazyFrame, *, min_length: int = 4, window: int = 20
) -> pl.LazyFrame:
    """Findings: each command that failed alike *min_length* times with work in between."""
    ordered = compared_steps
    found = charged(_runs(ordered, min_length, window), llm_calls, by=["run"], **_told())
    return written(
        found.filter(pl.col("attempts") >= min_length),
        detector=NAME,
        tier=pl.lit("warn"),
        of=(*ACTOR, *REQUEST, "first_call", "first_tool_call"),
        words=no_progress,
    )


def _runs(compared: pl.LazyFrame, min_length: int, window: int) -> pl.LazyFrame:
    """The failures of a command, numbered by run; a run ends with another outcome or a long gap."""
    # One failing test less is progress, so that here numbers count.
    named = ~pl.col("error_class").str.contains(UNSPECIFIC) | (pl.col("result_hash") == last("result_hash"))
    goes_on = (
        (pl.col("outcome") == last("outcome"))
        & named
        & (pl.col("distance") < window)
        & (pl.col("worked") > 0)
    ).fill_null(False)
    nth = pl.int_range(1, pl.len() + 1).over("run")
    return (
        compared.with_columns(run=(~goes_on).cum_sum())
        .filter("failed", "known", pl.col("outcome").is_not_null())
        .sort("run", "row")
        .with_columns(nth=nth, part=pl.lit(1, pl.Int64), whole=pl.col("siblings"))
        .with_columns(tells=pl.col("nth") >= min_length)
        .with_columns(wasted=pl.col("tells"), avoidable=pl.col("tells"))
    )


def _told() -> dict[str, pl.Expr]:
    return {
        **{name: pl.col(name).first() for name in (*ACTOR, *REQUEST, "error_class")},
        "first_tool_call": pl.col("tool_call_id").first(),
        "attempts": pl.len().cast(pl.Int64),
        "changes": pl.col("worked").sum().cast(pl.Int64),
    }


DETECTOR: Final = Detector(
    name=NAME, find=find_no_progress, needs={"compared_steps": COMPARED, "llm_calls": LLM_CALLS}, version=2
)
