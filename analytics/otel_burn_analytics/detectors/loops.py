"""Which tool calls does an agent repeat without getting anything new? Same tool, arguments and outcome."""

from typing import Final

import polars as pl

from otel_burn_analytics.evidence import loops
from otel_burn_analytics.finding import FINDINGS, MONEY, TIME, identity

DETECTOR: Final = "loops"

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
ASKED: Final = (*ACTOR, "tool_name", "args_hash")
RUN: Final = (*ASKED, "run")
ORDER: Final = ("turn", "seq", "started_at", "call_id", "tool_call_id")

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
    """Each tool call with its position, its outcome, and how that compares with the last equal call's."""
    known = pl.col("args_hash").is_not_null()
    distance = pl.col("position") - pl.col("position").shift().over(ASKED)
    before = pl.col("outcome").shift().over(ASKED)
    return (
        tool_calls.sort(*ACTOR, *ORDER)
        .with_columns(pl.col("args_hash", "result_hash", "error_class").replace("", None))
        .with_columns(
            position=pl.int_range(pl.len()).over(ACTOR),
            siblings=pl.len().over("call_id"),
            failed=pl.col("error_class").is_not_null(),
            outcome=_outcome(),
        )
        .with_columns(
            distance=distance,
            repeats=(known & (distance < window) & (pl.col("outcome") == before)).fill_null(False),
            changed=(known & (pl.col("outcome") != before)).fill_null(False),
        )
    )


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
    new = ~pl.col("failed") & ~pl.col("repeats")
    effect = pl.col("effect")
    acts = (effect != "read").fill_null(True) & ~pl.col("failed")
    carried = pl.col("outcome").forward_fill().over(ASKED).fill_null("")
    return (
        compared.with_columns(
            works=new & effect.is_in(["write", "run"]).fill_null(False),
            puzzles=new & (~effect.is_in(["read", "write", "run"])).fill_null(True),
            carried=carried,
        )
        .with_columns(
            pl.col("works", "puzzles", "changed").cum_sum().over(ACTOR).cast(pl.Int64).name.prefix("all_")
        )
        .with_columns(worked=_between("works"), puzzled=_between("puzzles"), moved=_between("changed"))
        .with_columns(
            fresh=(
                (pl.col("carried") != pl.col("carried").shift().over(ASKED)).fill_null(True)
                | (pl.col("distance") >= window)
                | (pl.col("worked") > 0)
                | (acts & (pl.col("moved") > 0))
            )
        )
        .with_columns(
            run=pl.col("fresh").cum_sum().over(ASKED),
            settles=(pl.col("changed") & (pl.col("worked") == 0)).shift(-1).over(ASKED).fill_null(False)
            & (effect != "write").fill_null(True),
        )
    )


def _between(flag: str) -> pl.Expr:
    """How many calls with *flag* the actor made between the last equal call and this one."""
    so_far = pl.col(f"all_{flag}")
    return so_far - pl.col(flag).cast(pl.Int64) - so_far.shift().over(ASKED)


def _members(runs: pl.LazyFrame, *, min_length: int, window: int) -> pl.LazyFrame:
    """The calls that are one of *min_length* within *window*."""
    reach = pl.col("position") - pl.col("position").shift(min_length - 1).over(RUN)
    return (
        runs.filter(pl.all_horizontal(pl.col("tool_name", "args_hash").is_not_null()))
        .with_columns(closes=(reach < window).fill_null(False))
        .filter(
            pl.any_horizontal(pl.col("closes").shift(-k).over(RUN) for k in range(min_length)).fill_null(
                False
            )
        )
    )


def _loops(members: pl.LazyFrame, llm_calls: pl.LazyFrame, *, min_length: int) -> pl.LazyFrame:
    """One row a loop, with what its LLM calls cost. Equal requests within one answer were never looked at."""
    asked = pl.len().cast(pl.Int64)
    per_call = (
        members.group_by(*RUN, "call_id")
        .agg(
            pl.col("position", "started_at").min(),
            pl.col("tool_call_id", "error_class", "effect", "result_bytes").sort_by("position").first(),
            pl.col("siblings").first().cast(pl.Int64),
            asked=asked,
            known=pl.col("outcome").is_not_null().sum().cast(pl.Int64),
            clean=(~pl.col("fresh") & (pl.col("puzzled") == 0)).sum().cast(pl.Int64),
            texts=pl.col("result_hash").unique().drop_nulls(),
            settles=pl.col("settles").any(),
        )
        .join(llm_calls.select(name for name in LLM_CALLS if name != "agent"), on="call_id", how="left")
        .sort(*RUN, "position")
        .with_columns(nth=pl.int_range(pl.len()).over(RUN), **_shares())
    )
    return (
        per_call.group_by(*RUN, maintain_order=True)
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
            detector=pl.lit(DETECTOR),
            partition=pl.col("session_id"),
            tier=pl.when(sure).then(pl.lit("loop")).otherwise(pl.lit("warn")),
            finding_id=identity(
                DETECTOR, "session_id", "agent_id", "first_call", "first_tool_call", "args_hash"
            ),
            wasted_tokens=pl.when("metered").then("wasted_tokens"),
            wasted_usd_low=pl.when("low_known").then("wasted_usd_low"),
            wasted_usd_high=pl.when(pl.col("unpriced") == 0).then("wasted_usd_high"),
            confidence=loops.confidence(min_length),
        )
        .with_columns(evidence=loops.evidence(min_length), fix=loops.fix())
        .select(pl.col(name).cast(kind) for name, kind in FINDINGS.items())
        .sort("partition", "first_at", "finding_id")
    )
