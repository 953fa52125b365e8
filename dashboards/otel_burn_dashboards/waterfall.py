"""How does the way from one cost to another look? A bar for each factor, from where the one above it ended."""

from decimal import Decimal

import altair as alt
import polars as pl

from otel_burn_dashboards import colors, drawing
from otel_burn_dashboards.comparing import Comparison
from otel_burn_dashboards.figures import brief, signed_usd, usd
from otel_burn_dashboards.variance import FACTORS

ROW = 34
NAMES_WIDTH = 190

NAMES = {
    "calls": "number of calls",
    "context": "input tokens a call",
    "cache": "share of the cache",
    "output": "output tokens a call",
    "price": "price and model",
    "fees": "fees and the rest",
}
"""The factors, as everywhere on the page."""


def steps(compared: Comparison) -> pl.DataFrame:
    """From the left side's cost over what each factor adds to the right side's."""
    total, *changes = colors.CHANGES
    at = compared.left.priced.cost
    rows = [(brief(compared.left.name), total, Decimal(0), at, usd(at))]
    for factor in FACTORS:
        effect = (compared.effects or {}).get(factor, Decimal(0))
        rows.append((NAMES[factor], changes[effect < 0], at, at + effect, signed_usd(effect)))
        at += effect
    rows.append((brief(compared.right.name) + " ", total, Decimal(0), at, usd(at)))
    columns = ("step", "kind", "begin", "end", "label")
    frame = pl.DataFrame(
        rows, schema=columns, orient="row", schema_overrides={"begin": pl.Float64, "end": pl.Float64}
    )
    return frame.with_columns(
        low=pl.min_horizontal("begin", "end"),
        high=pl.max_horizontal("begin", "end"),
        place=pl.int_range(pl.len()),
    )


def waterfall(compared: Comparison) -> alt.LayerChart | alt.FacetChart:
    """The chart of these steps."""
    drawn = steps(compared)
    names = drawn.get_column("step").to_list()
    axis = alt.Axis(
        labelLimit=NAMES_WIDTH, minExtent=NAMES_WIDTH, maxExtent=NAMES_WIDTH, ticks=False, domain=False
    )
    rows = alt.Y("step:N", title=None, sort=names, axis=axis, scale=alt.Scale(paddingInner=0.3))
    highest = float(drawn.get_column("high").max() or 0.0)  # type: ignore[arg-type]
    # Room for the amount behind the longest bar.
    width = alt.Scale(domain=[0, highest * 1.16 or 1.0], nice=False)
    present = {kind: color for kind, color in colors.CHANGES.items() if kind in set(drawn["kind"])}
    bars = (
        alt.Chart(drawn)
        .mark_bar(cornerRadius=2)
        .encode(
            alt.X(
                "low:Q", title=None, scale=width, axis=alt.Axis(format=drawing.cents(highest), tickCount=6)
            ),
            alt.X2("high"),
            rows,
            alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=list(present), range=list(present.values())),
                legend=None,
            ),
            tooltip=[alt.Tooltip("step:N", title="what"), alt.Tooltip("label:N", title="US dollars")],
        )
    )
    amounts = (
        alt.Chart(drawn)
        .mark_text(align="left", dx=6, color="gray", fontSize=12)
        .encode(alt.X("high:Q", scale=width), rows, alt.Text("label:N"))
    )
    return alt.layer(bars, amounts).properties(height=ROW * drawn.height)
