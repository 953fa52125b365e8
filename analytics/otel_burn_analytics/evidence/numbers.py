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


def some(*parts: tuple[pl.Expr, str, str]) -> pl.Expr:
    """Those of *parts* (a number, its words for one and for many) that are not 0: `2 calls fell and 1 answer rose`."""
    said = [pl.when(number != 0).then(plural(number, one, many)) for number, one, many in parts]
    return pl.concat_str(said, separator=" and ", ignore_nulls=True)


def times(ratio: pl.Expr) -> pl.Expr:
    """How many times: `7.3`, or `2,858` where a decimal says nothing."""
    return (
        pl.when(ratio < 100)
        .then(ratio.round(1).cast(pl.String))
        .otherwise(count(ratio.fill_nan(None).round().cast(pl.Int64, strict=False)))
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
