"""How often was each block of a context sent, and what did it cost in all? Without looking at a block once a call.

A session of n calls has some n² logical blocks, but only as many different ones as it said things. The ledger stores
these once (`interned_blocks`), as a tree cut into branches, and a context as the beginnings of some branches
(`context_parts`). What a block cost in one call grows with its bytes, at the price of the stretch it lies in: tokens
that the cache served, those that it stored, the rest. So what all calls paid for the first u bytes of a branch is

    G(u) = sum of w * min(u, v)

over *knots* (v, w): for each call the ends of its stretches, and by how much a byte is dearer before than behind them.
A block from u0 to u1 cost G(u1) - G(u0). Sorting the knots once gives G for every block: n log n, not n².
"""

from typing import Final

import polars as pl

from otel_burn_analytics.finding import TIME

CONTEXT_PARTS: Final = pl.Schema(
    {"call_id": pl.String(), "branch": pl.Int64(), "first": pl.Int64(), "last": pl.Int64()}
)
"""A call's context is the blocks *first* to *last* of a branch, then those of the next one."""

INTERNED_BLOCKS: Final = pl.Schema(
    {
        "branch": pl.Int64(),
        "position": pl.Int64(),
        "kind": pl.String(),
        "hash": pl.String(),
        "bytes": pl.Int64(),
        "upto": pl.Int64(),  # bytes from the prompt's beginning to the block's end
        "tool_name": pl.String(),
        "tool_call_id": pl.String(),
    }
)
"""A block, once for all contexts that begin alike."""

LLM_CALLS: Final = pl.Schema(
    {
        "call_id": pl.String(),
        "session_id": pl.String(),
        "agent": pl.String(),
        "agent_id": pl.String(),
        "started_at": TIME,
        "input_tokens": pl.Int64(),
        "cache_read_tokens": pl.Int64(),
        "cache_write_tokens": pl.Int64(),
        "read_usd": pl.Float64(),  # of the bill, what the stretch that the cache served cost; so the two below
        "write_usd": pl.Float64(),
        "rest_usd": pl.Float64(),
        "context_bytes": pl.Int64(),
    }
)
"""The columns of `llm_calls` from which shares are made."""

