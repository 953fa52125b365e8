"""What did a finding's calls cost? The columns of a finding that sum up its members, at the ledger's own shares.

A member is a call of a finding with the part of it that the finding is about. What it cost is what the ledger says the
call cost: tokens that a cache served count at the price of cache reads, and unknown money makes the sum unknown, not 0.
Low and high are two counterfactuals: `wasted_usd_high` counts each member that a perfect agent would have left out
(`wasted`), `wasted_usd_low` only those that a careful guard would have stopped (`avoidable`).
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from otel_burn_analytics.finding import MONEY, TIME

LLM_CALLS: Final = pl.Schema(
    {
        "call_id": pl.String(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
        "work_id": pl.String(),
        "started_at": TIME,
        "input_tokens": pl.Int64(),
        "output_tokens": pl.Int64(),
        "cost_usd": MONEY,
    }
)
"""The columns of `llm_calls` that charging reads; a detector that charges lists them among its needs."""


def charged(
    members: pl.LazyFrame, llm_calls: pl.LazyFrame, *, by: Sequence[str], **extra: pl.Expr
) -> pl.LazyFrame:
    """One row for each finding (*by*) with the columns that sum up its members, and those that *extra* aggregates.

    Args:
        members: One row a call of a finding, with the columns *by*, `call_id`, `row` (the order of the members),
            `part` of `whole` (the call's share that the finding is about: one of three tools that it asked for,
            say), `wasted`, `avoidable` (in which of the two sums it is), `tells` (from here on one could have known).
        extra: Further aggregates over a finding's members, in their order.
    """
    usage = llm_calls.select(LLM_CALLS.names()).rename({"started_at": "called_at"})
    return (
        members.join(usage, on="call_id", how="left")
        .sort(*by, "row", "call_id", nulls_last=True)
        .with_columns(tokens=_tokens(), usd=_usd())
        .group_by(*by, maintain_order=True)
        .agg(**_sums(), **extra)
        .with_columns(
            wasted_tokens=pl.when("metered").then("wasted_tokens"),
            wasted_usd_low=pl.when("low_known").then("wasted_usd_low"),
            wasted_usd_high=pl.when(pl.col("unpriced") == 0).then("wasted_usd_high"),
        )
        .drop("low_known")
    )


def _tokens() -> pl.Expr:
    tokens = pl.col("input_tokens") + pl.col("output_tokens").fill_null(0)
    return tokens * pl.col("part") // pl.col("whole")


def _usd() -> pl.Expr:
    return (pl.col("cost_usd") * pl.col("part") / pl.col("whole")).cast(MONEY)


def _sums() -> dict[str, pl.Expr]:
    wasted, avoidable, usd = pl.col("wasted"), pl.col("avoidable"), pl.col("usd")
    return {
        "trace_id": pl.col("trace_id").drop_nulls().first(),
        "work_id": pl.col("work_id").drop_nulls().first(),
        "call_ids": pl.col("call_id"),
        "span_ids": pl.col("span_id").drop_nulls(),
        "first_call": pl.col("call_id").first(),
        "first_at": pl.col("called_at").min(),
        "last_at": pl.col("called_at").max(),
        "first_detectable_call_id": pl.col("call_id").filter("tells").first(),
        "calls": pl.len().cast(pl.Int64),
        "wasted_calls": wasted.sum().cast(pl.Int64),
        "metered": pl.col("tokens").filter(wasted).is_not_null().any(),
        "wasted_tokens": pl.col("tokens").filter(wasted).sum(),
        "unpriced": usd.filter(wasted).is_null().sum().cast(pl.Int64),
        "wasted_usd_low": usd.filter(avoidable).sum(),
        "low_known": usd.filter(avoidable).is_not_null().any(),
        "wasted_usd_high": usd.filter(wasted).sum(),
    }
