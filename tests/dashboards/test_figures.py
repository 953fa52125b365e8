"""Do numbers and names read as people read them?"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from otel_burn_dashboards import figures


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (None, "unknown"),
        (Decimal(0), "$0.00"),
        (Decimal("0.00001"), "< $0.0001"),
        (Decimal("0.0123"), "$0.0123"),
        (Decimal("12.346"), "$12.35"),
        (Decimal("1234567.8"), "$1,234,567.80"),
    ],
)
def test_dollars_show_the_digits_that_matter(amount: Decimal | None, text: str) -> None:
    """Cents for large amounts, four digits for small ones, a word for unknown ones."""
    assert figures.usd(amount) == text


def test_a_range_whose_ends_read_the_same_is_one_amount() -> None:
    """Nobody reads "$0.01 to $0.01"."""
    assert figures.usd_range(Decimal("0.5"), Decimal("0.7")) == "$0.5000 to $0.7000"
    assert figures.usd_range(Decimal("0.5"), Decimal("0.50001")) == "$0.5000"
    assert figures.usd_range(None, None) == "unknown"
    assert figures.usd_range(Decimal(0), Decimal("0.7")) == "up to $0.7000"
    assert figures.usd_range(Decimal(0), Decimal(0)) == "$0.00"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "unknown"),
        (0, "0"),
        (9999, "9,999"),
        (12_345, "12 k"),
        (1_234_567, "1.2 M"),
        (34_000_000, "34 M"),
    ],
)
def test_counts_are_short_at_a_glance(number: int | None, text: str) -> None:
    """A headline has no room for nine digits."""
    assert figures.short(number) == text


def test_a_share_is_whole_only_when_nothing_is_missing() -> None:
    """99.99 % never reads as 100 %."""
    assert figures.share(9999, 10_000) == "99.9 %"
    assert figures.share(10_000, 10_000) == "100 %"
    assert figures.share(1, 0) == figures.share(None, 5) == "unknown"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.4 s"), (42, "42 s"), (185, "3 min 5 s"), (7800, "2 h 10 min"), (259_200 + 14_400, "3 d 4 h")],
)
def test_durations_have_two_units(seconds: float, text: str) -> None:
    """How long a session lasted, at a glance."""
    assert figures.lasting(timedelta(seconds=seconds)) == text


def test_turns_are_ranges() -> None:
    """A loop of ten turns is not a list of ten numbers."""
    assert figures.turns([3, 2, 4, 9]) == "turns 2 to 4, 9"
    assert figures.turns([7]) == "turn 7"
    assert figures.turns([]) == "no turn"


def test_foreign_names_are_never_markup() -> None:
    """An image or a link in an agent's name stays text."""
    assert figures.plain("![x](http://e.example/x.png)") == r"\!\[x\]\(http\:\/\/e\.example\/x\.png\)"
    assert figures.plain("$a$ :red[b]\n# c") == r"\$a\$ \:red\[b\] \# c"


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (None, 1, None),
        (1, None, None),
        (0, 0, None),
        (5, 0, "new"),
        (3, 2, "+50 %"),
        (1, 2, "-50 %"),
        (100, 1, "100 times"),
    ],
)
def test_a_change_is_said_as_people_say_it(now: float | None, before: float | None, text: str | None) -> None:
    """Percent against the period before; nothing where there is nothing to say."""
    assert figures.change(now, before) == text


def test_moments_are_on_the_readers_clock() -> None:
    """With the zone's name, as it is in that season."""
    at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    assert figures.clock(at, "Europe/Berlin") == "2026-07-02 00:30:00 CEST"
    assert figures.clock(None, "UTC") == "unknown"


@pytest.mark.parametrize(
    ("path", "shown"),
    [("/home/dev/agents/site", "site"), ("github.com/org/site/", "site"), ("site", "site"), ("/", "/")],
)
def test_a_project_is_named_by_the_end_of_its_path(path: str, shown: str) -> None:
    """All of a developer's projects begin alike."""
    assert figures.ending(path) == shown
