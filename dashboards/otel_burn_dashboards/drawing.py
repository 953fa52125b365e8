"""What do all charts share? Legends that fit, colours by name, amounts on top of each other."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import altair as alt
import polars as pl

TALL: Final = 300
LINE: Final = 18
"""What a line of a legend takes of the height of a chart."""
NARROW: Final = 480
WIDE: Final = 900
"""Room for a legend, in pixels: above half the page, above all of it."""
LABEL_LIMIT: Final = 260
CHARACTER: Final = 6.5
_CENTS: Final = ((100, "$,.0f"), (0.1, "$,.2f"), (0.01, "$,.3f"), (0, "$,.4f"))
"""How dollars read on an axis, from a highest one of so many up."""


def stacked(frame: pl.DataFrame, amount: str, *, over: str, order: str) -> pl.DataFrame:
    """*frame* with where each amount begins and ends on top of those before it. Vega stacks no bars of given width."""
    high = pl.col(amount).fill_null(0).cum_sum().over(over)
    return frame.sort(over, order).with_columns(high=high).with_columns(
        low=pl.col("high") - pl.col(amount).fill_null(0)
    )  # fmt: skip


def cents(highest: float) -> str:
    """How dollars up to *highest* read on an axis: no two ticks alike."""
    return next(text for least, text in _CENTS if highest >= least)


def amounts(number: str, **options: Any) -> alt.Axis:
    """An axis of amounts, written as *number* says. Vega's short numbers share a prefix: its zero is `0k`."""
    if number != "~s":
        return alt.Axis(format=number, **options)
    return alt.Axis(labelExpr="replace(format(datum.value, '~s'), 'G', 'B')", **options)


def height(axis: alt.Axis) -> alt.Y:
    """Bars that begin where those below them end."""
    return alt.Y("low:Q", title=None, axis=axis, scale=alt.Scale(zero=True, nice=True))


def legend(names: Iterable[str], *, width: int = WIDE, **options: Any) -> alt.Legend:
    """A legend in as many columns as fit: Vega would cut off what does not."""
    return alt.Legend(
        **{"orient": "top", "direction": "horizontal", "symbolType": "square"} | options,
        columns=columns(names, width),
        labelLimit=LABEL_LIMIT,
    )


def lines(names: Iterable[str]) -> int:
    """How many lines a legend above half the page takes."""
    known = list(names)
    return -(-len(known) // columns(known, NARROW))


def columns(names: Iterable[str], width: int) -> int:
    """Into how many columns these names fit."""
    longest = min(CHARACTER * max(map(len, names), default=1), LABEL_LIMIT)
    return max(1, int(width // (longest + 30)))


def scale(palette: Mapping[str, Any]) -> alt.Scale:
    """Colours by name."""
    return alt.Scale(domain=list(palette), range=list(palette.values()))
