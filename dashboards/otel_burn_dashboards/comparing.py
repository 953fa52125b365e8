"""What does the compare page ask? The names to choose from, both sides, and why they differ."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

import polars as pl

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import burning, periods
from otel_burn_dashboards.asking import ask_spent
from otel_burn_dashboards.burning import Totals
from otel_burn_dashboards.scope import Scope
from otel_burn_dashboards.state import PERIOD
from otel_burn_dashboards.variance import Sums, explain

_CLASSES: Final = ("uncached", "cache_write", "cache_read", "output")
_BOTH: Final = (
    "cost_usd",
    "calls",
    "priced_calls",
    "unpriced_calls",
    *(f"{name}_tokens" for name in _CLASSES),
)
"""What stands beside each other, name by name."""


@dataclass(frozen=True)
class Side:
    """One of two: all its calls, and what explains the cost of those that have a price."""

    name: str
    totals: Totals
    priced: Sums
    parts: pl.DataFrame
    unpriced: pl.DataFrame


@dataclass(frozen=True)
class Comparison:
    """Two sides, their parts by model or agent, and what each factor adds to the cost (None: a side has no price)."""

    left: Side
    right: Side
    by: str
    parts: pl.DataFrame
    effects: dict[str, Decimal] | None


def choices(ledger: Ledger, *, pair: str, scope: Scope) -> list[str]:
    """The names that can be compared: the most expensive first, or periods."""
    if pair == PERIOD:
        return list(periods.PERIODS)
    names = burning.groups(ledger, scope, by=pair, then=pair).get_column("name")
    return [str(name) for name in names]


def compare(
    ledger: Ledger, *, pair: str, left: str, right: str, scope: Scope, now: datetime
) -> Comparison | None:
    """*left* and *right* side by side; None when one of them names no period."""
    by = "agent" if pair == "model" else "model"
    sides = [
        _side(ledger, name, by, chosen)
        for name in (left, right)
        if (chosen := _chosen(pair, name, scope, now))
    ]
    if len(sides) < 2:
        return None
    one, other = sides
    known = all(_explained(side) for side in sides)
    effects = explain(one.priced, other.priced) if known else None
    return Comparison(one, other, by, _beside(one.parts, other.parts), effects)


def _chosen(pair: str, name: str, scope: Scope, now: datetime) -> Scope | None:
    """The calls of one side. What is compared replaces the reader's range, or filter, of the same kind."""
    if pair == PERIOD:
        ends = periods.bounds(name, scope, now)
        return None if ends is None else replace(scope, since=ends[0], until=ends[1])
    others = tuple(kept for kept in scope.filters if kept[0] != pair)
    return replace(scope, filters=(*others, (pair, (name,))))


def _side(ledger: Ledger, name: str, by: str, scope: Scope) -> Side:
    parts = ask_spent(ledger, "side", scope, named={"name": by})
    priced = Sums(
        calls=int(parts["priced_calls"].sum()),
        tokens=tuple(int(parts[f"{name}_tokens"].sum()) for name in _CLASSES),
        usd=tuple(Decimal(parts[f"{name}_usd"].sum()) for name in _CLASSES),
        cost=Decimal(parts["cost_usd"].sum() or 0),
    )
    return Side(name, burning.totals(ledger, scope), priced, parts, ask_spent(ledger, "unpriced", scope))


def _explained(side: Side) -> bool:
    """Whether the cost is known: of some calls, or because there is none that could have cost something."""
    return side.priced.calls > 0 or not side.totals.unpriced_calls


def _beside(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    """Both sides' parts in a row each; the largest difference first. Who has no call costs nothing."""
    sides = [frame.select("name", *(pl.col(column).alias(f"{side}_{column}") for column in _BOTH))
             for side, frame in (("left", left), ("right", right))]  # fmt: skip
    joined = sides[0].join(sides[1], on="name", how="full", coalesce=True)
    absent = {side: pl.col(f"{side}_calls").is_null() for side in ("left", "right")}
    filled = joined.with_columns(
        pl.when(absent[side]).then(0).otherwise(pl.col(f"{side}_{column}")).cast(joined.schema[f"{side}_{column}"])
        .alias(f"{side}_{column}")
        for side in absent for column in _BOTH
    )  # fmt: skip
    more = filled.with_columns(difference_usd=pl.col("right_cost_usd") - pl.col("left_cost_usd"))
    return more.sort(pl.col("difference_usd").abs(), "name", descending=[True, False], nulls_last=True)
