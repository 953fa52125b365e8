"""How does an answer of the SQL page look as bars? A bar a row, named so that no two have one name."""

from collections.abc import Sequence
from typing import Final

import altair as alt
import polars as pl

from otel_burn_dashboards import colors, drawing, spoken

BARS: Final = 40
MOMENTS: Final = 1000
NAMED_BY: Final = 3
"""At most so many columns make a bar's name."""


def answer(rows: pl.DataFrame) -> alt.Chart | None:
    """An answer as bars: its dollars, else its first numbers, by what names its rows; None without either."""
    numbers, names = _columns(rows)
    if not numbers or not names or rows.is_empty():
        return None
    value = _dollars(numbers) or numbers[0]
    over_time = rows.schema[names[0]].is_temporal()
    drawn = _over_time(rows, names[0], value) if over_time else _by_name(rows, names, value)
    chart: alt.Chart = drawn.mark_bar(color=colors.SERIES[0])
    return chart


def aloud(rows: pl.DataFrame) -> str:
    """The same bars in a sentence."""
    numbers, names = _columns(rows)
    value = _dollars(numbers) or numbers[0]
    unit = "dollars" if _dollars(numbers) else "numbers"
    by, labels = _labels(rows.head(BARS), names)
    shown = pl.DataFrame({"name": labels, "value": rows.head(BARS)[value].cast(pl.Float64)})
    return spoken.amounts(f"{value} by {by}", shown, "name", "value", unit=unit)


def _columns(rows: pl.DataFrame) -> tuple[list[str], list[str]]:
    """The columns of numbers, and those that can name a row."""
    numbers = [name for name, kind in rows.schema.items() if kind.is_numeric()]
    return numbers, [
        name for name, kind in rows.schema.items() if not kind.is_numeric() and not kind.is_nested()
    ]


def _dollars(numbers: Sequence[str]) -> str | None:
    """The column of dollars, when there is one."""
    exact = (name for name in numbers if name in ("usd", "cost_usd"))
    return next(exact, next((name for name in numbers if name.endswith(("_usd", "_usd_high"))), None))


def _over_time(rows: pl.DataFrame, at: str, value: str) -> alt.Chart:
    shown = rows.head(MOMENTS).select(
        at=pl.col(at).cast(pl.Datetime("ms")), value=pl.col(value).cast(pl.Float64)
    )
    chart: alt.Chart = alt.Chart(shown).encode(
        alt.X("at:T", title=at),
        alt.Y("value:Q", title=value),
        tooltip=[alt.Tooltip("at:T", title=at, format="%Y-%m-%d %H:%M:%S"), alt.Tooltip("value", format=",")],
    )
    return chart.properties(height=drawing.TALL)


def _by_name(rows: pl.DataFrame, names: Sequence[str], value: str) -> alt.Chart:
    top = rows.head(BARS)
    by, labels = _labels(top, names)
    shown = pl.DataFrame({"name": labels, "value": top[value].cast(pl.Float64)})
    chart: alt.Chart = alt.Chart(shown).encode(
        alt.Y("name:N", title=by, sort=None, axis=alt.Axis(labelLimit=drawing.LABEL_LIMIT)),
        alt.X("value:Q", title=value, axis=alt.Axis(orient="top")),
        tooltip=[alt.Tooltip("name", title=by), alt.Tooltip("value", title=value, format=",")],
    )
    return chart.properties(height=max(drawing.TALL // 2, 22 * shown.height))


def _labels(rows: pl.DataFrame, names: Sequence[str]) -> tuple[str, pl.Series]:
    """A name for each row, of as few columns as tell them apart; where none do, they are numbered as well."""
    texts = [pl.col(name).cast(pl.String).fill_null("NULL") for name in names]
    for count in range(1, min(NAMED_BY, len(names)) + 1):
        labels = rows.select(pl.concat_str(texts[:count], separator=" · ").alias("name"))["name"]
        if labels.n_unique() == labels.len():
            return ", ".join(names[:count]), labels
    numbered = rows.select(
        pl.concat_str(pl.int_range(1, pl.len() + 1), texts[0], separator=" · ").alias("name")
    )
    return names[0], numbered["name"]
