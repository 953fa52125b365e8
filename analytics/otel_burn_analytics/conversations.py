"""Which calls are one conversation, and what woke each? Told by the first and the last block of a context."""

from typing import Final

import polars as pl

from otel_burn_analytics import runs

STATIC: tuple[str, ...] = ("system", "tool_definition")

OPENINGS: Final = pl.Schema({"call_id": pl.String(), "opening": pl.String()})
"""The columns of the frame `openings`, made once for all detectors."""


def openings(
    context_calls: pl.LazyFrame, context_parts: pl.LazyFrame, block_runs: pl.LazyFrame
) -> pl.LazyFrame:
    """The first message of each call's context (`opening`, a hash): it tells conversations of one agent apart."""
    said = block_runs.filter(~pl.col("kind").is_in(STATIC))
    first = said.sort(runs.PLACE).group_by(runs.BRANCH, maintain_order=True).first()
    return (
        context_parts.join(context_calls.select("call_id", "actor"), on="call_id")
        .join(first.select(*runs.PLACE, opening="hash"), on=runs.BRANCH)
        .filter(pl.col("last") >= pl.col("position"))
        .sort("call_id", "position")
        .group_by("call_id", maintain_order=True)
        .agg(pl.col("opening").first())
    )


def triggers(
    context_calls: pl.LazyFrame, context_parts: pl.LazyFrame, block_runs: pl.LazyFrame
) -> pl.LazyFrame:
    """The last block of each call's context: what the model was to answer (`woken_by`, `woken_bytes`, `woken_hash`)."""
    ends = context_parts.group_by("call_id").agg(
        pl.col("branch").sort_by("last").last(), position=pl.col("last").max()
    )
    return (
        ends.join(context_calls.select("call_id", "actor"), on="call_id")
        .join(block_runs.select(*runs.PLACE, "kind", "bytes", "hash"), on=runs.PLACE)
        .select("call_id", woken_by="kind", woken_bytes="bytes", woken_hash="hash")
    )
