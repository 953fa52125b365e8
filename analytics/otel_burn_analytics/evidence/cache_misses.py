"""What does a finding of cache misses say? Its tier, confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def aggregates() -> dict[str, pl.Expr]:
    """What the sentences need of a finding's misses."""
    worst = pl.col("tokens").arg_max()
    return {
        "read": pl.col("cache_read_tokens").sum(),
        "held": pl.col("held").sum(),
        "shortest": (pl.col("pause").min() / 60),
        "longest": (pl.col("pause").max() / 60),
        "kept": (pl.col("kept").first() // 60).cast(pl.Int64),
        "known": pl.col("same").is_not_null().all(),
        "place": pl.col("place").first(),
        "model": pl.col("model").first(),
        "last_model": pl.col("last_model").first(),
        "level": pl.col("reasoning_level").first(),
        "before_level": pl.col("before_level").first(),
        "worst_call": pl.col("call_id").get(worst),
        "worst_read": pl.col("cache_read_tokens").get(worst),
        "worst_held": pl.col("held").get(worst),
        "worst_usd": pl.col("usd_high").get(worst),
    }


def _by_cause(texts: dict[str, pl.Expr | str]) -> pl.Expr:
    said = pl.lit(None, pl.String)
    for cause, text in texts.items():
        words = pl.lit(text) if isinstance(text, str) else text
        said = pl.when(pl.col("cause") == cause).then(words).otherwise(said)
    return said


def tier() -> pl.Expr:
    """Act on what can be changed; look at what may be a choice, or the provider's."""
    acts = pl.col("cause").is_in(["prefix", "expired", "pinned"])
    return pl.when(acts).then(pl.lit("waste")).otherwise(pl.lit("warn"))


def confidence() -> pl.Expr:
    """How sure the cause is; that it was a miss is arithmetic."""
    return (
        pl.when(pl.col("cause").is_in(["prefix", "model"])).then(0.95)
        .when((pl.col("cause") == "expired") & pl.col("known")).then(0.95)
        .when(pl.col("cause") == "expired").then(0.8)
        .when(pl.col("cause") == "level").then(0.8)
        .when(pl.col("cause") == "pinned").then(0.6)
        .otherwise(0.5)
    )  # fmt: skip


def evidence() -> pl.Expr:
    """How much was paid for again, why, and the worst of it."""
    return pl.concat_str(
        pl.format(
            "{} read {} of {} tokens that the last call had left in the provider's cache, and paid for {} again: {} "
            "more than cache reads. ",
            numbers.plural(pl.col("members"), "call", "calls"),
            numbers.count(pl.col("read")),
            numbers.count(pl.col("held")),
            numbers.count(pl.col("wasted_tokens")),
            numbers.usd(pl.col("wasted_usd_high")),
        ),
        _why(),
        pl.when(pl.col("members") > 1)
        .then(
            pl.format(
                " The worst, {}, read {} of {} tokens ({}).",
                "worst_call",
                numbers.count(pl.col("worst_read")),
                numbers.count(pl.col("worst_held")),
                numbers.usd(pl.col("worst_usd")),
            )
        )
        .otherwise(pl.lit("")),
    )


def _why() -> pl.Expr:
    shortest, longest = pl.col("shortest").round(1), pl.col("longest").round(1)
    pauses = (
        pl.when(shortest == longest)
        .then(pl.format("{} minutes", longest))
        .otherwise(pl.format("{} to {} minutes", shortest, longest))
    )
    blind = (
        pl.when("known")
        .then(pl.lit("The prompt began as before"))
        .otherwise(pl.lit("Without a record of the context it cannot be told whether the prompt changed"))
    )
    return _by_cause(
        {
            "model": pl.format(
                "The model changed from {} to {}, and a cache belongs to one model.",
                pl.col("last_model"),
                "model",
            ),
            "prefix": pl.format(
                "The prompt no longer began as before: {} (block {} of the prompt) was changed, added or removed.",
                pl.col("changed"),
                pl.col("place").cast(pl.String).fill_null("?"),
            ),
            "level": pl.format(
                "The thinking level changed from {} to {}, which is part of what the cache goes by.",
                pl.col("before_level").fill_null("none"),
                pl.col("level").fill_null("none"),
            ),
            "expired": pl.format("The pause was {}; this cache keeps {} minutes.", pauses, "kept"),
            "pinned": pl.concat_str(
                pl.lit("Call after call was served the same few tokens: only a first mark still matches. "),
                blind,
                pl.lit("."),
            ),
            "unknown": pl.format("The pause was {}, too short to expire. {}.", pauses, blind),
        }
    )


def fix() -> pl.Expr:
    """What to change, by cause."""
    return _by_cause(
        {
            "model": "Keep one model in a conversation, or start a fresh one for the other model with a summary.",
            "prefix": (
                "Keep what stands in front byte for byte equal: no times, counters or reordered tools in system "
                "prompt and tool definitions; append to the history, never edit it; put what changes at the end."
            ),
            "level": "Set the thinking level once in a conversation, or ask for it in the last message.",
            "expired": (
                "Write the cache for an hour where people pause (on Anthropic ttl: 1h, at twice the input price), or "
                "begin afresh with a summary after a long pause."
            ),
            "pinned": "Set cache marks in the last messages too; look for a block that changes behind the first mark.",
            "unknown": (
                "Compare the two requests; look for thinking settings, tool choice, beta headers or keys that "
                "changed, and ask the provider if nothing did."
            ),
        }
    )
