"""What does a finding of no progress say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def confidence() -> pl.Expr:
    """How sure a reader may be. A rank, set by judgement, until it is calibrated."""
    return pl.lit(0.5)


def evidence() -> pl.Expr:
    """What failed, and how much was changed meanwhile."""
    return pl.concat_str(
        pl.format(
            "{} with the same arguments (hash {}) failed {} with the same outcome ({}), although {} or commands in "
            "between succeeded. ",
            "tool_name",
            "args_hash",
            numbers.plural(pl.col("attempts"), "time", "times"),
            "error_class",
            numbers.plural(pl.col("changes"), "edit", "edits"),
        ),
        numbers.cost("From the fourth on it"),
    )


def fix() -> pl.Expr:
    """What to change."""
    return pl.lit(
        "Have the agent read the whole error and what the failing line uses before the next edit, or ask after three "
        "attempts; give it back a clean state, so that it does not repair its own repairs."
    )
