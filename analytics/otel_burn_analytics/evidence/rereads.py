"""What does a finding of re-reads say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def confidence() -> pl.Expr:
    """How sure a reader may be. A rank, set by judgement, until it is calibrated."""
    return pl.lit(0.6)


def evidence() -> pl.Expr:
    """How much was read again, and what asking for it cost."""
    return pl.concat_str(
        pl.format(
            "{} fetched again, with the same arguments, what the context still had: {} brought about {} tokens that "
            "every later call carries twice. ",
            "tools",
            numbers.plural(pl.col("reads"), "call", "calls"),
            numbers.count(pl.col("tokens_again")),
        ),
        numbers.cost("Asking for it"),
    )


def fix() -> pl.Expr:
    """What to change."""
    return pl.lit(
        "Let the tool answer a repeated read with 'unchanged since you read it', or keep a list of what was read in "
        "the prompt; read the lines that are needed instead of the file."
    )
