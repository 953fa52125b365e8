"""What does a finding of compaction churn say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def confidence() -> pl.Expr:
    """How sure a reader may be. Ranks, set by judgement, until they are calibrated."""
    return pl.when(pl.col("tier") == "loop").then(0.8).otherwise(0.5)


def evidence() -> pl.Expr:
    """How often the context was cut in vain, and what reading again cost."""
    return pl.concat_str(
        pl.format(
            "{} cut the context without lasting help: {} of the {} that followed them asked for what had been read "
            "before{}. ",
            numbers.plural(pl.col("compactions"), "compaction", "compactions"),
            numbers.count(pl.col("reread")),
            numbers.plural(pl.col("looked"), "tool call", "tool calls"),
            pl.when(pl.col("soon") > 0)
            .then(
                pl.format(
                    ", and the next compaction came within ten tool calls {}",
                    numbers.plural(pl.col("soon"), "time", "times"),
                )
            )
            .otherwise(pl.lit("")),
        ),
        numbers.cost("Reading again"),
    )


def fix() -> pl.Expr:
    """What to change."""
    return pl.lit(
        "Have the summary keep the names of files and the facts in use, drop old tool results instead of the whole "
        "history, raise the threshold, or split the task so that one part fits."
    )
