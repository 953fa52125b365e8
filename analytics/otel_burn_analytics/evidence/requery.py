"""What does a finding of a repeated query say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def confidence() -> pl.Expr:
    """How sure a reader may be. Ranks, set by judgement, until they are calibrated."""
    return pl.when(pl.col("calls") > 3).then(0.6).otherwise(0.4)


def evidence() -> pl.Expr:
    """How often it was asked, in how many wordings, and what that cost."""
    return pl.concat_str(
        pl.format(
            "{} was asked {} in a row in {}, much alike, and answered the same. ",
            "tool_name",
            numbers.plural(pl.col("calls"), "time", "times"),
            numbers.plural(pl.col("wordings"), "wording", "wordings"),
        ),
        numbers.cost("Asking again"),
    )


def fix() -> pl.Expr:
    """What to change."""
    return pl.format(
        "Let {} say that the answer is the same as before, and what else it could be asked (other fields, other "
        "places); tell the agent when to give up a search.",
        "tool_name",
    )
