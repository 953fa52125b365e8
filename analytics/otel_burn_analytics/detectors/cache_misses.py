"""When did a provider's cache not serve what it held a moment ago, what did that cost, and why?

Rule: Calls are compared with the last call of the same conversation and model that reached the cache. A call is a
miss if that one left at least 10,000 tokens in the cache, this one sends no less than four fifths of that prompt, and
less than half of what was in the cache is served. A conversation is a session and agent, told further by its first
message where contexts are known, so that sub-agents and compacted histories are compared with their own past alone.

Causes, the first that holds. *Another model*: caches belong to a model. *Changed prefix*: the prompt no longer begins
as it did, and the block that changed is named. *Other thinking level*: on Anthropic it is part of the prefix.
*Expired*: the pause was longer than the cache keeps (five minutes; an hour where it was written for an hour).
*Pinned*: call after call is served the same few tokens, as if only a first mark still matched. *Unknown*: nothing
that we see explains it.

Defaults: 10,000 tokens: less is cents. Half, and four fifths: the gap between a real miss and a real hit is wide; in
recorded sessions a hit serves over 90 % and a miss next to nothing.

Dollars: High: what was paid for the tokens that the cache held, less what reading them would have cost. Low, by
cause: of an expired entry also less what keeping it warm would have cost, a read each five minutes; of a changed
prefix the same as high; of another model, another level, or an unknown cause nothing, as it may not have been yours
to avoid.

Needs: Cache reads (and writes) of the usage. With token counts alone a changed prefix cannot be told, which the
finding says; with a manifest of the context it can; with our own spans so can the thinking level.

Blind spots: A provider that caches by itself (OpenAI) promises nothing: its misses may be nobody's fault. What a
first call of a conversation could have shared with another conversation is not looked at.

Complexity: n log n in calls; contexts are compared only where a call missed.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.conversations import OPENINGS
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import blocks as words
from otel_burn_analytics.evidence import cache_misses
from otel_burn_analytics.members import findings, summed
from otel_burn_analytics.rates import NEEDS, with_list_rates

NAME: Final = "cache_misses"
CALLS: Final = pl.Schema(
    {
        **runs.LLM_CALLS,
        **NEEDS,
        "work_id": pl.String(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
        "cache_write_1h_tokens": pl.Int64(),
    }
)
LEVELS: Final = pl.Schema({"call_id": pl.String(), "reasoning_level": pl.String()})
KEY: Final = (*runs.ACTOR, "cause", "changed")
BEFORE: Final = (
    ("before", "call_id"),
    ("held", "left"),
    ("before_input", "input_tokens"),
    ("before_at", "started_at"),
    ("before_level", "reasoning_level"),
    ("before_read", "cache_read_tokens"),
)
"""What is asked of the call that a call is compared with."""
COMPARED: Final = (
    "call_id", *runs.ACTOR, "started_at", "input_tokens", "cache_read_tokens", "cache_write_tokens",
    "cache_write_1h_tokens",
)  # fmt: skip
"""The columns by which a call is told from a miss."""
KEPT_SECONDS: Final = 300
KEPT_LONG_SECONDS: Final = 3_600


def find_cache_misses(
    llm_calls: pl.LazyFrame,
    request_levels: pl.LazyFrame,
    openings: pl.LazyFrame,
    context_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    block_runs: pl.LazyFrame,
    *,
    min_tokens: int = 10_000,
    served: float = 0.5,
    same_size: float = 0.8,
) -> pl.LazyFrame:
    """Findings: per session, agent and cause, the calls that paid again for what the cache had held."""
    calls = _compared(_reaching(llm_calls, openings, request_levels))
    held = pl.col("held") >= min_tokens
    missed = (
        held
        & (pl.col("cache_read_tokens") < pl.col("held") * served)
        & (pl.col("input_tokens") >= pl.col("before_input") * same_size)
    )
    misses = _whole(calls.filter(missed.fill_null(False)), llm_calls).cache()
    caused = _caused(
        misses.join(_changes(misses, context_calls, context_parts, block_runs), on="call_id", how="left")
    )
    found = summed(_charged(caused), by=KEY, **cache_misses.aggregates())
    return findings(
        found,
        name=NAME,
        key=(*KEY, "first_call"),
        tier=cache_misses.tier(),
        confidence=cache_misses.confidence(),
        evidence=cache_misses.evidence(),
        fix=cache_misses.fix(),
    )


def _whole(few: pl.LazyFrame, llm_calls: pl.LazyFrame) -> pl.LazyFrame:
    """The few calls that missed, with all that is known of them: what is sorted before is narrow."""
    known = [name for name in CALLS if name not in COMPARED]
    return with_list_rates(few.join(llm_calls.select("call_id", *known), on="call_id"))


def _reaching(llm_calls: pl.LazyFrame, openings: pl.LazyFrame, levels: pl.LazyFrame) -> pl.LazyFrame:
    """The calls whose usage is known, in the order of their conversations."""
    model = pl.coalesce("response_model", "request_model").fill_null("")
    thread = (*runs.ACTOR, "opening")
    return (
        llm_calls.filter(pl.col("input_tokens") > 0)
        .select(*COMPARED, model=model)
        .join(openings, on="call_id", how="left")
        .join(levels.unique("call_id"), on="call_id", how="left")
        .with_columns(pl.col("^cache_(read|write|write_1h)_tokens$").fill_null(0))
        .sort(*thread, "started_at", "call_id", nulls_last=True)
        .with_columns(thread=pl.struct(thread).rle_id(), order=pl.int_range(pl.len()))
        .with_columns(
            # Who never reports a write, and reads, has a cache that works by itself.
            automatic=(pl.col("cache_write_tokens").sum().over("thread") == 0)
            & (pl.col("cache_read_tokens").sum().over("thread") > 0),
        )
        .with_columns(
            left=pl.when("automatic").then("input_tokens").otherwise(
                pl.col("cache_read_tokens") + pl.col("cache_write_tokens")
            )
        )
    )  # fmt: skip


def _compared(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Each call beside the last one of its conversation, and of its conversation and model."""
    told = ("call_id", "model", "left", "input_tokens", "started_at", "reasoning_level", "cache_read_tokens")
    last = calls.with_columns(
        pl.when(pl.col("thread") == pl.col("thread").shift()).then(pl.col(told).shift()).name.prefix("last_")
    )
    own = (
        last.sort("thread", "model", "order")
        .with_columns(
            pl.when(
                (pl.col("thread") == pl.col("thread").shift()) & (pl.col("model") == pl.col("model").shift())
            )
            .then(pl.col(told).shift())
            .name.prefix("own_"),
            long=pl.col("cache_write_1h_tokens").cum_max().over("thread", "model") > 0,
        )
        .sort("order")
    )
    # A model's first call of a conversation is compared with the last call of another model.
    switched = pl.col("own_call_id").is_null() & (pl.col("last_model") != pl.col("model"))
    return own.with_columns(
        switched=switched,
        **{
            name: pl.when(switched).then(f"last_{column}").otherwise(f"own_{column}")
            for name, column in BEFORE
        },
    ).with_columns(
        pause=(pl.col("started_at") - pl.col("before_at")).dt.total_seconds(fractional=True),
        kept=pl.when("long").then(KEPT_LONG_SECONDS).otherwise(KEPT_SECONDS),
    )


