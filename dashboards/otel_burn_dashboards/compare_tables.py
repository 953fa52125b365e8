"""How do two sides read as a table?"""

from typing import Final

import polars as pl
import streamlit as st

from otel_burn_dashboards import columns
from otel_burn_dashboards.figures import brief, signed_usd

DIFFERENCE: Final = st.column_config.TextColumn("difference", alignment="right")


def factors(frame: pl.DataFrame, left: str, right: str) -> tuple[pl.DataFrame, columns.Config]:
    """Two sides in numbers, and what each of them adds to the cost."""
    return frame, {
        "what": st.column_config.TextColumn("what", width="medium"),
        "left": st.column_config.TextColumn(brief(left), alignment="right", width="medium"),
        "right": st.column_config.TextColumn(brief(right), alignment="right", width="medium"),
        "change": st.column_config.TextColumn("change", alignment="right", width="small"),
        "effect": st.column_config.TextColumn(
            "adds to the cost",
            alignment="right",
            width="small",
            help="Its part of the difference; all sum up to it",
        ),
    }


def beside(frame: pl.DataFrame, by: str, left: str, right: str) -> tuple[pl.DataFrame, columns.Config]:
    """Two sides by the models, or agents, that they consist of."""
    sides = {"left": brief(left, most=20), "right": brief(right, most=20)}
    table = frame.select(
        "name",
        *(pl.col(f"{side}_cost_usd").cast(pl.Float64).alias(f"{side}_cost") for side in sides),
        pl.Series("difference", [signed_usd(one) for one in frame["difference_usd"]], dtype=pl.String),
        *(f"{side}_calls" for side in sides),
        *(f"{side}_unpriced_calls" for side in sides if frame[f"{side}_unpriced_calls"].sum()),
    )
    labelled = {f"{side}_cost": columns.money(f"cost: {name}") for side, name in sides.items()}
    labelled |= {f"{side}_calls": columns.count(f"calls: {name}") for side, name in sides.items()}
    labelled |= {f"{side}_unpriced_calls": columns.count(f"unpriced: {name}") for side, name in sides.items()}
    named = {"name": st.column_config.TextColumn(by, width="medium"), "difference": DIFFERENCE}
    return table, named | labelled
