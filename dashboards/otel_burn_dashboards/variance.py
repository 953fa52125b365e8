"""Why did one side cost more than the other? The difference in dollars by what drives a bill, to the last digit.

A bill is a product: calls · (input tokens a call · Σ share of a class · its price + output tokens a call · its price +
fees a call). What a factor contributes is its Shapley value: the mean, over all orders in which the factors could have
changed from left to right, of what the bill changes when this factor does. So it sums up to the difference without a
rest, no order is privileged, and swapping the sides changes nothing but the sign (Shapley, A value for n-person games,
1953; for decompositions: Shorrocks, Journal of Economic Inequality 11, 2013).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations
from math import factorial
from typing import Final

FACTORS: Final = ("calls", "context", "cache", "output", "price", "fees")
"""Calls; input tokens a call; classes of input; output tokens a call; dollars a token, so also the model; the rest."""
DIGITS: Final = Decimal("1e-12")
"""What the ledger's dollars are exact to."""

Drivers = Mapping[str, tuple[Fraction | None, ...]]
"""The size of each factor; None where nothing tells it: the price of tokens that nobody used."""


@dataclass(frozen=True)
class Sums:
    """What calls with a price add up to; tokens and dollars of uncached input, cache write, cache read, output."""

    calls: int
    tokens: tuple[int, ...]
    usd: tuple[Decimal, ...]
    cost: Decimal

    @property
    def input(self) -> int:
        """Everything that the models read."""
        return sum(self.tokens[:3])

    @property
    def fees(self) -> Decimal:
        """What no token paid for: fees, and bills that say nothing but a sum."""
        return self.cost - sum(
            (usd for tokens, usd in zip(self.tokens, self.usd, strict=True) if tokens), Decimal(0)
        )


def drivers(sums: Sums) -> Drivers:
    """The factors of a bill."""
    return {
        "calls": (Fraction(sums.calls),),
        "context": (_ratio(sums.input, sums.calls),),
        "cache": tuple(_ratio(tokens, sums.input) for tokens in sums.tokens[:3]),
        "output": (_ratio(sums.tokens[3], sums.calls),),
        "price": tuple(_ratio(usd, tokens) for tokens, usd in zip(sums.tokens, sums.usd, strict=True)),
        "fees": (_ratio(sums.fees, sums.calls),),
    }


def explain(left: Sums, right: Sums) -> dict[str, Decimal]:
    """What each factor adds to the cost of *left* to make the cost of *right*."""
    before, after = drivers(left), drivers(right)
    sides = {factor: _told(before[factor], after[factor]) for factor in FACTORS}
    worth = {
        chosen: _cost(sides, chosen) for size in range(len(FACTORS) + 1) for chosen in _subsets(FACTORS, size)
    }
    return _rounded({factor: _shapley(worth, factor) for factor in FACTORS}, right.cost - left.cost)


def _shapley(worth: Mapping[frozenset[str], Fraction], factor: str) -> Fraction:
    others = [other for other in FACTORS if other != factor]
    effect = Fraction(0)
    for size in range(len(FACTORS)):
        weight = Fraction(factorial(size) * factorial(len(others) - size), factorial(len(FACTORS)))
        effect += weight * sum(worth[chosen | {factor}] - worth[chosen] for chosen in _subsets(others, size))
    return effect


def _cost(
    sides: Mapping[str, tuple[tuple[Fraction, ...], tuple[Fraction, ...]]], changed: frozenset[str]
) -> Fraction:
    """The bill with the *changed* factors as on the right, the others as on the left."""
    calls, context, shares, output, prices, fees = (sides[factor][factor in changed] for factor in FACTORS)
    read = context[0] * sum(share * price for share, price in zip(shares, prices[:3], strict=True))
    return calls[0] * (read + output[0] * prices[3] + fees[0])


def _told(
    left: tuple[Fraction | None, ...], right: tuple[Fraction | None, ...]
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """Both sides of a factor: what one side does not tell is as on the other, and so explains nothing."""
    pairs = [(_first(one, other), _first(other, one)) for one, other in zip(left, right, strict=True)]
    return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)


def _first(*values: Fraction | None) -> Fraction:
    return next((value for value in values if value is not None), Fraction(0))


def _ratio(part: int | Decimal, whole: int) -> Fraction | None:
    return Fraction(part) / whole if whole else None


def _subsets(factors: tuple[str, ...] | list[str], size: int) -> list[frozenset[str]]:
    return [frozenset(chosen) for chosen in combinations(factors, size)]


def _rounded(effects: Mapping[str, Fraction], total: Decimal) -> dict[str, Decimal]:
    """*effects* as dollars; what rounding leaves over goes to the largest, so that they still sum up to *total*."""
    with localcontext(prec=60):
        told = {
            name: (Decimal(exact.numerator) / exact.denominator).quantize(DIGITS)
            for name, exact in effects.items()
        }
        largest = max(told, key=lambda name: abs(told[name]))
        told[largest] += total - sum(told.values(), Decimal(0))
        return told