def _changes(
    misses: pl.LazyFrame, calls: pl.LazyFrame, context_parts: pl.LazyFrame, block_runs: pl.LazyFrame
) -> pl.LazyFrame:
    """Of each miss whose context and predecessor's are known: the share of that one's context that it begins with,
    and the first block that differs."""
    mine = misses.select("call_id", "before").join(context_parts.drop("first"), on="call_id")
    theirs = context_parts.select(before="call_id", branch="branch", until="last")
    common = (
        mine.join(theirs, on=("before", "branch"), how="left")
        .group_by("call_id", "before")
        .agg(
            common=pl.when(pl.col("until").is_not_null())
            .then(pl.min_horizontal("last", "until"))
            .max()
            .fill_null(0)
        )
        .join(context_parts.select(before="call_id").unique(), on="before")
    )
    places = context_parts.join(calls.select("call_id", "actor", "context_bytes"), on="call_id")
    begins = places.rename({"call_id": "before"}).join(common, on="before").filter(
        pl.col("common").is_between("first", "last")
    ).join(block_runs.select(*runs.PLACE, "upto"), left_on=(*runs.BRANCH, "common"), right_on=runs.PLACE)  # fmt: skip
    differs = places.join(common.with_columns(place=pl.col("common") + 1), on="call_id").filter(
        pl.col("place").is_between("first", "last")
    ).join(
        block_runs.select(*runs.PLACE, "kind", "tool_name"), left_on=(*runs.BRANCH, "place"), right_on=runs.PLACE
    )  # fmt: skip
    return (
        common.join(
            begins.select("call_id", same=pl.col("upto") / pl.col("context_bytes")), on="call_id", how="left"
        )
        .join(differs.select("call_id", "place", changed=words.one()), on="call_id", how="left")
        .select("call_id", "place", "changed", same=pl.col("same").fill_null(0.0))
    )


