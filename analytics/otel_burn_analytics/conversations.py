"""Which calls are one conversation, and what woke each? Told by the first and the last block of a context."""

from typing import Final

import polars as pl

STATIC: tuple[str, ...] = ("system", "tool_definition")

OPENINGS: Final = pl.Schema({"call_id": pl.String(), "opening": pl.String()})
"""The columns of the frame `openings`, made once for all detectors."""


def openings(context_parts: pl.LazyFrame, interned_blocks: pl.LazyFrame) -> pl.LazyFrame:
    """The first message of each call's context (`opening`, a hash): it tells conversations of one agent apart."""
    first = (
        interned_blocks.filter(~pl.col("kind").is_in(STATIC))
        .sort("branch", "position")
        .group_by("branch", maintain_order=True)
        .agg(pl.col("position", "hash").first())
    )
    return (
        context_parts.select("call_id", "branch", "last")
        .join(first.select("branch", "position", opening="hash"), on="branch")
        .filter(pl.col("last") >= pl.col("position"))
        .group_by("call_id")
        .agg(pl.col("opening").sort_by("position").first())
    )


def triggers(context_parts: pl.LazyFrame, interned_blocks: pl.LazyFrame) -> pl.LazyFrame:
    """The last block of each call's context: what the model was to answer (`woken_by`, `woken_bytes`, `woken_hash`)."""
    ends = context_parts.group_by("call_id").agg(
        pl.col("branch").sort_by("last").last(), position=pl.col("last").max()
    )
    return ends.join(interned_blocks, on=("branch", "position")).select(
        "call_id", woken_by="kind", woken_bytes="bytes", woken_hash="hash"
    )
