"""How do numbers and lists read inside a sentence? Expressions that turn columns into words."""

import polars as pl

CENT_DIGITS = 4
"""Below a cent the first digits still tell two findings apart."""


def count(number: pl.Expr) -> pl.Expr:
    """A whole number with thousands separators: 1,234,567."""
    digits = number.cast(pl.String).str.reverse().str.replace_all(r"(\d{3})", "${1},")
    return digits.str.strip_suffix(",").str.reverse()


def usd(amount: pl.Expr) -> pl.Expr:
    """An amount of dollars, or the word unknown: never 0 for what has no price."""
    text = amount.cast(pl.Decimal(38, CENT_DIGITS)).cast(pl.String)
    tiny = (amount > 0) & (amount < 5 * 10 ** -(CENT_DIGITS + 1))
    return (
        pl.when(amount.is_null())
        .then(pl.lit("an unknown cost"))
        .when(tiny)
        .then(pl.lit("less than $0.0001"))
        .otherwise(pl.concat_str(pl.lit("$"), text))
    )


def plural(number: pl.Expr, one: str, many: str) -> pl.Expr:
    """`1 call`, `2 calls`, `1,200 calls`."""
    return pl.concat_str(
        count(number), pl.when(number == 1).then(pl.lit(f" {one}")).otherwise(pl.lit(f" {many}"))
    )


def cost(what: str) -> pl.Expr:
    """What the calls cost that need not have been; *what* they did begins the sentence."""
    return (
        pl.when(~pl.col("metered"))
        .then(pl.lit("The usage of these LLM calls is unknown."))
        .otherwise(
            pl.format(
                "{} took {} with {} tokens, at {}.",
                pl.lit(what),
                plural(pl.col("wasted_calls"), "LLM call", "LLM calls"),
                count(pl.col("wasted_tokens")),
                usd(pl.col("wasted_usd_high")),
            )
        )
    )
