"""What does a finding of work given out twice say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def confidence() -> pl.Expr:
    """How sure a reader may be. Ranks, set by judgement, until they are calibrated."""
    return (
        pl.when(pl.col("tier") == "loop")
        .then(0.9)
        .when(pl.col("tasks").is_not_null())
        .then(0.6)
        .otherwise(0.5)
    )


def evidence() -> pl.Expr:
    """What was given out or done again, and what asking for it cost."""
    return pl.concat_str(
        pl.when(pl.col("tasks").is_not_null())
        .then(
            pl.format(
                "{} handed on the same task, word for word, {}. What each sub-agent then burned comes on top. ",
                "tool_name",
                numbers.plural(pl.col("tasks").fill_null(0), "time", "times"),
            )
        )
        .otherwise(
            pl.format(
                "{} of the {} of this agent had been made before by another one of the run, with the same arguments "
                "and the same results. ",
                numbers.count(pl.col("doubled").fill_null(0)),
                numbers.plural(pl.col("steps").fill_null(0), "tool call", "tool calls"),
            )
        ),
        numbers.cost("Asking again"),
    )


def fix() -> pl.Expr:
    """What to change."""
    return pl.lit(
        "Give sub-agents what is known already instead of where to find it, keep a list of tasks that are given out, "
        "and return the first result when the same task is asked for again."
    )
