"""How does what was burned read as a table, by any name, by class of tokens, by tool?"""

from typing import Final

import polars as pl
import streamlit as st

from otel_burn_dashboards import columns
from otel_burn_dashboards.scope import DIMENSIONS

SPENT: Final[columns.Config] = {
    "cost": columns.money("cost"),
    "share": st.column_config.ProgressColumn(
        "share of cost", format="%.1f %%", min_value=0, max_value=100, width="small"
    ),
    "calls": columns.count("calls"),
    "failed": columns.count("failed", help="Calls that no model answered"),
    "unpriced": columns.count(
        "unpriced", help="Answered calls of which nobody knows the price; not in the cost"
    ),
    "sessions": columns.count("sessions"),
    "input": columns.count("input tokens"),
    "cached": columns.percent("cached", help="Input that the provider's cache served"),
    "missed": st.column_config.NumberColumn(
        "cache misses",
        format=columns.MONEY,
        help="What input cost that the turn before had already, and no cache served; part of the cost",
    ),
    "output": columns.count("output tokens"),
}


def groups(frame: pl.DataFrame, by: str, then: str) -> tuple[pl.DataFrame, columns.Config]:
    """What each name of a dimension burned, and each pair of names; its share is of what has a price."""
    priced = columns.known_cost()
    table = frame.select(
        name="name",
        then_name="then_name",
        cost=priced,
        share=100 * priced / priced.sum(),
        calls="calls",
        failed="failed",
        unpriced="unpriced_calls",
        sessions="sessions",
        input="input_tokens",
        cached=columns.cached(),
        missed=pl.col("missed_usd").cast(pl.Float64),
        output="output_tokens",
    )
    second = (
        {"then_name": st.column_config.TextColumn(then, width="medium")}
        if then in DIMENSIONS and then != by
        else {}
    )
    kept = columns.without_zeros(table if second else table.drop("then_name"), "failed", "unpriced")
    return kept, {"name": st.column_config.TextColumn(by, width="medium")} | second | SPENT


def bill(frame: pl.DataFrame) -> tuple[pl.DataFrame, columns.Config]:
    """What each class of tokens cost."""
    cost = pl.col("cost_usd").cast(pl.Float64)
    table = frame.select("name", cost=cost, share=100 * cost / cost.sum(), tokens="tokens").filter(
        (pl.col("tokens") > 0) | (pl.col("cost") > 0)
    )
    return table, {
        "name": st.column_config.TextColumn("token class", width="large"),
        "cost": SPENT["cost"],
        "share": SPENT["share"],
        "tokens": columns.count("tokens"),
    }


def tools(frame: pl.DataFrame) -> tuple[pl.DataFrame, columns.Config]:
    """What each tool's results cost in the contexts that carried them."""
    cost = pl.col("cost_usd").cast(pl.Float64)
    table = frame.select(
        "name",
        cost=cost,
        share=100 * cost / cost.sum(),
        calls="calls",
        failed="failed",
        tokens="input_tokens",
    )
    return table, {
        "name": st.column_config.TextColumn("tool", width="large"),
        "cost": st.column_config.NumberColumn(
            "cost of its results",
            format=columns.MONEY,
            help="Their share of the input's price in every call that carried them",
        ),
        "share": SPENT["share"],
        "calls": columns.count("called"),
        "failed": columns.count("failed"),
        "tokens": columns.count("tokens carried"),
    }
