"""What does a finding of a cycle say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def confidence() -> pl.Expr:
    """How sure a reader may be. Ranks, set by judgement, until they are calibrated."""
    return pl.when(pl.col("tier") == "warn").then(0.5).when(pl.col("repeated") > 3).then(0.95).otherwise(0.85)


def evidence() -> pl.Expr:
    """What was done over, how far back it was, and what that cost."""
    return pl.concat_str(
        pl.format(
            "{} in a row repeated earlier ones of the last {} tool calls, with the same arguments and the same "
            "outcomes: {}{}. ",
            numbers.plural(pl.col("repeated"), "step", "steps"),
            numbers.count(pl.col("distance")),
            "path",
            pl.when(pl.col("repeated") > 6).then(pl.lit(" …")).otherwise(pl.lit("")),
        ),
        pl.when(pl.col("clean") < pl.col("repeated"))
        .then(pl.lit("Other tools ran in between, and whether they change anything is not known. "))
        .otherwise(pl.lit("No successful write or run in between could have changed them. ")),
        numbers.cost("Walking it again"),
    )


def fix() -> pl.Expr:
    """What to change."""
    return pl.lit(
        "Keep what was found where the agent reads it (a note, a to-do list, the last results), and have the loop stop "
        "or ask once three steps in a row bring nothing new."
    )
