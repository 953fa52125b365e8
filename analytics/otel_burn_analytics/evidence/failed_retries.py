"""What does a finding of failed retries say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def confidence() -> pl.Expr:
    """How sure a reader may be. Ranks, set by judgement, until they are calibrated."""
    return (
        pl.when(pl.col("tier") == "warn").then(0.5)
        .when(pl.col("requests") == 1).then(0.95)
        .when(pl.col("alike") + 1 >= pl.col("attempts")).then(0.9)
        .otherwise(0.8)
    )  # fmt: skip


def evidence() -> pl.Expr:
    """What failed, how often, how much the attempts had in common, and what that cost."""
    return pl.concat_str(
        pl.format(
            "{} failed {} in a row with the same outcome ({}). ",
            "tool_name",
            numbers.plural(pl.col("attempts"), "time", "times"),
            "error_class",
        ),
        pl.when(pl.col("requests") == 1)
        .then(pl.lit("The arguments were the same each time. "))
        .otherwise(
            pl.format(
                "{} had much the same arguments as one shortly before, in {}. ",
                numbers.plural(pl.col("alike"), "attempt", "attempts"),
                numbers.plural(pl.col("requests"), "wording", "wordings"),
            )
        ),
        pl.lit("Nothing in between succeeded that could have changed it. "),
        numbers.cost("Trying again"),
    )


def fix() -> pl.Expr:
    """What to change."""
    return pl.format(
        "Let {} say what would be accepted (the expected form, the nearest valid value, the lines around the place), "
        "stop it after the second equal failure, and have the agent read again or ask before a third attempt.",
        "tool_name",
    )