CONTEXT_CALLS: Final = pl.Schema(
    {
        **LLM_CALLS,
        "work_id": pl.String(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
        "actor": pl.Int64(),  # a number for each session and agent: windows over texts take five times as long
        "number": pl.Int64(),  # of the call, from 0, in `actor`
        "calls": pl.Int64(),  # how many `actor` made
        "density": pl.Float64(),  # tokens a byte; NULL when nobody reported usage
        "read_end": pl.Float64(),  # the byte up to which the cache served
        "write_end": pl.Float64(),  # the byte up to which the cache served or stored
        "read_rate": pl.Float64(),  # dollars a byte; so the two below
        "write_rate": pl.Float64(),
        "rest_rate": pl.Float64(),
    }
)
"""The calls whose context is known, one row each."""

BLOCK_RUNS: Final = pl.Schema(
    {
        "actor": pl.Int64(),
        **INTERNED_BLOCKS,
        "sent": pl.Int64(),  # how many calls of `actor`
        "unmetered": pl.Int64(),  # of these, nobody reported usage: left out of tokens and dollars
        "unpriced": pl.Int64(),  # of these, nobody knows the price: left out of dollars
        "first_number": pl.Int64(),  # the calls that sent it first and last
        "last_number": pl.Int64(),
        "tokens": pl.Float64(),  # of all calls together
        "usd": pl.Float64(),
        "first": pl.Int64(),  # the call that sent its content first, wherever that stood
        "present": pl.Int64(),  # how often its content was sent, wherever it stood
        "places": pl.Int64(),  # in how many places
    }
)
"""A block that an agent sent in a session, one row, however many calls carried it."""

NEEDS: Final = {"context_calls": CONTEXT_CALLS, "context_parts": CONTEXT_PARTS, "block_runs": BLOCK_RUNS}
"""What detectors of contexts read."""

ACTOR: Final = ("session_id", "agent", "agent_id")
BRANCH: Final = ("actor", "branch")
PLACE: Final = (*BRANCH, "position")
CONTENT: Final = ("actor", "hash")
NEVER: Final = 2**62
"""No call has this number."""


def numbered(llm_calls: pl.LazyFrame, context_parts: pl.LazyFrame) -> pl.LazyFrame:
    """The calls whose context is known, with the columns `CONTEXT_CALLS`."""
    size, total = pl.col("context_bytes"), pl.col("input_tokens")
    read, write = pl.col("cache_read_tokens").fill_null(0), pl.col("cache_write_tokens").fill_null(0)
    density = pl.col("density")
    return (
        llm_calls.join(context_parts.select("call_id").unique(), on="call_id", how="semi")
        .sort(*ACTOR, "started_at", "call_id")
        .with_columns(
            actor=pl.struct(ACTOR).rle_id().cast(pl.Int64),
            density=pl.when((size > 0) & (total > 0)).then(total / size),
        )
        .with_columns(
            number=pl.int_range(pl.len()).over("actor"),
            calls=pl.len().over("actor").cast(pl.Int64),
            read_end=read / density,
            write_end=(read + write) / density,
            read_rate=_rate("read_usd", read) * density,
            write_rate=_rate("write_usd", write) * density,
            rest_rate=_rate("rest_usd", total - read - write) * density,
        )
    )


def _rate(usd: str, tokens: pl.Expr) -> pl.Expr:
    """Dollars a token of a stretch; 0 for one without tokens."""
    return pl.when(tokens > 0).then(pl.col(usd) / tokens).otherwise(0.0).fill_null(0.0)


def share_tokens() -> pl.Expr:
    """Of a block beside one of its calls: its tokens there."""
    return pl.col("bytes") * pl.col("density")


def share_usd() -> pl.Expr:
    """Of a block beside one of its calls: what it cost there, by the stretches that it lies in."""

    def upto(at: pl.Expr) -> pl.Expr:
        read, write = pl.min_horizontal(at, "read_end"), pl.min_horizontal(at, "write_end")
        of_read = read * (pl.col("read_rate") - pl.col("write_rate"))
        return of_read + write * (pl.col("write_rate") - pl.col("rest_rate")) + at * pl.col("rest_rate")

    return upto(pl.col("upto").cast(pl.Float64)) - upto((pl.col("upto") - pl.col("bytes")).cast(pl.Float64))


def block_runs(
    context_calls: pl.LazyFrame, context_parts: pl.LazyFrame, interned_blocks: pl.LazyFrame
) -> pl.LazyFrame:
    """Each block that an agent sent in a session, once, with the columns `BLOCK_RUNS`."""
    ends = interned_blocks.select("branch", last="position", end=pl.col("upto").cast(pl.Float64))
    parts = context_parts.join(ends, on=("branch", "last")).join(context_calls, on="call_id")
    longest = parts.group_by(BRANCH).agg(longest=pl.col("last").max())
    blocks = (
        longest.join(interned_blocks, on="branch")
        .filter(pl.col("position") <= pl.col("longest"))
        .drop("longest")
    )
    whole = blocks.join(_held(blocks, parts), on=PLACE).join(_paid(blocks, parts), on=PLACE)
    contents = whole.group_by(CONTENT).agg(
        first=pl.col("first_number").min(), present=pl.col("sent").sum(), places=pl.len().cast(pl.Int64)
    )
    return whole.join(contents, on=CONTENT)


def _held(blocks: pl.LazyFrame, parts: pl.LazyFrame) -> pl.LazyFrame:
    """For each block, the calls that hold it: those whose part of the branch ends there or later."""
    unmetered = pl.col("density").is_null()
    unpriced = ~unmetered & pl.col("rest_usd").is_null()
    ends = parts.select(
        *BRANCH, position="last", asks=False, least="number", most="number", sent=1,
        unmetered=unmetered.cast(pl.Int32), unpriced=unpriced.cast(pl.Int32),
    )  # fmt: skip
    asking = blocks.select(PLACE).with_columns(
        asks=True, least=NEVER, most=-1, sent=0, unmetered=0, unpriced=0
    )
    counted = ("sent", "unmetered", "unpriced")
    return (
        pl.concat([ends, asking], how="vertical_relaxed")
        .sort(*PLACE, "asks", descending=[False, False, True, False])
        .with_columns(
            pl.col(counted).cast(pl.Int64).cum_sum().over(BRANCH),
            first_number=pl.col("least").cum_min().over(BRANCH),
            last_number=pl.col("most").cum_max().over(BRANCH),
        )
        .filter("asks")
        .drop("asks", "least", "most")
    )


def _knots(parts: pl.LazyFrame) -> pl.LazyFrame:
    """(v, w) of dollars and tokens for each end of a stretch; beyond its own end a part pays nothing."""
    read, write, rest = pl.col("read_rate"), pl.col("write_rate"), pl.col("rest_rate")
    steps = (
        (pl.min_horizontal("read_end", "end"), read - write, pl.lit(0.0)),
        (pl.min_horizontal("write_end", "end"), write - rest, pl.lit(0.0)),
        (pl.col("end"), rest, pl.col("density")),
    )
    metered = parts.filter(pl.col("density").is_not_null())
    return pl.concat(metered.select(*BRANCH, v=v, usd=usd, tokens=tokens) for v, usd, tokens in steps)


def _paid(blocks: pl.LazyFrame, parts: pl.LazyFrame) -> pl.LazyFrame:
    """For each block, the tokens and dollars that all calls together paid: G at its end less G at its beginning."""
    v, end = pl.col("v"), pl.col("v") + pl.col("size")
    knots = _knots(parts).with_columns(position=pl.lit(None, pl.Int64), size=pl.lit(None, pl.Int64))
    asking = blocks.select(
        *PLACE, size="bytes", v=(pl.col("upto") - pl.col("bytes")).cast(pl.Float64), usd=0.0, tokens=0.0
    )
    # Both ends of every block are looked up in one sort.
    begins, ends = asking.with_columns(asks=1), asking.with_columns(v=end, asks=2)
    weight = pl.col("usd", "tokens")
    below, above = (
        (weight * v).cum_sum().over(BRANCH),
        weight.sum().over(BRANCH) - weight.cum_sum().over(BRANCH),
    )
    swept = (
        pl.concat([knots.with_columns(asks=0), begins, ends], how="diagonal_relaxed")
        .sort(*BRANCH, "v")
        .with_columns(below.name.prefix("below_"), above.name.prefix("above_"))
        .filter(pl.col("asks") > 0)
        .select(
            *PLACE,
            sign=pl.col("asks") * 2 - 3,
            usd=pl.col("below_usd") + v * pl.col("above_usd"),
            tokens=pl.col("below_tokens") + v * pl.col("above_tokens"),
        )
    )
    return swept.group_by(PLACE).agg((pl.col("usd", "tokens") * pl.col("sign")).sum())


def early_shares(
    blocks: pl.LazyFrame, context_calls: pl.LazyFrame, context_parts: pl.LazyFrame, *, calls_after: int = 0
) -> pl.LazyFrame:
    """What *blocks* (of `BLOCK_RUNS`) cost in the first call of their content and the *calls_after* next ones.

    A row a block and call: `PLACE`, `after` (0 for the first call), `tokens`, `usd`.
    """
    parts = context_parts.drop("first").join(context_calls, on="call_id")
    return (
        blocks.select(*PLACE, "bytes", "upto", "first", after=pl.int_ranges(pl.lit(0), calls_after + 1))
        .explode("after")
        .with_columns(number=pl.col("first") + pl.col("after"))
        .join(parts, on=(*BRANCH, "number"))
        .filter(pl.col("position") <= pl.col("last"), pl.col("density").is_not_null())
        .select(*PLACE, "after", tokens=share_tokens(), usd=share_usd())
    )
