"""Which question does an agent ask again in other words, and gets the same answer? Searches, queries, look-ups.

Rule: calls of one reading tool, each with much of the arguments of one of the three before it within eight tool calls
(half of the shingles in common, not all equal) and the same result. Three such calls are a *warning*: rewording is how
a search is narrowed, and only a reader can tell when to stop.

Defaults: half in common means that the same thing is asked. Eight tool calls, as a search goes on with what it found.

Needs: tool calls with an effect, a hash of the result and a sketch of the arguments; without sketches it finds nothing.

Blind spots: arguments of less than three words have no sketch; synonyms look like another question; results that differ
in a time or an order.

Complexity: one sort; of three calls before each, those with the same result are compared.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import requery
from otel_burn_analytics.finding import written
from otel_burn_analytics.steps import ACTOR, LLM_CALLS, STEPS, alike, groups, last

NAME: Final = "requery"
EARLIER: Final = (1, 2, 3)


def find_requery(
    steps: pl.LazyFrame,
    llm_calls: pl.LazyFrame,
    *,
    min_length: int = 3,
    likeness: float = 0.5,
    window: int = 8,
) -> pl.LazyFrame:
    """Findings: each series of reworded questions to one tool that brought nothing new."""
    asked = _asked(steps, likeness, window)
    found = charged(_series(asked, min_length), llm_calls, by=["series"], **_told())
    return written(
        found.filter(pl.col("calls") >= min_length, pl.col("wordings") > 1),
        detector=NAME,
        tier=pl.lit("warn"),
        of=(*ACTOR, "tool_name", "first_call", "first_tool_call"),
        words=requery,
    )


def _asked(ordered: pl.LazyFrame, likeness: float, window: int) -> pl.LazyFrame:
    """The reading calls, tool by tool, and whether each is an earlier one in other words."""
    bucket = pl.col("row").first().over("actor", "tool_name")
    again = pl.any_horizontal(
        (alike(groups("args"), groups(f"args_{before}")) >= likeness).fill_null(False) for before in EARLIER
    )
    compared = pl.any_horizontal(pl.col(f"args_{before}").is_not_null() for before in EARLIER)
    return (
        ordered.filter(
            (pl.col("effect") == "read")
            & ~pl.col("failed")
            & pl.col("known")
            & pl.col("result_hash").is_not_null()
        )
        .with_columns(bucket=bucket)
        .sort("bucket", "row")
        .with_columns(**{f"args_{before}": _answered_alike(before, window) for before in EARLIER})
        .with_columns(args=pl.when(compared).then("args_sketch"))
        .with_columns(again=again)
    )


def _answered_alike(before: int, window: int) -> pl.Expr:
    """The sketched arguments of the call so many *before*, where it brought the same result; few, so that likeness is
    cheap."""

    def earlier(column: str) -> pl.Expr:
        return pl.col(column).shift(before)

    close = (pl.col("bucket") == earlier("bucket")) & (pl.col("row") - earlier("row") < window)
    return pl.when(close & (pl.col("result_hash") == earlier("result_hash"))).then(earlier("args_sketch"))


def _series(asked: pl.LazyFrame, min_length: int) -> pl.LazyFrame:
    begins = ~pl.col("again") | (pl.col("bucket") != last("bucket", "bucket")).fill_null(True)
    return (
        asked.with_columns(series=begins.cum_sum())
        .filter(pl.len().over("series") >= min_length)
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


DETECTOR: Final = Detector(name=NAME, find=find_requery, needs={"steps": STEPS, "llm_calls": LLM_CALLS})
