"""What burned over time? Bars by name and by class of tokens."""

from collections.abc import Iterable, Mapping
from typing import Final

import altair as alt
import polars as pl

from otel_burn_dashboards import colors, drawing

OTHERS: Final = "all others"
_NUMBERS: Final = {"dollars": "$", "tokens": "~s", "calls": ",d"}
"""How amounts read on the axis; what they are stands above the chart."""
_MOMENTS: Final = ((60, "%H:%M:%S"), (86_400, "%b %d, %H:%M"), (10**9, "%b %d, %Y"))
"""How a time reads on the axis, for bars narrower than so many seconds."""


def tall(*names: Iterable[str]) -> int:
    """How high charts beside each other are, so that their bars are as tall whatever their legends need."""
    return drawing.TALL + drawing.LINE * max(drawing.lines(set(one)) for one in names)


def over_time(series: pl.DataFrame, measure: str, step: int, height: int, *, zone: str = "UTC") -> alt.Chart:
    """What burned in each stretch of time, by name: stacked bars, the most expensive name at the bottom."""
    stacked, palette = stacked_series(series, measure)
    details = [
        alt.Tooltip("name:N", title="name"),
        alt.Tooltip("dollars:Q", title="US dollars", format="$,.4f"),
        alt.Tooltip("tokens:Q", title="tokens", format=","),
        alt.Tooltip("calls:Q", title="calls", format=","),
    ]
    return _time_bars(stacked, "name", palette, measure, step, details, zone).properties(height=height)


def token_classes(classes: pl.DataFrame, step: int, height: int, *, zone: str = "UTC") -> alt.Chart:
    """Which classes of tokens went in and came out in each stretch of time."""
    stacked = stacked_classes(classes)
    details = [alt.Tooltip("class:N", title="class"), alt.Tooltip("tokens:Q", title="tokens", format=",")]
    return _time_bars(stacked, "class", colors.TOKENS, "tokens", step, details, zone).properties(
        height=height
    )


def stacked_series(series: pl.DataFrame, measure: str) -> tuple[pl.DataFrame, dict[str, str]]:
    """What burned by name, each on top of the others, and the colours of the names: the most expensive first."""
    names = series.sort("rank").get_column("name").unique(maintain_order=True).to_list()
    palette = {name: _series_color(name, place) for place, name in enumerate(names)}
    return drawing.stacked(series, measure, over="bucket", order="rank"), palette


def stacked_classes(classes: pl.DataFrame) -> pl.DataFrame:
    """Tokens by class, each on top of the others."""
    names = list(colors.TOKENS)
    tall = (
        classes.unpivot(names, index="bucket", variable_name="class", value_name="tokens")
        .filter(pl.col("tokens") > 0)
        .with_columns(rank=pl.col("class").replace_strict(names, range(len(names)), return_dtype=pl.Int64))
    )
    return drawing.stacked(tall, "tokens", over="bucket", order="rank")


def _time_bars(
    stacked: pl.DataFrame,
    field: str,
    palette: Mapping[str, str],
    measure: str,
    step: int,
    details: list[alt.Tooltip],
    zone: str,
) -> alt.Chart:
    number = _NUMBERS[measure]
    if number == "$":
        number = drawing.cents(float(stacked.get_column("high").max() or 0))  # type: ignore[arg-type]
    moments = next(text for below, text in _MOMENTS if step < below)
    axis = alt.Axis(grid=False, labelOverlap=True, tickCount=6, format=moments)
    legend = drawing.legend(palette, width=drawing.NARROW)
    chart: alt.Chart = (
        alt.Chart(stacked.with_columns(until=pl.col("bucket") + pl.duration(milliseconds=step * 920)))
        .mark_rect()
        .encode(
            alt.X("bucket:T", title=None, axis=axis),
            alt.X2("until"),
            drawing.height(drawing.amounts(number, tickCount=5)),
            alt.Y2("high"),
            alt.Color(f"{field}:N", title=None, scale=drawing.scale(palette), legend=legend),
            tooltip=[alt.Tooltip("bucket:T", title=f"from ({zone})", format="%Y-%m-%d %H:%M:%S"), *details],
        )
        .configure_legend(offset=10)
    )
    return chart


def _series_color(name: str, place: int) -> str:
    return colors.OTHER if name == OTHERS else colors.SERIES[place % len(colors.SERIES)]
