"""What does a chart say to whoever does not see it? A sentence with its largest numbers, for screen readers."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import polars as pl

from otel_burn.wording import plural
from otel_burn_dashboards.figures import short, signed_usd, usd

NAMED: Final = 5
"""So many names are said; the table or the file has them all."""

UNITS: Final[dict[str, Callable[[float], str]]] = {
    "dollars": lambda amount: usd(Decimal(str(round(amount, 6)))),
    "tokens": lambda amount: f"{short(amount)} tokens",
    "bytes": lambda amount: f"{short(amount)} bytes",
    "calls": lambda amount: plural(int(amount), "call"),
    "changes": lambda amount: signed_usd(Decimal(str(round(amount, 6)))),
    "numbers": lambda amount: f"{amount:,.6g}",
}
"""How an amount is said."""


def amounts(title: str, rows: pl.DataFrame, name: str, amount: str, *, unit: str) -> str:
    """*title*, and what each *name* has in all, the largest first."""
    told = (
        rows.select(
            name=pl.col(name).cast(pl.String).fill_null("unknown"), amount=pl.col(amount).cast(pl.Float64)
        )
        .group_by("name", maintain_order=True)
        .agg(pl.col("amount").sum())
        .sort(pl.col("amount").abs(), descending=True, maintain_order=True)
    )
    parts = [f"{one['name']} {UNITS[unit](one['amount'])}" for one in told.head(NAMED).to_dicts()]
    more = [f"{told.height - NAMED} more"] if told.height > NAMED else []
    return f"{title}: {', '.join([*parts, *more])}." if parts else f"{title}: nothing."


def classes(title: str, rows: pl.DataFrame, names: list[str]) -> str:
    """*title*, and the tokens of each class."""
    tall = rows.unpivot(names, variable_name="class", value_name="tokens")
    return amounts(title, tall, "class", "tokens", unit="tokens")


def context(rows: pl.DataFrame, turns: int) -> str:
    """How a session's context grew, and what it is made of."""
    measure = "bytes" if rows["tokens"].is_null().all() else "tokens"
    sums = rows.group_by("turn").agg(pl.col(measure).sum()).sort("turn")[measure]
    kinds = rows.with_columns(pl.col("kind").str.replace_all("_", " "))
    ends = f"from {UNITS[measure](sums[0] or 0)} to {UNITS[measure](sums[-1] or 0)}"
    return amounts(
        f"Input over {plural(turns, 'turn')}, {ends} a turn; in all", kinds, "kind", measure, unit=measure
    )
