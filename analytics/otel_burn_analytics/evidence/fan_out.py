"""What does a finding of a fan-out say? Its evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import money


def aggregates() -> dict[str, pl.Expr]:
    """What the sentences need of a task's children."""
    used = pl.col("input_tokens").fill_null(0) + pl.col("output_tokens").fill_null(0)
    last = pl.col("place") == pl.col("of_thread") - 1
    return {
        "session_id": pl.when(pl.col("session_id").n_unique() == 1).then(pl.col("session_id").first()),
        "agent": pl.col("root_agent").first(),
        "children": pl.col("children").first(),
        "at_once": pl.col("at_once").first(),
        "used": used.sum().cast(pl.Int64),
        "usd": pl.when(pl.col("cost_usd").is_not_null().all()).then(pl.col("cost_usd").sum()),
        "root_usd": pl.col("root_usd").first(),
        "root_tokens": pl.col("root_tokens").first().cast(pl.Int64),
        "results": pl.col("output_tokens").filter(last).sum().cast(pl.Int64),
        "known": pl.col("known").is_not_null().any(),
    }


def evidence() -> pl.Expr:
    """How many, at what cost beside the root's, and what they read in common."""
    share = 100 * pl.col("used") // (pl.col("used") + pl.col("root_tokens")).clip(1)
    return pl.concat_str(
        pl.format(
            "{} worked for {}, up to {} at once. They used {} tokens at {}, {} % of the task's; their last answers, "
            "which is what came of it, are {} tokens. ",
            numbers.plural(pl.col("children"), "sub-agent", "sub-agents"),
            pl.col("agent").fill_null("the task"),
            numbers.count(pl.col("at_once")),
            numbers.count(pl.col("used")),
            numbers.usd(money(pl.col("usd"))),
            share,
            numbers.count(pl.col("results")),
        ),
        pl.when(~pl.col("known"))
        .then(pl.lit("Contexts are not on record, so what they read in common is not known."))
        .otherwise(
            pl.format(
                "What one of them had read already, the others' first calls read again: {} tokens, {}.",
                numbers.count(pl.col("wasted_tokens")),
                numbers.usd(pl.col("wasted_usd_high")),
            )
        ),
    )


def fix() -> pl.Expr:
    """What to change."""
    return pl.lit(
        "Start the first sub-agent alone, so that the others find its beginning in the provider's cache; give "
        "sub-agents a short bootstrap with what their task needs; do small tasks in the root."
    )
