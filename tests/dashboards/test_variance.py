"""Does the difference of two bills add up, to the last digit, and go to the factor that changed?"""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_burn_dashboards.variance import FACTORS, Sums, explain

ZERO = Decimal(0)


def sums(
    calls: int, tokens: tuple[int, int, int, int], prices: tuple[int, int, int, int], fees: int = 0
) -> Sums:
    """A bill at prices in millionths of a dollar."""
    usd = tuple(Decimal(size * price) / 10**6 for size, price in zip(tokens, prices, strict=True))
    return Sums(calls, tokens, usd, sum(usd, ZERO) + Decimal(fees) / 10**6)


dollars = st.decimals("0", "10000", places=12)
tokens = st.integers(0, 10**9) | st.just(0)
bills = st.builds(
    lambda calls, tokens, usd, rest: Sums(calls, tokens, usd, sum(usd, rest)),
    st.integers(1, 10**6), st.tuples(*[tokens] * 4), st.tuples(*[dollars] * 4), st.decimals("-5", "5", places=12),
) | st.just(Sums(0, (0,) * 4, (ZERO,) * 4, ZERO))  # fmt: skip

PLAIN = sums(10, (6000, 1000, 3000, 500), (2, 3, 1, 8), fees=100)


@given(bills, bills)
def test_effects_sum_up_to_the_difference(left: Sums, right: Sums) -> None:
    """Whatever the bills: no token, no call, a negative rest, one side empty. Nothing is left over."""
    assert sum(explain(left, right).values(), ZERO) == right.cost - left.cost


@given(bills, bills)
def test_swapped_sides_change_the_sign_only(left: Sums, right: Sums) -> None:
    """No side and no order of the factors is privileged, to the rounding of the last digit."""
    there, back = explain(left, right), explain(right, left)
    assert all(abs(there[factor] + back[factor]) < Decimal("1e-10") for factor in FACTORS)


@pytest.mark.parametrize(
    ("factor", "changed"),
    [
        ("calls", sums(20, (12_000, 2000, 6000, 1000), (2, 3, 1, 8), fees=200)),
        ("context", sums(10, (12_000, 2000, 6000, 500), (2, 3, 1, 8), fees=100)),
        ("cache", sums(10, (1000, 1000, 8000, 500), (2, 3, 1, 8), fees=100)),
        ("output", sums(10, (6000, 1000, 3000, 900), (2, 3, 1, 8), fees=100)),
        ("price", sums(10, (6000, 1000, 3000, 500), (4, 3, 2, 7), fees=100)),
        ("fees", sums(10, (6000, 1000, 3000, 500), (2, 3, 1, 8), fees=700)),
    ],
)
def test_what_alone_changed_explains_everything(factor: str, changed: Sums) -> None:
    """Twice the calls of the same kind are calls, a longer context is context, and so on."""
    effects = explain(PLAIN, changed)
    assert effects[factor] == changed.cost - PLAIN.cost != 0
    assert {other: effect for other, effect in effects.items() if effect and other != factor} == {}


def test_two_factors_share_what_they_do_together() -> None:
    """Calls from 1 to 3 and output from 10 to 30 tokens at $1: 80 more, of which each alone is 20 of it."""
    left = Sums(1, (0, 0, 0, 10), (ZERO, ZERO, ZERO, Decimal(10)), Decimal(10))
    right = Sums(3, (0, 0, 0, 90), (ZERO, ZERO, ZERO, Decimal(90)), Decimal(90))
    effects = explain(left, right)
    assert (effects["calls"], effects["output"]) == (40, 40)


def test_a_side_without_calls_differs_by_its_calls() -> None:
    """Nothing tells what a call would have cost that nobody made."""
    nothing = Sums(0, (0,) * 4, (ZERO,) * 4, ZERO)
    assert explain(nothing, PLAIN)["calls"] == PLAIN.cost


def test_a_price_that_nobody_paid_explains_nothing() -> None:
    """Who wrote no cache before has no price of it: what is new is the share, not the price."""
    left = sums(10, (10_000, 0, 0, 500), (2, 3, 1, 8))
    right = sums(10, (5000, 5000, 0, 500), (2, 3, 1, 8))
    effects = explain(left, right)
    assert (effects["cache"], effects["price"]) == (right.cost - left.cost, 0)


def test_a_bill_that_says_only_a_sum_is_fees() -> None:
    """A provider's own cost has no classes; it is not taken for a price of tokens."""
    told = Sums(10, PLAIN.tokens, (ZERO,) * 4, Decimal(1))
    assert explain(told, replace(told, cost=Decimal(3)))["fees"] == 2
