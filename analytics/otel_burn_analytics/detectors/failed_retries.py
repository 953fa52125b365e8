"""Which failing call does an agent make again and again, with other arguments each time or the same?

Rule: attempts at one tool that fail alike, within ten tool calls of each other, with no success of that tool, no other
effective write or run and no answer without a tool in between (after one, somebody may have asked for something else).
Three of them are a *loop* when each has much the same arguments as an earlier one (equal but for white space, or half
of the shorter one's three-word shingles in the other), four whatever their arguments. Two that are alike are a
*warning*, and so are searches that only end with an exit code, which say that nothing was found.
Attempts that one answer asked for count once: the model had not seen the others fail. Three equal requests are left to
`loops`.

Defaults: the numbers are those by which people label such runs: a third look at the same failure is a loop; of
different requests it takes four, since probing (is it this path, or that?) is how an agent finds its way.

Needs: tool calls with an outcome: an error class, and where that only says `error` or `exit_code_1`, a hash of the
text. Sketches of the arguments make near repeats visible; without them only equal arguments are alike.

Blind spots: errors that a tool words as a success; failures whose texts differ in a number or a path and that name no
exception; attempts further apart than the window. A batch over targets that all fail alike, made one by one, is
reported from the fourth on, and one over targets that are a small part of the arguments (the same booking with one
gift card after the other) from the third, if nobody is asked in between: it may be right to try all of them.

Complexity: one sort of the tool calls; arguments are compared only among failures, with three before each.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import failed_retries
from otel_burn_analytics.finding import written
from otel_burn_analytics.steps import ACTOR, COMPARED, LLM_CALLS, contained, groups, last

NAME: Final = "failed_retries"
SERIES: Final = (*ACTOR, "tool_name", "outcome")
EARLIER: Final = (1, 2, 3)
"""An attempt is compared with so many before it."""


def find_failed_retries(
    compared_steps: pl.LazyFrame,
    llm_calls: pl.LazyFrame,
    *,
    min_alike: int = 3,
    min_any: int = 4,
    likeness: float = 0.5,
    window: int = 10,
) -> pl.LazyFrame:
    """Findings: each series of failing attempts at one tool with one outcome.

    Args:
        min_alike: Attempts with much the same arguments.
        min_any: Attempts, whatever their arguments.
        likeness: Share of the shorter one's shingles that the other has. Half is the middle: an edit that is moved,
            re-indented or made longer has nearly all, another edit of the same file next to none.
        window: Tool calls between two attempts.
    """
    series = _series(compared_steps, window=window)
    attempts = _attempts(series, likeness=likeness, min_alike=min_alike, min_any=min_any)
    found = charged(attempts, llm_calls, by=["series"], **_told()).filter(
        pl.col("alike") > 0, (pl.col("requests") > 1) | (pl.col("attempts") < min_alike)
    )
    return written(
        found,
        detector=NAME,
        tier=pl.when("sure").then(pl.lit("loop")).otherwise(pl.lit("warn")),
        of=(*SERIES, "first_call", "first_tool_call"),
        words=failed_retries,
    )


def _series(compared: pl.LazyFrame, *, window: int) -> pl.LazyFrame:
    """The failed steps, numbered by series."""
    counted = pl.col("works", "succeeds")
    return (
        compared.with_columns(succeeds=~pl.col("failed"))
        .sort("row")
        .with_columns(
            works=pl.col("works").cum_sum(), succeeds=pl.col("succeeds").cum_sum().over("actor", "tool_name")
        )
        .with_columns(counted.cast(pl.Int64))
        .filter("failed", pl.col("outcome").is_not_null(), pl.col("tool_name").is_not_null())
        .with_columns(kind=pl.col("row").first().over("actor", *SERIES[len(ACTOR) :]))
        .sort("kind", "row")
        .with_columns(
            begins=pl.any_horizontal(
                (pl.col("row") - last("row", "kind") >= window).fill_null(True),
                pl.col("works") != last("works", "kind"),
                pl.col("succeeds") != last("succeeds", "kind"),
                pl.col("spoken") != last("spoken", "kind"),
            ).fill_null(True)
        )
        .with_columns(series=pl.col("begins").cum_sum())
        .filter(pl.len().over("series") > 1)
    )


def _attempts(series: pl.LazyFrame, *, likeness: float, min_alike: int, min_any: int) -> pl.LazyFrame:
    """One row an LLM call of a series, in order, and whether its arguments are much like earlier ones."""
    one_call = series.group_by("series", "call_id").agg(
        pl.col("row").min(),
        pl.col(*SERIES, "args_hash", "args_sketch", "tool_call_id", "error_class", "effect")
        .sort_by("row")
        .first(),
        whole=pl.col("siblings").first(),
        part=pl.len().cast(pl.Int64),
    )
    again = pl.any_horizontal(_again(before, likeness) for before in EARLIER)
    nth = pl.int_range(1, pl.len() + 1).over("series")
    return (
        one_call.sort("series", "row")
        .with_columns(groups=groups("args_sketch"), nth=nth)
        .with_columns(again=again)
        .with_columns(repeats=pl.col("again").cast(pl.Int64).cum_sum().over("series"))
        .with_columns(tells=(pl.col("repeats") >= min_alike - 1) | (pl.col("nth") >= min_any))
        .with_columns(wasted=pl.col("nth") > 1, avoidable=pl.col("tells"))
    )


def _again(before: int, likeness: float) -> pl.Expr:
    """Whether the attempt so many *before* in the series had the same arguments, or much the same."""
    mine = pl.col("series") == pl.col("series").shift(before)
    equal = pl.col("args_hash") == pl.col("args_hash").shift(before)
    near = contained(pl.col("groups"), pl.col("groups").shift(before)) >= likeness
    return (mine & (equal.fill_null(False) | near.fill_null(False))).fill_null(False)


def _searched() -> pl.Expr:
    """A search that finds nothing ends with a code, too: `grep` with 1."""
    return ((pl.col("effect") == "read") & pl.col("error_class").str.starts_with("exit_code_")).fill_null(
        False
    )


def _told() -> dict[str, pl.Expr]:
    """What the evidence tells of a series."""
    return {
        **{name: pl.col(name).first() for name in (*SERIES, "error_class", "args_hash")},
        "attempts": pl.len().cast(pl.Int64),
        "alike": pl.col("repeats").last(),
        "sure": (pl.col("tells") & ~_searched()).any(),
        "requests": pl.col("args_hash").n_unique().cast(pl.Int64),
        "first_tool_call": pl.col("tool_call_id").first(),
    }


DETECTOR: Final = Detector(
    name=NAME,
    find=find_failed_retries,
    needs={"compared_steps": COMPARED, "llm_calls": LLM_CALLS},
    version=2,
)
