"""Which tool calls does an agent repeat without getting anything new? Same tool, arguments and outcome."""

from typing import Final

import polars as pl

from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import loops
from otel_burn_analytics.finding import FINDINGS, MONEY, TIME, identity

NAME: Final = "loops"

TOOL_CALLS: Final = pl.Schema(
    {
        "call_id": pl.String(),
        "session_id": pl.String(),
        "agent_id": pl.String(),
        "turn": pl.Int64(),
        "seq": pl.Int64(),
        "effect": pl.String(),  # read, write, run, unknown
        "tool_call_id": pl.String(),
        "tool_name": pl.String(),
        "args_hash": pl.String(),
        "result_hash": pl.String(),
        "result_bytes": pl.Int64(),
        "error_class": pl.String(),
        "started_at": TIME,
    }
)
"""The columns of the view `tool_calls` that this detector reads."""

LLM_CALLS: Final = pl.Schema(
    {
        "call_id": pl.String(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
        "agent": pl.String(),
        "work_id": pl.String(),
        "input_tokens": pl.Int64(),
        "output_tokens": pl.Int64(),
        "cost_usd": MONEY,
    }
)
"""The columns of the view `llm_calls` that this detector reads."""

ACTOR: Final = ("session_id", "agent", "agent_id")
REQUEST: Final = ("tool_name", "args_hash")
ORDER: Final = ("turn", "seq", "started_at", "call_id", "tool_call_id", *REQUEST, "result_hash")

FIRST: Final = ("tool_call_id", "error_class", "effect", "result_bytes")

UNSPECIFIC: Final = r"^(error|exit_code_\d+)$"
"""Classes of error that say only that something failed: two of them are one outcome if the texts are equal."""


def find_loops(
    tool_calls: pl.LazyFrame, llm_calls: pl.LazyFrame, *, min_length: int = 3, window: int = 10
) -> pl.LazyFrame:
    """Findings: each run of at least *min_length* equal tool calls with equal outcomes within *window* calls.

    Args:
        min_length: A second look is normal work; the hand labels call a group of three a loop.
        window: Tool calls of the same session and agent. Further apart, the first result has often left the
            context, and the hand labels compare ten steps back as well.
    """
    named = tool_calls.select(TOOL_CALLS.names()).join(
        llm_calls.select("call_id", "agent"), on="call_id", how="left"
    )
    compared = _compared(named, window=window)
    members = _members(_runs(compared, window=window), min_length=min_length, window=window)
    return _findings(_loops(members, llm_calls, min_length=min_length), min_length=min_length)


def _compared(tool_calls: pl.LazyFrame, *, window: int) -> pl.LazyFrame:
    """Each tool call, equal ones side by side, with its outcome and how that compares with the last equal call's."""
    known = pl.all_horizontal(pl.col(REQUEST).is_not_null())
    return (
        tool_calls.with_columns(
            pl.col("tool_name", "args_hash", "result_hash", "error_class").replace("", None)
        )
        .sort(*ACTOR, *ORDER)
        .with_columns(row=pl.int_range(pl.len()))
        .with_columns(
            same=pl.col("row").first().over(*ACTOR, *REQUEST),
            siblings=pl.len().over("call_id").cast(pl.Int64),
            failed=pl.col("error_class").is_not_null(),
            outcome=_outcome(),
        )
        .sort("same", "row")
        .with_columns(distance=pl.col("row") - _last("row"))
        .with_columns(
            repeats=(
                known & (pl.col("distance") < window) & (pl.col("outcome") == _last("outcome"))
            ).fill_null(False),
            changed=(known & (pl.col("outcome") != _last("outcome"))).fill_null(False),
            carried=pl.col("outcome").forward_fill().over("same").fill_null(""),
        )
    )


def _last(column: str) -> pl.Expr:
    """The column's value in the last equal call. A shift: windows over as many groups take five times as long."""
    return pl.when(pl.col("same") == pl.col("same").shift()).then(pl.col(column).shift())


def _outcome() -> pl.Expr:
    """What came back, as one comparable word; NULL when nothing is known of it, which equals nothing."""
    error, text = pl.col("error_class"), pl.col("result_hash")
    return (
        pl.when(error.is_null())
        .then(text)
        .when(error.str.contains(UNSPECIFIC))
        .then(pl.concat_str(error, text, separator=" "))
        .otherwise(pl.concat_str(pl.lit("error"), error, separator=" "))
    )


def _runs(compared: pl.LazyFrame, *, window: int) -> pl.LazyFrame:
    """Equal calls numbered by run. A run ends with a new outcome, a long gap or work that could matter.

    Work that could matter is a `write` or `run` that succeeded and is no repetition itself. Acting tools that
    answer next to nothing (a click, a sleep) are also excused when some other call saw the world change.
    """
    effect = pl.col("effect")
    new = ~pl.col("failed") & ~pl.col("repeats")
    acts = (effect != "read").fill_null(True) & ~pl.col("failed")
    counted = pl.col("works", "puzzles", "changed")
    alone = (pl.col("carried") != _last("carried")).fill_null(True) | (pl.col("distance") >= window)
    return (
        compared.with_columns(
            works=new & effect.is_in(["write", "run"]).fill_null(False),
            puzzles=new & (~effect.is_in(["read", "write", "run"])).fill_null(True),
        )
        .sort("row")
        .with_columns(counted.cum_sum().cast(pl.Int64).name.prefix("all_"))
        .sort("same", "row")
        .with_columns(worked=_between("works"), puzzled=_between("puzzles"), moved=_between("changed"))
        .with_columns(fresh=alone | (pl.col("worked") > 0) | (acts & (pl.col("moved") > 0)))
        .with_columns(run=pl.col("fresh").cum_sum(), settled=pl.col("changed") & (pl.col("worked") == 0))
        .with_columns(settles=_next("settled", "same") & (effect != "write").fill_null(True))
    )


def _between(flag: str) -> pl.Expr:
    """How many calls with *flag* the actor made between the last equal call and this one."""
    return pl.col(f"all_{flag}") - pl.col(flag).cast(pl.Int64) - _last(f"all_{flag}")


def _next(flag: str, group: str, steps: int = 1) -> pl.Expr:
    """Whether *flag* holds *steps* rows on in the same *group*."""
    return ((pl.col(group) == pl.col(group).shift(-steps)) & pl.col(flag).shift(-steps)).fill_null(False)


def _members(runs: pl.LazyFrame, *, min_length: int, window: int) -> pl.LazyFrame:
    """The calls that are one of *min_length* within *window*."""
    far = min_length - 1
    closes = (pl.col("run") == pl.col("run").shift(far)) & (pl.col("row") - pl.col("row").shift(far) < window)
    return (
        runs.filter(pl.all_horizontal(pl.col(REQUEST).is_not_null()))
        .with_columns(closes=closes.fill_null(False))
        .filter(pl.any_horizontal(_next("closes", "run", steps) for steps in range(min_length)))
    )


def _loops(members: pl.LazyFrame, llm_calls: pl.LazyFrame, *, min_length: int) -> pl.LazyFrame:
    """One row a loop, with what its LLM calls cost. Equal requests within one answer were never looked at."""
    asked = pl.len().cast(pl.Int64)
    per_call = (
        members.group_by("run", "call_id")
        .agg(
            pl.col("row", "started_at").min(),
            pl.col(*ACTOR, *REQUEST, *FIRST, "siblings").sort_by("row").first(),
            asked=asked,
            known=pl.col("outcome").is_not_null().sum().cast(pl.Int64),
            clean=(~pl.col("fresh") & (pl.col("puzzled") == 0)).sum().cast(pl.Int64),
            texts=pl.col("result_hash").unique().drop_nulls(),
            settles=pl.col("settles").any(),
        )
        .join(llm_calls.select(name for name in LLM_CALLS if name != "agent"), on="call_id", how="left")
        .sort("run", "row")
        .with_columns(nth=pl.int_range(pl.len()).over("run"), **_shares())
    )
    return (
        per_call.group_by("run", maintain_order=True)
        .agg(**_totals(min_length))
        .filter(pl.col("calls") >= min_length)
    )


def _shares() -> dict[str, pl.Expr]:
    """A call that asked for several tools is charged to each equally."""
    tokens = pl.col("input_tokens") + pl.col("output_tokens").fill_null(0)
    return {
        "tokens": tokens * pl.col("asked") // pl.col("siblings"),
        "usd": (pl.col("cost_usd") * pl.col("asked") / pl.col("siblings")).cast(MONEY),
    }


def _totals(min_length: int) -> dict[str, pl.Expr]:
    """What a loop's calls add up to. The first one was needed; the careful estimate also grants the next."""
    repeated, avoidable = pl.col("nth") >= 1, pl.col("nth") >= min_length - 1
    usd = pl.col("usd")
    return {
        **{name: pl.col(name).first() for name in (*ACTOR, *REQUEST)},
        "calls": pl.len().cast(pl.Int64),
        "length": pl.col("asked").sum(),
        "known": pl.col("known").sum(),
        "clean": pl.col("clean").sum(),
        "settles": pl.col("settles").any(),
        "texts": pl.col("texts").explode().n_unique(),
        "errors": pl.col("error_class").drop_nulls().first(),
        "effect": pl.col("effect").first(),
        "result_bytes": pl.col("result_bytes").drop_nulls().first(),
        "first_call": pl.col("call_id").first(),
        "first_tool_call": pl.col("tool_call_id").first(),
        "call_ids": pl.col("call_id"),
        "span_ids": pl.col("span_id").drop_nulls(),
        "trace_id": pl.col("trace_id").drop_nulls().first(),
        "work_id": pl.col("work_id").drop_nulls().first(),
        "first_at": pl.col("started_at").min(),
        "last_at": pl.col("started_at").max(),
        "first_detectable_call_id": pl.col("call_id").get(min_length - 1, null_on_oob=True),
        "metered": pl.col("tokens").filter(repeated).is_not_null().any(),
        "wasted_tokens": pl.col("tokens").filter(repeated).sum(),
        "unpriced": usd.filter(repeated).is_null().sum().cast(pl.Int64),
        "wasted_usd_low": usd.filter(avoidable).sum(),
        "low_known": usd.filter(avoidable).is_not_null().any(),
        "wasted_usd_high": usd.filter(repeated).sum(),
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
            wasted_tokens=pl.when("metered").then("wasted_tokens"),
            wasted_usd_low=pl.when("low_known").then("wasted_usd_low"),
            wasted_usd_high=pl.when(pl.col("unpriced") == 0).then("wasted_usd_high"),
            confidence=loops.confidence(min_length),
        )
        .with_columns(evidence=loops.evidence(min_length), fix=loops.fix())
        .select(pl.col(name).cast(kind) for name, kind in FINDINGS.items())
        .sort("partition", "first_at", "finding_id")
    )


DETECTOR: Final = Detector(
    name=NAME, find=find_loops, needs={"tool_calls": TOOL_CALLS, "llm_calls": LLM_CALLS}
)
