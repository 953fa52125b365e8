"""Which single result, file or message costs most because every later call carries it along?

Rule: A block of at least 2,000 tokens (a tool's result, a file, a pasted message) that an agent carried through later
calls of its session until that came to 20,000 tokens, three calls of grace not counted. What was there from the first
call to the last is a bootstrap, and `context_bloat`'s. The five dearest blocks of a session and agent are reported,
one finding each.

Defaults: 2,000 tokens: summaries of tool results are about this long, so a smaller block is cheap to keep. 20,000:
below that (cents on most models) nobody has a reason to act. Two cents, where the price is known. Three calls: the
model often works on a result in the next calls; judgement. In real coding sessions carried tool output is 34 to 83 %
of all input.

Dollars: High: every call after the one that brought it, at what that call paid for the stretch of the prompt in which
it lay, so that cache reads count as cache reads. Low: three more calls granted, and 2,000 tokens in each.

Needs: A manifest of the context (hashes and sizes) and usage; no content.

Blind spots: Whether the model still needed it cannot be told without content. Shares go by bytes.

Complexity: n log n in calls and different blocks, and five rows a call for what is reported.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.carried import carried_by_calls
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import blocks as words
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import findings, summed_in_order

NAME: Final = "heavy_blocks"
KEY: Final = (*runs.ACTOR, "hash")
TOLD: Final = (*runs.ACTOR, "trace_id", "work_id", "span_id", "started_at")


def find_heavy_blocks(
    context_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    block_runs: pl.LazyFrame,
    *,
    heavy_tokens: int = 2_000,
    min_carried_tokens: int = 20_000,
    grace_calls: int = 3,
    most: int = 5,
    min_usd: float = 0.02,
) -> pl.LazyFrame:
    """Findings: per session and agent the blocks that cost most by being carried on, at most *most*."""
    heavy = _heavy(
        block_runs, context_calls, heavy_tokens=heavy_tokens, min_tokens=min_carried_tokens, most=most
    )
    late = pl.col("number") - pl.col("first") > grace_calls
    spared = (1 - heavy_tokens / pl.col("tokens")).clip(0)
    told = context_calls.select("call_id", "number", "calls", "density", "rest_usd", *TOLD)
    carried = (
        carried_by_calls(heavy, context_calls, context_parts, block_runs, by="block")
        .drop("bytes")
        .join(_contents(heavy), on="block")
        .join(told, on="call_id")
        .filter(pl.col("number") > pl.col("first"))
        .with_columns(
            usd_high=pl.when(pl.col("rest_usd").is_not_null()).then("usd"),
            late=pl.when(late).then("tokens").otherwise(0.0),
        )
        .with_columns(usd_low=pl.when(late).then(pl.col("usd_high") * spared).otherwise(0.0))
        .sort("block", "number")
        .with_columns(late_so_far=pl.col("late").cum_sum().over("block"))
        .with_columns(tells=pl.col("late_so_far") >= min_carried_tokens)
    )
    found = summed_in_order(
        carried,
        by=("block",),
        **{name: pl.col(name).first() for name in KEY},
        kind=pl.col("kind").first(), tool_name=pl.col("tool_name").drop_nulls().first(), bytes=pl.col("bytes").first(),
        brought_at=pl.col("first").first() + 1, calls=pl.col("calls").first(), late=pl.col("late").sum(),
        size=runs.share_tokens().max().round().cast(pl.Int64),
    ).filter(pl.col("late") >= min_carried_tokens, (pl.col("wasted_usd_high") >= min_usd).fill_null(True))  # fmt: skip
    return findings(
        found, name=NAME, key=KEY, tier=_tier(), confidence=_confidence(), evidence=_evidence(), fix=_fix()
    )


def _heavy(
    block_runs: pl.LazyFrame, calls: pl.LazyFrame, *, heavy_tokens: int, min_tokens: int, most: int
) -> pl.LazyFrame:
    """The blocks worth a finding: large, carried on, and no bootstrap."""
    total = calls.group_by("actor").agg(pl.col("calls").first())
    metered = pl.col("sent") - pl.col("unmetered")
    static = (pl.col("first") == 0) & (pl.col("present") * 10 >= pl.col("calls") * 9)
    wanted = (
        block_runs.join(total, on="actor")
        .filter(
            pl.col("tokens") >= heavy_tokens * metered,
            pl.col("tokens") >= min_tokens,
            ~static,
            pl.col("kind") != "tool_definition",
        )
        .group_by(runs.CONTENT)
        .agg(pl.col("usd", "tokens").sum())
        .sort("actor", "usd", "tokens", "hash", descending=[False, True, True, False])
        .group_by("actor", maintain_order=True)
        .head(most)
    )
    return block_runs.join(wanted.with_row_index("block"), on=runs.CONTENT).select(
        *runs.PLACE, "block", "kind", "hash", "bytes", "upto", "tool_name", "first"
    )


def _contents(heavy: pl.LazyFrame) -> pl.LazyFrame:
    """What is told of each content, wherever it stands."""
    told = ("hash", "kind", "bytes", "first")
    return heavy.group_by("block").agg(
        pl.col(told).sort_by("branch", "position").first(), pl.col("tool_name").drop_nulls().first()
    )


def _tier() -> pl.Expr:
    return (
        pl.when(pl.col("kind").is_in(["tool_result", "tool_call"]))
        .then(pl.lit("waste"))
        .otherwise(pl.lit("warn"))
    )


def _confidence() -> pl.Expr:
    # What a tool brought can be fetched again; what a user pasted may be the task itself.
    return pl.when(pl.col("tier") == "waste").then(0.7).otherwise(0.4)


def _evidence() -> pl.Expr:
    return pl.format(
        "{} of {} bytes (about {} tokens) came with call {} and was carried in {} after that: {} tokens, {}. "
        "Whether the model still needed it cannot be told without content.",
        words.sentence(words.one()),
        numbers.count(pl.col("bytes")),
        numbers.count(pl.col("size")),
        numbers.count(pl.col("brought_at")),
        numbers.plural(pl.col("members"), "call", "calls"),
        numbers.count(pl.col("wasted_tokens")),
        numbers.usd(pl.col("wasted_usd_high")),
    )


def _fix() -> pl.Expr:
    return (
        pl.when(pl.col("tier") == "waste")
        .then(
            pl.format(
                "Let {} return the part that was asked for (lines, a page, a filter) and cap its output; drop or "
                "summarise the result once the agent has moved on.",
                pl.col("tool_name").fill_null("the tool"),
            )
        )
        .otherwise(
            pl.lit(
                "Put it into a file that the agent reads in parts, or replace it by a summary once it is worked off."
            )
        )
    )


DETECTOR: Final = Detector(name=NAME, find=find_heavy_blocks, needs=runs.NEEDS, version=2)
