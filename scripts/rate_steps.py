"""How is a rate written, and scaled? As decimal text, or as [base, [more input tokens than, rate], …], exactly."""

from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

Rate = Any
"""Decimal text, or a list of the base's text and [threshold, text] pairs."""

FINEST = 24
"""Digits behind the point that a rate may have: what the calculation works with (`calculation.SCALE`)."""


def exact(amount: Decimal | Fraction, per: int = 1) -> str:
    """The price of one unit as decimal text without an exponent."""
    one = Fraction(amount) / per
    scaled = one * 10**FINEST
    if scaled.denominator != 1:
        raise ValueError(f"{amount} / {per} has no exact decimal form of {FINEST} digits")
    with localcontext(prec=60):
        return format(Decimal(scaled.numerator).scaleb(-FINEST).normalize(), "f")


def steps(rate: Rate) -> list[tuple[int, Fraction]]:
    """*rate* as (more input tokens than, dollars), the base under -1."""
    if isinstance(rate, str):
        return [(-1, Fraction(rate))]
    return [(-1, Fraction(rate[0])), *((over, Fraction(usd)) for over, usd in rate[1:])]


def written(found: list[tuple[int, Fraction]]) -> Rate:
    """The other way round."""
    if len(found) == 1:
        return exact(found[0][1])
    return [exact(found[0][1]), *([over, exact(usd)] for over, usd in found[1:])]


def scaled(rate: Rate, now: Rate, then: Rate) -> Rate | None:
    """What *rate*, a tier's, was when the standard rate was *then* instead of *now*; None if no ratio tells."""
    if now == then:
        return rate
    current, tier = dict(steps(now)), dict(steps(rate))
    if not current[-1]:
        return None
    ratio = {over: tier.get(over, tier[-1]) / usd for over, usd in current.items() if usd}
    found = [(over, usd * ratio.get(over, ratio[-1])) for over, usd in steps(then)]
    try:
        return written(found)
    except ValueError:
        return None


def scaled_all(
    tier: Mapping[str, Rate], now: Mapping[str, Rate], then: Mapping[str, Rate]
) -> dict[str, Rate]:
    """Every unit of a *tier* that both standards have, as it was *then*."""
    found = {
        unit: scaled(rate, now[unit], then[unit])
        for unit, rate in tier.items()
        if unit in now and unit in then
    }
    return {unit: rate for unit, rate in found.items() if rate is not None}
