"""Is every row of bills.jsonl priced as worked out by hand, from what the row names as the source of its rates?

A row has what `otel-burn price` reads, the status that it must have, and a bill: lists of a quantity and dollars per
million, or, with "each", dollars. No bill: no price.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_burn.prices.aliases import NONE
from otel_burn.prices.rows import price_row

LINES = Path(__file__).with_name("bills.jsonl").read_text(encoding="utf-8").splitlines()
ROWS: dict[str, dict[str, Any]] = {row["name"]: row for row in map(json.loads, LINES)}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_costs_what_its_bill_says(name: str) -> None:
    """The status, and the amount to a billionth of a dollar; whatever has no price says why."""
    row = ROWS[name]
    told = price_row(row, NONE)
    assert told["status"] == row["status"], told
    if row["bill"] is None:
        assert told["usd"] is None
        assert told["reason"]
        return
    billed = (Decimal(many) * Decimal(usd) / (1 if each else 10**6) for many, usd, *each in row["bill"])
    assert abs(told["usd"] - sum(billed, Decimal(0))) < Decimal("1e-9"), told


def test_every_row_has_a_name_of_its_own() -> None:
    """Two rows of one name would be one test."""
    assert len(ROWS) == len(LINES)
