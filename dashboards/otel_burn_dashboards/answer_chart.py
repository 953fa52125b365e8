"""How does an answer of the SQL page look as bars?"""

import altair as alt
import polars as pl

from otel_burn_dashboards import colors, drawing


def answer(rows: pl.DataFrame) -> alt.Chart | None:
    """An answer as bars: the first column of numbers by the first of anything else; None without both."""
    numbers = [name for name, kind in rows.schema.items() if kind.is_numeric()]
    names = [name for name, kind in rows.schema.items() if not kind.is_numeric() and not kind.is_nested()]
    if not numbers or not names or rows.is_empty():
        return None
    by = names[0]
    over_time = rows.schema[by].is_temporal()
    value = next((name for name in numbers if name in ("usd", "cost_usd")), numbers[0])
    shown = rows.head(1000 if over_time else 40).select(
        name=pl.col(by).cast(pl.Datetime("ms"))
        if over_time
        else pl.col(by).cast(pl.String).fill_null("NULL"),
        value=pl.col(value).cast(pl.Float64),
    )
    place = (
        alt.X("name:T", title=by)
        if over_time
        else alt.Y("name:N", title=by, sort=None, axis=alt.Axis(labelLimit=drawing.LABEL_LIMIT))
    )
    amount = alt.Y("value:Q", title=value) if over_time else alt.X("value:Q", title=value)
    chart: alt.Chart = (
        alt.Chart(shown)
        .mark_bar(color=colors.SERIES[0])
        .encode(place, amount, tooltip=["name", alt.Tooltip("value", format=",")])
        .properties(height=drawing.TALL if over_time else max(drawing.TALL // 2, 22 * shown.height))
    )
    return chart
