"""Do numbers read as people write them?"""

from decimal import Decimal

import polars as pl

from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.finding import MONEY


def test_counts_have_separators() -> None:
    """Groups of three, none where there is nothing to separate."""
    frame = pl.DataFrame({"n": [0, 7, 999, 1_000, 123_456, 1_234_567, None]})
    words = frame.select(numbers.count(pl.col("n"))).to_series().to_list()
    assert words == ["0", "7", "999", "1,000", "123,456", "1,234,567", None]


def test_dollars_are_never_zero_when_they_are_unknown_or_small() -> None:
    """Unknown is a word, and so is less than the last digit that is shown."""
    amounts = [None, Decimal("0"), Decimal("0.00001"), Decimal("0.0001"), Decimal("12.34567")]
    frame = pl.DataFrame({"usd": amounts}, schema={"usd": MONEY})
    words = frame.select(numbers.usd(pl.col("usd"))).to_series().to_list()
    assert words == ["an unknown cost", "$0.0000", "less than $0.0001", "$0.0001", "$12.3457"]


def test_one_is_singular() -> None:
    """1 call, 2 calls."""
    frame = pl.DataFrame({"n": [0, 1, 1_200]})
    words = frame.select(numbers.plural(pl.col("n"), "call", "calls")).to_series().to_list()
    assert words == ["0 calls", "1 call", "1,200 calls"]
