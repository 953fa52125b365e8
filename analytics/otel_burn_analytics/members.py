"""How do members become findings? Rows of (finding, call) that say what they wasted are summed up."""

from collections.abc import Sequence

import polars as pl

from otel_burn_analytics.finding import FINDINGS, MONEY, identity

TEXT = pl.String()


def summed(members: pl.LazyFrame, *, by: Sequence[str], **extra: pl.Expr) -> pl.LazyFrame:
    """One row for each finding (*by*) with the columns that sum up its members, in the order of their calls.

    *members* have `call_id`, `span_id`, `trace_id`, `work_id`, `started_at` of a call, and of the finding in it:
    `tokens`, `usd_low`, `usd_high` (dollars; NULL when unknown) and `tells`: whether it could be known from here on.
    What is unknown makes the sum unknown, not smaller; of the careful estimate what is known stays known.
    """
    return summed_in_order(members.sort(*by, "started_at", "call_id", nulls_last=True), by=by, **extra)


def summed_in_order(members: pl.LazyFrame, *, by: Sequence[str], **extra: pl.Expr) -> pl.LazyFrame:
    """`summed` of *members* in the order of their calls: who numbers calls sorts by numbers, in half the time."""
    low, high = pl.col("usd_low"), pl.col("usd_high")
    return members.group_by(*by, maintain_order=True).agg(
        pl.col("trace_id", "work_id").drop_nulls().first(),
        call_ids=pl.col("call_id").unique(maintain_order=True),
        span_ids=pl.col("span_id").drop_nulls().unique(maintain_order=True),
        first_call=pl.col("call_id").first(),
        first_at=pl.col("started_at").min(),
        last_at=pl.col("started_at").max(),
        first_detectable_call_id=pl.col("call_id").filter("tells").first(),
        members=pl.col("call_id").n_unique().cast(pl.Int64),
        wasted_tokens=pl.col("tokens").sum().round().cast(pl.Int64),
        wasted_usd_low=pl.when(low.is_not_null().any()).then(money(low.sum())),
        wasted_usd_high=pl.when(high.is_not_null().all()).then(money(high.sum())),
        **extra,
    )


def money(dollars: pl.Expr) -> pl.Expr:
    """Dollars as the ledger stores them."""
    return dollars.round(12).cast(MONEY)


def findings(
    found: pl.LazyFrame,
    *,
    name: str,
    key: Sequence[str],
    partition: str = "session_id",
    tier: pl.Expr,
    confidence: pl.Expr,
    evidence: pl.Expr,
    fix: pl.Expr,
) -> pl.LazyFrame:
    """*found* in the columns of a finding of the detector *name*; *key* are the columns that it is told by."""
    there = found.with_columns(
        detector=pl.lit(name), partition=pl.col(partition), finding_id=identity(name, *key), tier=tier
    )
    worded = there.with_columns(confidence=confidence, evidence=evidence, fix=fix)
    known = set(worded.collect_schema().names())
    return worded.select(
        (pl.col(column) if column in known else pl.lit(None)).cast(kind).alias(column)
        for column, kind in FINDINGS.items()
    ).sort("partition", "first_at", "finding_id")
