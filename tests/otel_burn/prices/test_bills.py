"""Is every row of bills.jsonl priced as worked out by hand, from what the row names as the source of its rates?

A row has what `otel-burn price` reads, the status that it must have, and a bill: lists of a quantity and dollars per
million, or, with "each", dollars. No bill: no price.
"""

import json
import random
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


NONSENSE: tuple[Any, ...] = (
    None, -1, "12", 1.5, True, [], {}, [None], {"tokens": -3}, 10**12, float("nan"), float("inf"), "", "\ud800", 2**70,
)  # fmt: skip


def spoilt(value: Any, chance: random.Random) -> Any:
    """*value* with one of its parts replaced by what does not belong there, or left out."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        if chance.random() < 0.1:
            return {name: part for name, part in value.items() if name != key}
        return {**value, key: spoilt(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        return [*value[:place], spoilt(value[place], chance), *value[place + 1 :]]
    return chance.choice(NONSENSE)


def test_nonsense_in_a_usage_never_crashes_and_never_makes_a_silent_zero() -> None:
    """A price is the sum of its lines, or the provider's word; whoever has none says why."""
    chance = random.Random(5)
    for row in ROWS.values():
        for _ in range(20):
            told = price_row({**row, "usage": spoilt(row["usage"], chance)}, NONE)
            if told["status"] in ("unpriced", "unknown_usage"):
                assert (told["usd"], told["lines"]) == (None, [])
                assert told["reason"]
            elif told["status"] != "reported":
                assert told["usd"] == sum(line["usd"] for line in told["lines"])
                assert all(line["quantity"] > 0 for line in told["lines"])
            assert (
                told["status"] in ("computed", "estimated", "reported", "not_metered") or told["usd"] is None
            )
