"""What will it cost until the end of the month? Days of the past drawn again, and how well that would have worked."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Final

NEEDED_DAYS: Final = 21
"""Two weeks to draw from and one to test on; less is no history."""
LOOKBACK_DAYS: Final = 28
"""Four of each weekday: older days tell of agents that have changed since."""
DRAWS: Final = 1000
TESTED_DAYS: Final = 7
TESTS: Final = 8


@dataclass(frozen=True)
class Forecast:
    """Dollars that days to come will cost: one in ten times less than `p10`, one in ten more than `p90`."""

    days: int
    p10: float
    p50: float
    p90: float
    error: float
    """How far the median was off, as a share of what it then cost: the median of the tests."""
    inside: int
    """In how many of the tests what it cost lay between p10 and p90."""
    tests: int


def forecast(history: Sequence[float], days: int) -> Forecast | None:
    """What the *days* after *history* (dollars a day, the newest last) will cost; None where it is too short."""
    if len(history) < NEEDED_DAYS or days < 1:
        return None
    p10, p50, p90 = _range(history, days)
    tests = [
        _test(history[: len(history) - back], history[len(history) - back :]) for back in _backs(history)
    ]
    return Forecast(
        days, p10, p50, p90,
        error=median(error for error, _ in tests), inside=sum(inside for _, inside in tests), tests=len(tests),
    )  # fmt: skip


def _backs(history: Sequence[float]) -> list[int]:
    """How many days before the end each test begins: as many tests as leave two weeks to draw from."""
    last = len(history) - (NEEDED_DAYS - TESTED_DAYS)
    return [TESTED_DAYS + number for number in range(TESTS) if TESTED_DAYS + number <= last]


def _test(history: Sequence[float], then: Sequence[float]) -> tuple[float, bool]:
    """How far a forecast from *history* was off of what came *then*, and whether that lay in its range."""
    cost = sum(then[:TESTED_DAYS])
    p10, p50, p90 = _range(history, TESTED_DAYS)
    off = abs(p50 - cost) / cost if cost else (0.0 if p50 == 0 else 1.0)
    return off, p10 <= cost <= p90


def _range(history: Sequence[float], days: int) -> tuple[float, float, float]:
    """Sums of days drawn from the last ones, each from days of its own weekday where there are enough."""
    dice = random.Random(0)  # noqa: S311 - the same history has the same forecast
    recent = history[-LOOKBACK_DAYS:]
    pools = [
        recent[len(recent) % 7 + (day % 7) :: 7] if len(recent) >= LOOKBACK_DAYS else recent
        for day in range(days)
    ]
    sums = [sum(dice.choice(pool) for pool in pools) for _ in range(DRAWS)]
    cuts = quantiles(sums, n=10, method="inclusive")
    return cuts[0], cuts[4], cuts[8]
