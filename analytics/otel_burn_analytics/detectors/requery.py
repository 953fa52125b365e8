"""Which question does an agent ask again in other words, and gets the same answer? Searches, queries, look-ups.

Rule: calls of one reading tool, each with much of the arguments of one of the three before it within eight tool calls
(half of the shingles in common, not all equal) and the same result (equal, or nine tenths of its shingles). Three such
calls are a *warning*: rewording is how a search is narrowed, and only a reader can tell when to stop.

Defaults: half in common means that the same thing is asked; nine tenths of the result, that nothing new came back.

Needs: tool calls with an effect and sketches of arguments and results; without sketches it finds nothing.

Blind spots: arguments of less than three words have no sketch; synonyms look like another question.

Complexity: one sort; each reading call is compared with three before it.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import requery
from otel_burn_analytics.finding import written
from otel_burn_analytics.steps import ACTOR, LLM_CALLS, TOOL_CALLS, alike, groups, last, steps

NAME: Final = "requery"
EARLIER: Final = (1, 2, 3)


def find_requery(
    tool_calls: pl.LazyFrame,
    llm_calls: pl.LazyFrame,
    *,
    min_length: int = 3,
    likeness: float = 0.5,
    same_result: float = 0.9,
    window: int = 8,
) -> pl.LazyFrame:
    """Findings: each series of reworded questions to one tool that brought nothing new."""
    asked = _asked(steps(tool_calls, llm_calls), likeness, same_result, window)
    found = charged(_series(asked, min_length), llm_calls, by=["series"], **_told())
    return written(
        found.filter(pl.col("calls") >= min_length, pl.col("wordings") > 1),
        detector=NAME,
        tier=pl.lit("warn"),
        of=(*ACTOR, "tool_name", "first_call", "first_tool_call"),
        words=requery,
    )


def _asked(ordered: pl.LazyFrame, likeness: float, same_result: float, window: int) -> pl.LazyFrame:
    """The reading calls, tool by tool, and whether each is an earlier one in other words."""
    bucket = pl.col("row").first().over(*ACTOR, "tool_name")
    again = pl.any_horizontal(_again(before, likeness, same_result, window) for before in EARLIER)
    return (
        ordered.filter(
            (pl.col("effect") == "read")
            & ~pl.col("failed")
            & pl.col("known")
            & pl.col("result_hash").is_not_null()
        )
        .with_columns(bucket=bucket)
        .sort("bucket", "row")
        .with_columns(asked=groups("args_sketch"), told=groups("result_sketch"))
        .with_columns(again=again)
        .drop("asked", "told")
    )


def _again(before: int, likeness: float, same_result: float, window: int) -> pl.Expr:
    def earlier(column: str) -> pl.Expr:
        return pl.col(column).shift(before)

    near = alike(pl.col("asked"), earlier("asked")) >= likeness
    equal = pl.col("result_hash") == earlier("result_hash")
    told = equal | (alike(pl.col("told"), earlier("told")) >= same_result).fill_null(False)
    close = (pl.col("bucket") == earlier("bucket")) & (pl.col("row") - earlier("row") < window)
    return (close & near & told).fill_null(False)


def _series(asked: pl.LazyFrame, min_length: int) -> pl.LazyFrame:
    begins = ~pl.col("again") | (pl.col("bucket") != last("bucket", "bucket")).fill_null(True)
    return (
        asked.with_columns(series=begins.cum_sum())
        .group_by("series", "call_id")
        .agg(
            pl.col("row").min(),
            pl.col(*ACTOR, "tool_name", "tool_call_id", "args_hash").sort_by("row").first(),
            whole=pl.col("siblings").first(),
            part=pl.len().cast(pl.Int64),
        )
        .sort("series", "row")
        .with_columns(nth=pl.int_range(1, pl.len() + 1).over("series"))
        .with_columns(wasted=pl.col("nth") > 1, tells=pl.col("nth") >= min_length)
        .with_columns(avoidable=pl.col("tells"))
    )


def _told() -> dict[str, pl.Expr]:
    return {
        **{name: pl.col(name).first() for name in (*ACTOR, "tool_name")},
        "first_tool_call": pl.col("tool_call_id").first(),
        "wordings": pl.col("args_hash").n_unique().cast(pl.Int64),
    }


DETECTOR: Final = Detector(
    name=NAME, find=find_requery, needs={"tool_calls": TOOL_CALLS, "llm_calls": LLM_CALLS}
)