def _caused(misses: pl.LazyFrame) -> pl.LazyFrame:
    """Each miss with its cause; `changed` is what changed, where that is the cause."""
    pinned = (pl.col("cache_read_tokens") > 0) & (pl.col("cache_read_tokens") == pl.col("before_read"))
    level = (pl.col("reasoning_level") != pl.col("before_level")).fill_null(False)
    cause = (
        pl.when("switched").then(pl.lit("model"))
        .when(pl.col("same") < 0.9).then(pl.lit("prefix"))
        .when(level).then(pl.lit("level"))
        .when(pl.col("pause") >= pl.col("kept")).then(pl.lit("expired"))
        .when(pinned).then(pl.lit("pinned"))
        .otherwise(pl.lit("unknown"))
    )  # fmt: skip
    return misses.with_columns(cause=cause).with_columns(
        changed=pl.when(pl.col("cause") == "prefix").then(
            pl.col("changed").fill_null("the end of the prompt")
        )
    )


def _charged(misses: pl.LazyFrame) -> pl.LazyFrame:
    """Each miss with the tokens paid for again, and their dollars beyond a cache read."""
    written, rest = pl.col("cache_write_tokens"), pl.col("input_tokens") - pl.col("cache_read_tokens")
    tokens = pl.min_horizontal(pl.col("held") - pl.col("cache_read_tokens"), rest)
    as_write = pl.min_horizontal("tokens", "cache_write_tokens")
    read_rate = pl.coalesce(
        pl.when(pl.col("cache_read_tokens") > 0).then(pl.col("read_usd") / pl.col("cache_read_tokens")),
        "list_read",
    )
    paid = as_write * (pl.col("write_usd") / written.clip(1)) + (pl.col("tokens") - as_write) * (
        pl.col("rest_usd") / (rest - written).clip(1)
    )
    warm = (pl.col("pause") / pl.col("kept")).floor() * pl.col("held") * pl.col("read_rate")
    low = {
        "expired": (pl.col("usd_high") - warm).clip(0),
        "prefix": pl.col("usd_high"),
        "pinned": pl.col("usd_high"),
    }
    careful = pl.lit(0.0)
    for cause, usd in low.items():
        careful = pl.when(pl.col("cause") == cause).then(usd).otherwise(careful)
    return (
        misses.with_columns(tokens=tokens.clip(0), read_rate=read_rate)
        .with_columns(usd_high=(paid - pl.col("tokens") * pl.col("read_rate")).clip(0))
        .with_columns(usd_low=pl.when(pl.col("usd_high").is_not_null()).then(careful), tells=True)
    )


DETECTOR: Final = Detector(
    name=NAME,
    find=find_cache_misses,
    needs={"llm_calls": CALLS, "request_levels": LEVELS, "openings": OPENINGS, **runs.NEEDS},
)
