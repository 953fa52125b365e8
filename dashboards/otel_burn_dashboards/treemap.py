"""What is a context made of? A treemap for ECharts: kinds, and in them blocks, as large as their share of the bill."""

from typing import Any, Final

import polars as pl

from otel_burn.wording import plural
from otel_burn_dashboards import colors
from otel_burn_dashboards.figures import NOTHING, phrase, short

SMALLEST: Final = 0.002
"""Blocks below this share of the whole are one rectangle of their kind: they could not be seen."""
READABLE: Final = 0.02
"""Blocks from this share up have room for their name; of the others it stands in the tooltip."""

LABEL: Final = {"show": True, "overflow": "truncate", "fontSize": 13, "lineHeight": 17, "color": "#FFFFFF",
                "position": "insideTopLeft", "textBorderColor": "#00000066", "textBorderWidth": 2}  # fmt: skip
"""What is longer than its rectangle ends in an ellipsis."""


def measured(blocks: pl.DataFrame) -> str:
    """What tells how large *blocks* are: dollars, else tokens, else bytes, where that is all that is known."""
    return next((name for name in ("cost_usd", "tokens") if blocks[name].sum()), "sent_bytes")


def context(blocks: pl.DataFrame) -> dict[str, Any]:
    """A treemap of *blocks*, as large as `measured` says."""
    measure = measured(blocks)
    sized = blocks.with_columns(size=pl.col(measure).cast(pl.Float64).fill_null(0))
    whole = float(sized["size"].sum()) or 1.0
    kinds = [
        _kind(kind, sized.filter(pl.col("kind") == kind), whole, measure)
        for kind in colors.KINDS
        if kind in set(sized["kind"])
    ]
    return {
        "tooltip": {"formatter": "{b}"},
        "series": [
            {
                "type": "treemap", "roam": False, "nodeClick": False, "breadcrumb": {"show": False}, "visibleMin": 1,
                "left": 0, "right": 0, "top": 0, "bottom": 0,
                "label": LABEL,
                "levels": [{"itemStyle": {"gapWidth": 4}}, {"itemStyle": {"gapWidth": 1}}],
                "data": kinds,
            }
        ],
    }  # fmt: skip


def _kind(kind: str, blocks: pl.DataFrame, whole: float, measure: str) -> dict[str, Any]:
    large = blocks.filter(pl.col("size") / whole >= SMALLEST).to_dicts()
    rest = blocks.filter(pl.col("size") / whole < SMALLEST)
    children = [
        {
            "name": _name(row, measure),
            "value": row["size"],
            "label": {"show": row["size"] / whole >= READABLE, "formatter": _label(row, measure)},
        }
        for row in large
    ]
    if rest.height:
        value = float(rest["size"].sum())
        children.append(
            {
                "name": f"{phrase(kind)}: {rest.height:,} small ones, {_amount(value, measure)}",
                "value": value,
                "label": {"show": False},
            }
        )
    return {"name": phrase(kind), "itemStyle": {"color": colors.KINDS[kind]}, "children": children}


def _label(row: dict[str, Any], measure: str) -> str:
    """What stands in the rectangle; braces would be ECharts' own."""
    lines = (*_said(row), f"{_amount(row['size'], measure)} · {plural(row['times'], 'call')}")
    return "\n".join(lines).replace("{", "(").replace("}", ")")


def _name(row: dict[str, Any], measure: str) -> str:
    said = ", ".join(_said(row))
    return f"{said}: {_amount(row['size'], measure)}, in {plural(row['times'], 'call')}"


def _said(row: dict[str, Any]) -> list[str]:
    """The kind of a block, and of which tool it is."""
    return [phrase(row["kind"]), *([] if row["tool"] in (None, NOTHING) else [str(row["tool"])])]


def _amount(value: float, measure: str) -> str:
    if measure == "cost_usd":
        return f"${value:,.4f}"
    return f"{short(value)} {phrase(measure).removeprefix('sent ')}"
