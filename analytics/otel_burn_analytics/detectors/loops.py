"""Which tool calls does an agent repeat without getting anything new? Same tool, arguments and outcome.

Rule: at least three equal tool calls of one agent within ten, by as many LLM calls, with equal outcomes: the same
result, or the same class of error. A series ends with another outcome and with work that could matter: a write or run
that succeeded and is no repetition itself. So paging and polling (other outcomes), a test that is run again after an
edit (work in between) and parallel requests of one answer are none. It is a *loop*; a *warning* where outcomes are not
recorded, a tool of unknown effect ran in between, or the same call later brought something else without a write, as
polling does.

Defaults: a second look is normal work; people who label runs call a group of three a loop, and compare ten steps back.

Needs: tool calls with hashes of arguments, and of results or error classes.

Blind spots: arguments that differ in a word (see `failed_retries` and `requery`); successful results with a time or an
id in them (of failures, numbers are left out); a loop whose steps each change something.

Complexity: two sorts of the tool calls, made once for all loop detectors; windows only over neighbours.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import loops
from otel_burn_analytics.finding import FINDINGS, identity
from otel_burn_analytics.steps import ACTOR, COMPARED, LLM_CALLS, REQUEST, following

NAME: Final = "loops"

FIRST: Final = ("tool_call_id", "error_class", "effect", "result_bytes")


def find_loops(
    compared_steps: pl.LazyFrame, llm_calls: pl.LazyFrame, *, min_length: int = 3, window: int = 10
) -> pl.LazyFrame:
    """Findings: each run of at least *min_length* equal tool calls with equal outcomes within *window* calls.

    Args:
        min_length: A second look is normal work; the hand labels call a group of three a loop.
        window: Tool calls of the same session and agent. Further apart, the first result has often left the
            context, and the hand labels compare ten steps back as well.
    """
    members = _members(_runs(compared_steps), min_length=min_length, window=window)
    return _findings(_loops(members, llm_calls, min_length=min_length), min_length=min_length)


def _runs(compared: pl.LazyFrame) -> pl.LazyFrame:
    """Equal calls numbered by run. A run ends with a new outcome, a long gap or work that could matter."""
    settled = pl.col("changed") & (pl.col("worked") == 0)
    return compared.with_columns(run=pl.col("fresh").cum_sum(), settled=settled).with_columns(
        settles=following("settled", "same") & (pl.col("effect") != "write").fill_null(True)
    )


def _members(runs: pl.LazyFrame, *, min_length: int, window: int) -> pl.LazyFrame:
    """The calls that are one of *min_length* within *window*."""
    far = min_length - 1
    closes = (pl.col("run") == pl.col("run").shift(far)) & (pl.col("row") - pl.col("row").shift(far) < window)
    return (
        runs.filter(pl.all_horizontal(pl.col(REQUEST).is_not_null()))
        .with_columns(closes=closes.fill_null(False))
        .filter(pl.any_horizontal(following("closes", "run", ahead) for ahead in range(min_length)))
    )


def _loops(members: pl.LazyFrame, llm_calls: pl.LazyFrame, *, min_length: int) -> pl.LazyFrame:
    """One row a loop, with what its LLM calls cost. Equal requests within one answer were never looked at.

    The first call was needed; the careful estimate also grants the next.
    """
    per_call = (
        members.group_by("run", "call_id")
        .agg(
            pl.col("row").min(),
            pl.col(*ACTOR, *REQUEST, *FIRST).sort_by("row").first(),
            whole=pl.col("siblings").first(),
            part=pl.len().cast(pl.Int64),
            known=pl.col("outcome").is_not_null().sum().cast(pl.Int64),
            clean=(~pl.col("fresh") & (pl.col("puzzled") == 0)).sum().cast(pl.Int64),
            texts=pl.col("result_hash").unique().drop_nulls(),
            settles=pl.col("settles").any(),
        )
        .sort("run", "row")
        .with_columns(nth=pl.int_range(pl.len()).over("run"))
        .with_columns(wasted=pl.col("nth") >= 1, avoidable=pl.col("nth") >= min_length - 1)
        .with_columns(tells=pl.col("avoidable"))
    )
    return charged(per_call, llm_calls, by=["run"], **_told()).filter(pl.col("calls") >= min_length)


def _told() -> dict[str, pl.Expr]:
    """What the evidence tells of a loop's calls."""
    return {
        **{name: pl.col(name).first() for name in (*ACTOR, *REQUEST)},
        "length": pl.col("part").sum(),
        "known": pl.col("known").sum(),
        "clean": pl.col("clean").sum(),
        "settles": pl.col("settles").any(),
        "texts": pl.col("texts").explode().n_unique(),
        "errors": pl.col("error_class").drop_nulls().first(),
        "effect": pl.col("effect").first(),
        "result_bytes": pl.col("result_bytes").drop_nulls().first(),
        "first_tool_call": pl.col("tool_call_id").first(),
    }


def _findings(found: pl.LazyFrame, *, min_length: int) -> pl.LazyFrame:
    """The loops in the columns of a finding: unknown money is NULL, and doubt is a warning."""
    sure = (pl.col("known") >= min_length) & (pl.col("clean") >= min_length - 1) & ~pl.col("settles")
    return (
        found.with_columns(
            detector=pl.lit(NAME),
            partition=pl.col("session_id"),
            tier=pl.when(sure).then(pl.lit("loop")).otherwise(pl.lit("warn")),
            finding_id=identity(NAME, *ACTOR, "first_call", "first_tool_call", *REQUEST),
            confidence=loops.confidence(min_length),
        )
        .with_columns(evidence=loops.evidence(min_length), fix=loops.fix())
        .select(pl.col(name).cast(kind) for name, kind in FINDINGS.items())
        .sort("partition", "first_at", "finding_id")
    )


DETECTOR: Final = Detector(
    name=NAME, find=find_loops, needs={"compared_steps": COMPARED, "llm_calls": LLM_CALLS}, version=2
)
