"""Which conversation repeats a long beginning in every call, and never lets the provider's cache serve it?

Rule: At least three calls of a session, agent and model in which nothing was read from a cache nor written to one,
though each began with 1,024 tokens or more of the call before, at a provider whose list has a price for cache reads.

Defaults: 1,024 tokens: what most providers want at least to cache a prefix. 20,000 repeated tokens in all, below
which nobody has a reason to act. Calls more than five minutes after the last one count as new: nothing would be left.

Dollars: High: the repeated tokens at what was paid for them, less the price of cache reads. Low: also less the extra
price of writing what is new to the cache (Anthropic's quarter; nothing where writing is free).

Needs: Usage with cache tokens. With a manifest of the context the repeated beginning is known; with token counts
alone the whole last prompt is taken for it where the prompt grew, which the finding says, with less confidence.

Beside others: a call that wrote to a cache is none of these. What it wrote and nobody read is `cache_unread`'s, and
what a cache held and did not serve is `cache_misses`'s: no call is in two of the three for the same tokens.

Blind spots: Minimums that are higher (2,048 or 4,096 tokens for some models). Emitters that do not report cache
tokens look as if nothing were cached.

Complexity: n log n in calls.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import findings, summed
from otel_burn_analytics.rates import NEEDS, with_list_rates

NAME: Final = "cache_unused"
CALLS: Final = pl.Schema(
    {**runs.LLM_CALLS, **NEEDS, "work_id": pl.String(), "trace_id": pl.String(), "span_id": pl.String()}
)
KEPT_SECONDS: Final = 300
KEY: Final = (*runs.ACTOR, "model")


def find_cache_unused(
    llm_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    interned_blocks: pl.LazyFrame,
    *,
    min_prefix_tokens: int = 1_024,
    min_repeated_tokens: int = 20_000,
    min_calls: int = 3,
) -> pl.LazyFrame:
    """Findings: per session, agent and model, the calls whose repeated beginning was paid for in full."""
    calls = _uncached(with_list_rates(_ordered(llm_calls)))
    repeated = _repeated(calls, context_parts, interned_blocks)
    usable = (pl.col("prefix") >= min_prefix_tokens) & (pl.col("pause") < KEPT_SECONDS)
    paid = pl.col("rest_usd") / pl.col("input_tokens")
    writing = (pl.col("list_write") - pl.col("list_input")).clip(0)
    members = (
        repeated.filter(usable)
        .with_columns(tokens="prefix", usd_high=pl.col("prefix") * (paid - pl.col("list_read")))
        .with_columns(
            usd_low=(
                pl.col("usd_high") - writing * (pl.col("input_tokens") - pl.col("prefix") + pl.col("opened"))
            ).clip(0)
        )
        .sort(*KEY, "started_at", "call_id")
        .with_columns(so_far=pl.col("tokens").cum_sum().over(KEY), nth=pl.int_range(pl.len()).over(KEY))
        .with_columns(tells=(pl.col("so_far") >= min_repeated_tokens) & (pl.col("nth") >= min_calls - 2))
    )
    found = summed(
        members,
        by=KEY,
        known=pl.col("known").all(),
        total=pl.col("input_tokens").sum(),
        there=pl.col("tells").any(),
    ).filter("there")
    return findings(
        found,
        name=NAME,
        key=KEY,
        tier=pl.when("known").then(pl.lit("waste")).otherwise(pl.lit("warn")),
        confidence=pl.when("known").then(0.8).otherwise(0.5),
        evidence=_evidence(),
        fix=pl.lit(
            "Switch caching on: mark the end of system prompt, tools and history (cache_control on Anthropic and "
            "Bedrock); where the provider caches by itself, keep the beginning byte for byte equal and send a stable "
            "cache key, and check that its minimum length is reached."
        ),
    )


def _ordered(llm_calls: pl.LazyFrame) -> pl.LazyFrame:
    return (
        llm_calls.filter(pl.col("input_tokens") > 0)
        .with_columns(model=pl.coalesce("response_model", "request_model").fill_null(""))
        .sort(*KEY, "started_at", "call_id", nulls_last=True)
        .with_columns(thread=pl.struct(KEY).rle_id())
    )


def _uncached(calls: pl.LazyFrame) -> pl.LazyFrame:
    """The calls of conversations that never touched a cache which their provider sells, beside the call before."""
    touched = pl.col("cache_read_tokens").fill_null(0) + pl.col("cache_write_tokens").fill_null(0)
    told = ("call_id", "input_tokens", "started_at")
    return (
        calls.filter(
            (touched.sum() == 0).over("thread"),
            pl.col("cache_read_tokens").is_not_null().all().over("thread"),
        )
        .filter((pl.col("list_read") < pl.col("list_input")).all().over("thread"))
        .sort("thread", "started_at", "call_id")
        .with_columns(
            pl.when(pl.col("thread") == pl.col("thread").shift())
            .then(pl.col(told).shift())
            .name.prefix("last_"),
        )
        .with_columns(
            pause=(pl.col("started_at") - pl.col("last_started_at")).dt.total_seconds(fractional=True),
            # The first repetition also pays for having written what it repeats.
            opened=pl.when(
                pl.col("last_call_id").is_not_null() & (pl.col("thread") != pl.col("thread").shift(2))
            )
            .then("last_input_tokens")
            .otherwise(0),
        )
        .with_columns(pl.col("opened").fill_null(0))
    )


def _repeated(
    calls: pl.LazyFrame, context_parts: pl.LazyFrame, interned_blocks: pl.LazyFrame
) -> pl.LazyFrame:
    """Each call with the tokens that it has in common with the beginning of the call before."""
    mine = calls.select("call_id", "last_call_id").join(context_parts.drop("first"), on="call_id")
    theirs = context_parts.select(last_call_id="call_id", branch="branch", until="last")
    shared = (
        mine.join(theirs, on=("last_call_id", "branch"))
        .with_columns(position=pl.min_horizontal("last", "until"))
        .join(interned_blocks.select("branch", "position", "upto"), on=("branch", "position"))
        .group_by("call_id")
        .agg(shared=pl.col("upto").max())
    )
    listed = context_parts.select("call_id", listed=True).unique()
    both = pl.col("listed").is_not_null() & pl.col("last_listed").is_not_null()
    by_bytes = pl.col("input_tokens") * pl.col("shared").fill_null(0) / pl.col("context_bytes").clip(1)
    grew = pl.col("input_tokens") >= pl.col("last_input_tokens")
    return (
        calls.join(shared, on="call_id", how="left")
        .join(listed, on="call_id", how="left")
        .join(
            listed.rename({"call_id": "last_call_id", "listed": "last_listed"}), on="last_call_id", how="left"
        )
        .with_columns(
            known=both,
            prefix=pl.when(both)
            .then(by_bytes)
            .otherwise(pl.when(grew).then("last_input_tokens").otherwise(0)),
        )
    )


def _evidence() -> pl.Expr:
    return pl.concat_str(
        pl.format(
            "{} of {} repeated {} tokens of the call before at full price: none of their {} tokens of input was read "
            "from the provider's cache, or written to it. That cost {} more than cache reads. ",
            numbers.plural(pl.col("members"), "call", "calls"),
            pl.col("model"),
            numbers.count(pl.col("wasted_tokens")),
            numbers.count(pl.col("total")),
            numbers.usd(pl.col("wasted_usd_high")),
        ),
        pl.when("known")
        .then(pl.lit("The contexts on record begin alike."))
        .otherwise(
            pl.lit(
                "Contexts are not on record: that each prompt begins with the last one is a guess by size."
            )
        ),
    )


DETECTOR: Final = Detector(
    name=NAME,
    find=find_cache_unused,
    needs={"llm_calls": CALLS, "context_parts": runs.CONTEXT_PARTS, "interned_blocks": runs.INTERNED_BLOCKS},
)
