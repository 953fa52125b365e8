"""What does a finding of context bloat say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers

NAMES = {
    "system": "the system prompt",
    "user": "a user message",
    "assistant": "an answer of the model",
    "image": "an image",
    "document": "a document",
    "reasoning": "a piece of reasoning",
}
"""Kinds of content in the words of a reader; tools' content is named by tool."""


def content() -> pl.Expr:
    """One content that was sent again: what it is, how large, how often, at what cost."""
    return pl.format(
        "{} ({} tokens, {} more, {})",
        _name(),
        numbers.count(pl.col("tokens") // pl.col("times")),
        numbers.plural(pl.col("times"), "time", "times"),
        numbers.usd(pl.col("usd")),
    )


def _name() -> pl.Expr:
    tool = pl.col("tool_name").fill_null("a tool")
    return (
        pl.when(pl.col("kind") == "tool_definition")
        .then(numbers.plural(pl.col("blocks"), "tool definition", "tool definitions"))
        .when(pl.col("kind") == "tool_result").then(pl.format("a result of {}", tool))
        .when(pl.col("kind") == "tool_call").then(pl.format("the arguments of {}", tool))
        .otherwise(pl.col("kind").replace(NAMES).fill_null("content"))
    )  # fmt: skip


def confidence() -> pl.Expr:
    """How sure a reader may be. Ranks, set by judgement, until they are calibrated."""
    return (
        pl.when(pl.col("unmetered") > 0).then(0.4)
        .when(pl.col("tier") == "warn").then(0.5)
        .when(pl.col("cause") == "static").then(0.8)
        .otherwise(0.7)
    )  # fmt: skip


def evidence() -> pl.Expr:
    """What is sent again, in words and numbers."""
    ratio = (pl.col("sent") / pl.col("new").clip(1)).round(1)
    return pl.concat_str(
        pl.format(
            "{} sent {} tokens of input, of which {} were new: each was sent {} times on average. ",
            numbers.plural(pl.col("calls"), "call", "calls"),
            numbers.count(pl.col("sent")),
            numbers.count(pl.col("new")),
            ratio,
        ),
        pl.format(
            "{} made up {} % of it, {} at {}. ",
            _what(),
            (100 * pl.col("wasted_tokens") // pl.col("sent").clip(1)).cast(pl.Int64),
            pl.format("{} tokens", numbers.count(pl.col("wasted_tokens"))),
            numbers.usd(pl.col("wasted_usd_high")),
        ),
        pl.format("Most of it: {}. ", "heaviest"),
        _unmetered(),
        pl.lit("Whether the model still needed it cannot be told without content."),
    )


def _what() -> pl.Expr:
    return (
        pl.when(pl.col("cause") == "static")
        .then(pl.lit("The same bootstrap, repeated in every call after the first,"))
        .otherwise(
            pl.format("Carrying on {}", numbers.plural(pl.col("contents"), "large piece", "large pieces"))
        )
    )


def _unmetered() -> pl.Expr:
    return (
        pl.when(pl.col("unmetered") > 0)
        .then(pl.format("{} reported no usage and are not in these sums. ",
                        numbers.plural(pl.col("unmetered"), "call", "calls")))
        .otherwise(pl.lit(""))
    )  # fmt: skip


def fix() -> pl.Expr:
    """What to change, by cause."""
    return pl.col("cause").replace_strict(
        {
            "static": (
                "Give the calls a bootstrap of their own with what they need, in a session of their own; put what "
                "stays in front and let the provider's cache serve it; do not wake a model when nothing has changed."
            ),
            "carried": (
                "Let the tool return the lines asked for, not the file; drop or summarise results of earlier turns "
                "before the next call; keep what stays in front, where the provider's cache serves it."
            ),
        },
        return_dtype=pl.String(),
    )
