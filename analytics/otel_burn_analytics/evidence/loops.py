"""What does a loop's finding say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers


def confidence(min_length: int) -> pl.Expr:
    """How sure a reader may be, by the strongest doubt. Ranks, set by judgement, until they are calibrated."""
    return (
        pl.when(pl.col("known") < min_length).then(0.3)
        .when("settles").then(0.4)
        .when(pl.col("clean") < min_length - 1).then(0.5)
        .when(pl.col("texts") > 1).then(0.85)  # the same class of error in other words
        .when((pl.col("effect") != "read") & pl.col("errors").is_null()).then(0.85)  # it may act unseen
        .otherwise(0.95)
    )  # fmt: skip


def evidence(min_length: int) -> pl.Expr:
    """What repeats, and what speaks against it, in words and numbers."""
    unknown = pl.col("length") - pl.col("known")
    answer = (
        pl.when(pl.col("known") == 0).then(pl.lit("what came back is not recorded"))
        .when(pl.col("errors").is_not_null())
        .then(pl.format("the answer was the same error each time ({})", "errors"))
        .when(pl.col("result_bytes").is_null()).then(pl.lit("the answer was the same each time"))
        .otherwise(pl.format("the answer was the same {} each time", _size()))
    )  # fmt: skip
    return pl.concat_str(
        pl.format(
            "{} was called {} times with the same arguments (hash {})", "tool_name", "length", "args_hash"
        ),
        pl.format(" and {}. ", answer),
        pl.when((unknown > 0) & (pl.col("known") > 0))
        .then(pl.format("The result of {} of them is not recorded. ", unknown))
        .otherwise(pl.lit("")),
        _doubt(min_length),
        _cost(),
    )


def _size() -> pl.Expr:
    return numbers.plural(pl.col("result_bytes"), "byte", "bytes")


def _doubt(min_length: int) -> pl.Expr:
    return (
        pl.when("settles")
        .then(
            pl.lit(
                "Later the same call returned something else without a write in between: it may have waited. "
            )
        )
        .when(pl.col("clean") < min_length - 1)
        .then(pl.lit("Other tools ran in between, and whether they change anything is not known. "))
        .otherwise(pl.lit("No successful write or run in between could have changed it. "))
    )


def _cost() -> pl.Expr:
    return (
        pl.when(~pl.col("metered"))
        .then(pl.lit("The usage of the LLM calls that asked again is unknown."))
        .otherwise(
            pl.format(
                "Asking again took {} with {} tokens, at {}.",
                numbers.plural(pl.col("calls") - 1, "LLM call", "LLM calls"),
                numbers.count(pl.col("wasted_tokens")),
                numbers.usd(pl.col("wasted_usd_high")),
            )
        )
    )


def fix() -> pl.Expr:
    """What to change, by what came back."""
    return (
        pl.when(pl.col("tier") == "warn")
        .then(pl.lit("Look at the calls. If they wait for something, wait in the tool and answer once."))
        .when(pl.col("errors").is_not_null())
        .then(
            pl.format(
                "Stop {} after the second equal failure: answer with what has to change (other arguments, another "
                "tool, ask a person) instead of the same error, and cap equal retries at 2 in the agent loop.",
                "tool_name",
            )
        )
        .otherwise(
            pl.format(
                "Let {} answer a repeated call with 'unchanged since your last call' and cap equal calls at 2 in "
                "the agent loop.",
                "tool_name",
            )
        )
    )
