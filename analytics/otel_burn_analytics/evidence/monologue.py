"""What does a finding of a monologue say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def confidence() -> pl.Expr:
    """How sure a reader may be. Ranks, set by judgement, until they are calibrated."""
    return pl.when(pl.col("times") > 3).then(0.95).otherwise(0.85)


def evidence() -> pl.Expr:
    """What was said again, how often, and what that cost."""
    return pl.concat_str(
        pl.format(
            "The same answer of {} (hash {}) stands {} in the conversation, and no tool and no new message lies "
            "between them. ",
            numbers.plural(pl.col("bytes"), "byte", "bytes"),
            "hash",
            numbers.plural(pl.col("times"), "time", "times"),
        ),
        numbers.cost("Saying it again"),
    )


def fix() -> pl.Expr:
    """What to change."""
    return pl.lit(
        "End the turn when an answer calls no tool and equals the last one; have a nudge say what is missing instead "
        "of asking to go on."
    )
