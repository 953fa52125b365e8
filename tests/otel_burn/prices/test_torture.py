"""How many of the calls that break other calculators come out right? Rows of ../shared/data/cost."""

import csv
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_burn.prices.aliases import Aliases, Target
from otel_burn.prices.rows import price_row

PLACES = (Path(__file__).parents[3] / "../shared/data/cost", Path(__file__).parents[4] / "shared/data/cost")
TABLE = next((place / "torture.csv" for place in PLACES if place.exists()), PLACES[0] / "torture.csv")
Row = Mapping[str, str]

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not TABLE.exists(), reason="../shared/data/cost is not beside this repository"),
]

STATUSES = {
    "priced": {"computed", "estimated", "reported"},
    "free": {"not_metered"},
    "unpriced": {"unpriced"},
    "unknown_usage": {"unknown_usage"},
}


def aliases(row: Row) -> Aliases:
    """The alias that a row's trap tells of, as a user's file would."""
    told = re.search(r"user alias -> (\S+)", row["trap"])
    return Aliases({row["model"]: Target(told[1])} if told else {})


def answer(row: Row) -> dict[str, Any]:
    """What the command says of the row."""
    said = {
        "id": row["id"],
        "provider": row["provider"],
        "api": row["api"],
        "model": row["model"],
        "at": row["request_date_utc"],
        "service_tier": row["service_tier"],
        "region": row["region_or_endpoint"],
        "usage": json.loads(row["raw_usage_json"]),
    }
    return price_row(said, aliases(row))


def is_right(row: Row, told: Mapping[str, Any]) -> bool:
    """The right status, and the amount to the tenth of a micro-dollar."""
    if told["status"] not in STATUSES[row["expected_status"]]:
        return False
    if row["expected_usd"] == "":
        return told["usd"] is None
    return abs(told["usd"] - Decimal(row["expected_usd"])) < Decimal("1e-7")


def test_every_row_is_right() -> None:
    """All of them, whatever the trap."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    told = {row["id"]: answer(row) for row in rows}
    wrong = {row["id"]: (row["trap"], told[row["id"]]) for row in rows if not is_right(row, told[row["id"]])}
    assert wrong == {}
    assert len(rows) >= 56


def test_the_lines_of_every_row_sum_to_its_price() -> None:
    """The bill is its lines; what the provider reports has none."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        told = [answer(row) for row in csv.DictReader(file)]
    billed = [one for one in told if one["status"] in ("computed", "estimated")]
    assert [one["id"] for one in billed if sum(line["usd"] for line in one["lines"]) != one["usd"]] == []
    assert [line for one in billed for line in one["lines"] if not line["rate_id"]] == []
