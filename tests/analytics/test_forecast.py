"""Is a forecast a range that holds, and silence where nothing can be said?"""

import random
from itertools import pairwise

import pytest

from otel_burn_analytics.forecast import NEEDED_DAYS, forecast


@pytest.mark.parametrize("days", [0, 1, NEEDED_DAYS - 1])
def test_too_little_history_is_no_forecast(days: int) -> None:
    """Three days say nothing about a month."""
    assert forecast([1.0] * days, 7) is None


def test_what_never_changes_is_certain() -> None:
    """A flat history has a flat future, and a back-test without an error."""
    told = forecast([2.0] * 30, 10)
    assert told is not None
    assert (told.p10, told.p50, told.p90) == (20.0, 20.0, 20.0)
    assert (told.error, told.inside, told.tests) == (0.0, 8, 8)


def test_weekends_are_like_weekends() -> None:
    """Five dear days and two free ones: two days from a Saturday on cost nothing."""
    week = [10.0] * 5 + [0.0] * 2
    told = forecast([*(week * 4), *week[:5]], 2)
    assert told is not None
    assert told.p90 == 0.0


def test_a_range_holds_about_as_often_as_it_says() -> None:
    """Of many noisy months, about eight in ten end between p10 and p90."""
    dice = random.Random(1)
    inside = 0
    for _ in range(60):
        days = [dice.uniform(5, 15) for _ in range(35)]
        told = forecast(days[:28], 7)
        assert told is not None
        inside += told.p10 <= sum(days[28:]) <= told.p90
    assert 36 <= inside <= 58


def test_a_change_shows_in_the_back_test() -> None:
    """After a tenfold rise, the error says how little the past was worth."""
    told = forecast([1.0] * 25 + [10.0] * 7, 7)
    assert told is not None
    assert told.error > 0.5
    assert told.inside < told.tests


def test_the_same_history_has_the_same_forecast() -> None:
    """A reload of the page changes nothing."""
    days = [float(day % 9) for day in range(40)]
    assert all(one == other for one, other in pairwise(forecast(days, 12) for _ in range(3)))
