"""How do a finding's turns, and what content costs across sessions, read as tables?"""

from typing import Final

import polars as pl
import streamlit as st

from otel_burn_dashboards import columns
from otel_burn_dashboards.figures import NOTHING, brief

_ABOUT: Final = {
    "blocks": "The same content has the same hash everywhere: a file that many sessions carry is one row. ",
    "unused tools": "Definitions that were sent with every call of a session in which the model never called the tool.",
    "bootstraps": "System prompts and tool definitions: what an agent sends in every call before anything is said.",
    "repeated reads": "A read with the same arguments that brought the same content again in the same session.",
}
_PRICED: Final = "Its cost is its share of the input's price in every call that carried it."
_UNPRICED: Final = "What was sent most is first: no block's share of the bill is known."
NONE: Final = {
    "blocks": "The calls' emitters listed no context blocks.",
    "unused tools": "No tool definition went unused, or the calls' emitters listed no contexts.",
    "bootstraps": "The calls' emitters listed no system prompts and no tool definitions.",
    "repeated reads": "No read brought the same content twice in a session.",
}

FIRST: Final = {"blocks": "kind", "unused tools": "tool", "bootstraps": "agent", "repeated reads": "tool"}
"""What a row is about: the column that one clicks on."""
_WORST: Final = "Opens the session in which it was worst"

ACROSS: Final[columns.Config] = {
    "kind": columns.link("kind", width=150, help=_WORST),
    "agent": columns.link("agent", width=220, help=_WORST),
    "tool": st.column_config.TextColumn("tool", width=150),
    "cost_usd": columns.money("cost"),
    "carried_usd": st.column_config.NumberColumn(
        "of it carried along", format=columns.MONEY, help="After the first time in its session"
    ),
    "sessions": columns.count("sessions"),
    "calls": columns.count("calls"),
    "used_in": columns.count("sessions that used it"),
    "times": columns.count("in calls"),
    "each_tokens": columns.count("tokens a call"),
    "tool_tokens": columns.count("of them tools"),
    "tokens": columns.count("tokens sent"),
    "bytes": st.column_config.NumberColumn("size", format="bytes"),
    "repeated_bytes": st.column_config.NumberColumn("read for nothing", format="bytes"),
    "hash": st.column_config.TextColumn("hash", help="Equal content has an equal hash in every session"),
    "args_hash": st.column_config.TextColumn("arguments", help="Equal arguments have an equal hash"),
}
_TOOL: Final = columns.link("tool", width=220, help=_WORST)


def about(name: str, frame: pl.DataFrame) -> str:
    """What one of the tables shows."""
    if name != "blocks":
        return _ABOUT[name]
    return _ABOUT[name] + (_PRICED if frame["cost_usd"].count() else _UNPRICED)


def across(name: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, columns.Config]:
    """One of the tables of what content costs across sessions; a click on a row's first column is under
    `columns.OPENED`."""
    labels = {column: config for column, config in ACROSS.items() if column in frame.columns}
    shown = frame.select(
        pl.col(column).cast(pl.Float64) if column.endswith("usd") else pl.col(column) for column in labels
    )
    if "tool" in shown.columns:
        shown = shown.with_columns(pl.col("tool").fill_null(NOTHING))
    first = FIRST[name]
    opened = columns.opening(pl.col(first).str.replace_all("_", " ") if first == "kind" else pl.col(first))
    told = columns.without_unknown(
        shown.with_columns(opened.alias(first)), "cost_usd", "carried_usd", "tokens"
    )
    return told, labels | ({"tool": _TOOL} if first == "tool" else {})


def members(frame: pl.DataFrame, stop: str | None) -> tuple[pl.DataFrame, columns.Config]:
    """The turns of a finding, with their session where there are several; a click on one is under `columns.OPENED`."""
    table = frame.select(
        turn=columns.opening(pl.format("turn {}", "turn")),
        session=pl.col("session_id").map_elements(brief, return_dtype=pl.String),
        note=pl.when(pl.col("call_id") == (stop or ""))
        .then(pl.lit("could have been stopped here"))
        .otherwise(pl.lit("")),
        started="started_at",
        model=pl.col("model").fill_null(NOTHING),
        cost=pl.col("cost_usd").cast(pl.Float64),
        input="input_tokens",
        output="output_tokens",
        outcome="status",
    )
    several = frame.get_column("session_id").n_unique() > 1
    return table if several else table.drop("session"), {
        "turn": columns.link("turn", width=110, help="Opens the turn in its session"),
        "session": st.column_config.TextColumn("session", width=220),
        "note": st.column_config.TextColumn("note", width=195),
        "started": columns.time("started"),
        "model": st.column_config.TextColumn("model"),
        "cost": columns.money("cost"),
        "input": columns.count("input"),
        "output": columns.count("output"),
        "outcome": st.column_config.TextColumn("outcome"),
    }
