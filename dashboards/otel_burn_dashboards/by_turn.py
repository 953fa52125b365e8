"""Where does a turn stand on an axis of turns, and how pale is what it carries along?"""

from typing import Final

import altair as alt
import polars as pl

from otel_burn_dashboards import colors, drawing

FRESH: Final = "new in this turn"
CARRIED: Final = "carried along from earlier turns"
NOT_TOLD: Final = "new or carried, nobody recorded it"
STATES: Final = {FRESH: 1.0, CARRIED: 0.4, NOT_TOLD: 1.0}
"""How opaque a block is: what is paid again is pale."""


def turn_spans(frame: pl.DataFrame, step: int) -> pl.DataFrame:
    """*frame* with where the bar of each turn, or of *step* turns, begins and ends."""
    return frame.with_columns(start=pl.col("turn") - 0.44, until=pl.col("turn") + step - 0.56)


def turn_axis(scale: alt.Scale, *, labels: bool) -> alt.X:
    """The axis that charts under each other share."""
    axis = alt.Axis(grid=False, format="d", tickMinStep=1, labelOverlap=True) if labels else None
    return alt.X("start:Q", title="turn" if labels else None, scale=scale, axis=axis)


def pale(present: set[str]) -> alt.Opacity:
    """How opaque each state is; a legend only where there are states to tell apart."""
    states = {state: opacity for state, opacity in STATES.items() if state in present}
    # Left to itself, Vega spreads a range of numbers evenly over the names.
    scale = alt.Scale(type="ordinal", domain=list(states), range=list(states.values()))
    legend = drawing.legend(states, symbolFillColor=colors.OTHER) if present != {NOT_TOLD} else None
    return alt.Opacity("state:O", title=None, scale=scale, legend=legend)


def stacked_context(context: pl.DataFrame, measure: str) -> pl.DataFrame:
    """A session's context by kind and turn, each on top of the others."""
    kinds = list(colors.INPUT)
    place = pl.col("kind").replace_strict(kinds, range(len(kinds)), default=len(kinds), return_dtype=pl.Int64)
    told = context.group_by("turn", "kind").agg(pl.col(measure).sum()).with_columns(place=place)
    named = told.with_columns(kind=pl.col("kind").str.replace_all("_", " "))
    return drawing.stacked(named, measure, over="turn", order="place")


def carried(sent: pl.DataFrame) -> alt.Chart:
    """What each turn paid for one block: in dollars, or in tokens where nobody knows a price."""
    measure, title, number = (
        ("cost_usd", "US dollars", "$.6~f") if sent["cost_usd"].count() else ("tokens", "tokens", "~s")
    )
    shown = turn_spans(sent, 1).with_columns(
        amount=pl.col(measure).cast(pl.Float64), zero=pl.lit(0.0),
        state=pl.when("fresh").then(pl.lit(FRESH)).otherwise(pl.lit(CARRIED)),
    )  # fmt: skip
    color = colors.KINDS.get(str(sent.item(0, "kind")), colors.OTHER)
    turns = alt.Scale(zero=False, nice=False)
    chart: alt.Chart = (
        alt.Chart(shown)
        .mark_rect(color=color)
        .encode(
            turn_axis(turns, labels=True),
            alt.X2("until"),
            alt.Y("zero:Q", title=title, axis=drawing.amounts(number, tickCount=4)),
            alt.Y2("amount"),
            pale(set(shown["state"])),
            tooltip=[
                alt.Tooltip("turn:Q", title="turn"),
                alt.Tooltip("amount:Q", title=title, format=number),
                alt.Tooltip("state:N", title="is"),
            ],
        )
        .properties(height=drawing.TALL // 2)
    )
    return chart
