"""How do sessions, turns, blocks and traces read as tables?"""

import polars as pl
import streamlit as st

from otel_burn_dashboards import columns
from otel_burn_dashboards.colors import TIER_COLORS
from otel_burn_dashboards.figures import NOTHING, UNKNOWN, brief, detector, ending, lasting


def sessions(frame: pl.DataFrame) -> tuple[pl.DataFrame, columns.Config]:
    """The list of sessions; the row whose name is clicked is in the session state under `columns.OPENED`."""
    table = frame.select(
        session=columns.opening(_brief("session_id")),
        agent=pl.col("agent").fill_null(NOTHING),
        cost=columns.known_cost(),
        tier=pl.concat_list("worst_tier").list.drop_nulls(),
        worst=pl.col("worst_detector").map_elements(detector, return_dtype=pl.String).fill_null(""),
        growth="tokens",
        started=pl.col("started_at"),
        lasted=(pl.col("ended_at") - pl.col("started_at")).map_elements(lasting, return_dtype=pl.String),
        calls="calls",
        unpriced="unpriced_calls",
        input="input_tokens",
        cached=columns.cached(),
        project=pl.col("project").map_elements(ending, return_dtype=pl.String).fill_null(NOTHING),
    )
    if frame["worst_tier"].null_count() == frame.height:
        table = table.drop("tier", "worst")
    return columns.without_zeros(table, "unpriced"), {
        "session": columns.link("session", width=235),
        "tier": st.column_config.MultiselectColumn(
            "worst", options=list(TIER_COLORS), color=list(TIER_COLORS.values()), width=75
        ),
        "worst": st.column_config.TextColumn("finding", width=135),
        "cost": columns.money("cost", width=72),
        "growth": st.column_config.AreaChartColumn("input by turn", width=100, y_min=0),
        "agent": st.column_config.TextColumn("agent", width=125),
        "started": columns.time("started", seconds=False),
        "lasted": st.column_config.TextColumn("lasted", alignment="right", width=78),
        "calls": columns.count("calls", width=55),
        "unpriced": columns.count(
            "unpriced", width=75, help="Answered calls of which nobody knows the price; not in the cost"
        ),
        "input": columns.count("input", width=80),
        "cached": columns.percent("cached", width=72, help="Input that the provider's cache served"),
        "project": st.column_config.TextColumn("project"),
    }


def turns(frame: pl.DataFrame, members: pl.DataFrame) -> tuple[pl.DataFrame, columns.Config]:
    """The turns of a session, each with the findings that it is part of."""
    marks = members.group_by("turn").agg(
        finding=pl.format(
            "{} {}", pl.col("finding") + 1, pl.col("detector").map_elements(detector, return_dtype=pl.String)
        ).str.join(", ")
    )
    table = (
        frame.join(marks, on="turn", how="left")
        .sort("turn")
        .select(
            turn=columns.opening(pl.col("turn").cast(pl.String)),
            finding=pl.col("finding").fill_null(""),
            started=pl.col("started_at"),
            seconds=pl.col("duration_ms") / 1000,
            model=pl.col("model").fill_null(NOTHING),
            outcome=pl.coalesce(
                pl.col("error_type"), pl.col("finish_reason"), pl.col("status"), pl.lit(NOTHING)
            ),
            cost=pl.col("cost_usd").cast(pl.Float64),
            price=pl.col("cost_status").fill_null(UNKNOWN).str.replace_all("_", " "),
            uncached="uncached_input_tokens",
            read="cache_read_tokens",
            write="cache_write_tokens",
            missed="missed_tokens",
            output="output_tokens",
            usage=pl.col("usage_status").fill_null(UNKNOWN),
        )
    )
    return table, {
        "turn": columns.link("turn", width=70, help="Opens the turn in its trace"),
        "finding": st.column_config.TextColumn("part of finding", width=210),
        "started": columns.time("started"),
        "seconds": st.column_config.NumberColumn("took", format="%.2f s"),
        "model": st.column_config.TextColumn("model"),
        "outcome": st.column_config.TextColumn("outcome"),
        "cost": columns.money("cost"),
        "price": st.column_config.TextColumn("price is"),
        "uncached": columns.count("uncached input"),
        "read": columns.count("cache read"),
        "write": columns.count("cache write"),
        "missed": columns.count(
            "cache missed", help="Of the input, what the turn before had already and no cache served"
        ),
        "output": columns.count("output"),
        "usage": st.column_config.TextColumn("usage is"),
    }


def blocks(frame: pl.DataFrame) -> tuple[pl.DataFrame, columns.Config]:
    """The most expensive blocks of content."""
    table = frame.select(
        kind=columns.opening(pl.col("kind").str.replace_all("_", " ")),
        tool=pl.col("tool").fill_null(NOTHING),
        cost=pl.col("cost_usd").cast(pl.Float64),
        tokens="tokens",
        times="times",
        size="bytes",
        seen=pl.when(pl.col("first_turn") == pl.col("last_turn"))
        .then(pl.col("first_turn").cast(pl.String))
        .otherwise(pl.format("{} to {}", "first_turn", "last_turn")),
        error=pl.col("error").fill_null(""),
        hash="hash",
    )
    if frame["error"].null_count() == frame.height:
        table = table.drop("error")
    table = columns.without_unknown(table, "cost", "tokens")
    return table, {
        "kind": columns.link(
            "kind", key=columns.BLOCK, width=140, help="Opens the block: which turns carried it"
        ),
        "tool": st.column_config.TextColumn("tool"),
        "cost": st.column_config.NumberColumn(
            "cost",
            format=columns.FINE_MONEY,
            help="Its share of the input's price in every call that sent it",
        ),
        "tokens": columns.count(
            "tokens sent", help="Its share of the billed input, by bytes, over all the calls"
        ),
        "times": columns.count("sent in calls"),
        "size": st.column_config.NumberColumn("size", format="bytes"),
        "seen": st.column_config.TextColumn("turns"),
        "error": st.column_config.TextColumn("error", width=180),
        "hash": st.column_config.TextColumn("hash", help="Equal content has an equal hash in every session"),
    }


def traces(frame: pl.DataFrame) -> tuple[pl.DataFrame, columns.Config]:
    """The traces to choose from; a click on one is under `columns.OPENED`."""
    table = frame.select(
        trace=columns.opening(pl.col("trace_id")),
        cost=pl.col("cost_usd").cast(pl.Float64),
        agent=pl.col("agent").fill_null(NOTHING),
        started="started_at",
        calls="calls",
        sessions="sessions",
    )
    return table, {
        "trace": columns.link("trace", width=300),
        "cost": columns.money("cost"),
        "agent": st.column_config.TextColumn("agent"),
        "started": columns.time("started"),
        "calls": columns.count("calls"),
        "sessions": columns.count("sessions"),
    }


def _brief(column: str) -> pl.Expr:
    """Long names by their beginning and end, as both ends tell names apart."""
    return pl.col(column).map_elements(brief, return_dtype=pl.String)
