"""What did each call pay for some blocks, wherever they stand in its context? Without looking at a block once a call.

A long session with many copies has n² pairs of copy and call. But how many bytes of all copies lie below a byte x is a
sum of w * (x - v) over the bytes v below x where a copy begins (w = 1) or ends (w = -1), and a call only asks that of
the ends of its stretches: what a cache served, what it stored, the rest. One sort, n log n.
"""

import polars as pl

from otel_burn_analytics import runs


def carried_by_calls(
    blocks: pl.LazyFrame,
    context_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    block_runs: pl.LazyFrame,
    *,
    by: str,
) -> pl.LazyFrame:
    """For each group (*by*) of *blocks* (of `BLOCK_RUNS`) and each metered call with some of them, what it paid.

    One row a group and call, with the `bytes`, `tokens` and `usd` of all the group's blocks there.
    """
    key = (by, "branch")
    begins, ends = (pl.col("upto") - pl.col("bytes")).cast(pl.Float64), pl.col("upto").cast(pl.Float64)
    edges = pl.concat([blocks.select(*key, v=begins, w=1.0), blocks.select(*key, v=ends, w=-1.0)])
    asking = _asking(blocks, context_calls, context_parts, block_runs, key)
    stretches = {"read": "read_end", "write": "write_end", "whole": "end"}
    asks = [
        asking.select(*key, "ask", v=pl.min_horizontal(end, "end"), stretch=pl.lit(name))
        for name, end in stretches.items()
    ]
    held = (
        pl.concat([edges, *asks], how="diagonal_relaxed")
        .sort(*key, "v")
        .with_columns(w=pl.col("w").fill_null(0.0))
        .with_columns(
            open=pl.col("w").cum_sum().over(key), begun=(pl.col("w") * pl.col("v")).cum_sum().over(key)
        )
        .filter(pl.col("ask").is_not_null())
        .select("ask", "stretch", below=pl.col("v") * pl.col("open") - pl.col("begun"))
        .group_by("ask")
        .agg(**{name: pl.col("below").filter(pl.col("stretch") == name).sum() for name in stretches})
    )
    read, write, rest = pl.col("read_rate"), pl.col("write_rate"), pl.col("rest_rate")
    usd = pl.col("read") * (read - write) + pl.col("write") * (write - rest) + pl.col("whole") * rest
    return (
        asking.join(held.filter(pl.col("whole") > 0), on="ask")
        .select(by, "call_id", bytes="whole", tokens=pl.col("whole") * pl.col("density"), usd=usd)
        .group_by(by, "call_id")
        .agg(pl.col("bytes", "tokens", "usd").sum())
    )


def _asking(
    blocks: pl.LazyFrame,
    context_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    block_runs: pl.LazyFrame,
    key: tuple[str, str],
) -> pl.LazyFrame:
    """The parts of metered calls on the branches of *blocks*, each with the byte at which it ends."""
    rates = ("density", "read_end", "write_end", "read_rate", "write_rate", "rest_rate")
    ends = block_runs.select(*runs.BRANCH, last="position", end=pl.col("upto").cast(pl.Float64))
    on = dict.fromkeys((*key, "actor"))
    return (
        context_parts.select("call_id", "branch", "last")
        .join(context_calls.select("call_id", "actor", *rates), on="call_id")
        .filter(pl.col("density").is_not_null())
        .join(blocks.select(on.keys()).unique(), on=runs.BRANCH)
        .join(ends, on=(*runs.BRANCH, "last"))
        .with_row_index("ask")
    )
