"""How do the frames read as tables? Frames with columns for people, and how Streamlit shows each."""

from typing import Any, Final, Literal

import polars as pl
import streamlit as st

from otel_burn_dashboards.colors import TIER_COLORS
from otel_burn_dashboards.figures import NOTHING, UNKNOWN, detector, lasting

MONEY: Final = "$%.4f"
FINE_MONEY: Final = "$%.6f"
"""For shares of a call, most of which are small."""
ROWS_AT_ONCE: Final = 25
SCROLLED_HEIGHT: Final = 600
OPENED: Final = "opened"
"""Where Streamlit keeps which row of the list of sessions was clicked."""

Config = dict[str, Any]


def groups(frame: pl.DataFrame, by: str) -> tuple[pl.DataFrame, Config]:
    """What each name of a dimension burned; its share is of what has a price."""
    priced = _known_cost()
    table = frame.select(
        name=pl.col("name").fill_null("not recorded"),
        cost=priced,
        share=100 * priced / priced.sum(),
        calls="calls",
        failed="failed",
        unpriced="unpriced_calls",
        input="input_tokens",
        cached=_cached(),
        output="output_tokens",
    )
    return table, {
        "name": st.column_config.TextColumn(by, width="large"),
        "cost": _money("cost"),
        "share": st.column_config.ProgressColumn(
            "share of cost", format="%.1f %%", min_value=0, max_value=100, width="medium"
        ),
        "calls": _count("calls"),
        "failed": _count("failed", help="Calls that no model answered"),
        "unpriced": _count(
            "unpriced", help="Answered calls of which nobody knows the price; not in the cost"
        ),
        "input": _tokens("input tokens"),
        "cached": _percent("cached", help="Input that the provider's cache served"),
        "output": _tokens("output tokens"),
    }


def sessions(frame: pl.DataFrame) -> tuple[pl.DataFrame, Config]:
    """The list of sessions; the row whose name is clicked is in the session state under `OPENED`."""
    table = frame.select(
        session=":material/chevron_right: " + pl.col("session_id"),
        tier=pl.concat_list("worst_tier").list.drop_nulls(),
        worst=pl.col("worst_detector").map_elements(detector, return_dtype=pl.String).fill_null(NOTHING),
        agent=pl.col("agent").fill_null(NOTHING),
        started=pl.col("started_at"),
        lasted=(pl.col("ended_at") - pl.col("started_at")).map_elements(lasting, return_dtype=pl.String),
        cost=_known_cost(),
        calls="calls",
        unpriced="unpriced_calls",
        input="input_tokens",
        cached=_cached(),
        output="output_tokens",
        project=pl.col("project").fill_null(NOTHING),
    )
    return table, {
        "session": st.column_config.ButtonColumn(
            "session", type="tertiary", alignment="left", width=310, key=OPENED
        ),
        "tier": st.column_config.MultiselectColumn(
            "worst finding", options=list(TIER_COLORS), color=list(TIER_COLORS.values()), width=100
        ),
        "worst": st.column_config.TextColumn("what it is", width=140),
        "agent": st.column_config.TextColumn("agent"),
        "started": _time("started (UTC)"),
        "lasted": st.column_config.TextColumn("lasted", alignment="right"),
        "cost": _money("cost"),
        "calls": _count("calls"),
        "unpriced": _count(
            "unpriced", help="Answered calls of which nobody knows the price; not in the cost"
        ),
        "input": _tokens("input"),
        "cached": _percent("cached", help="Input that the provider's cache served"),
        "output": _tokens("output"),
        "project": st.column_config.TextColumn("project"),
    }


def turns(frame: pl.DataFrame, members: pl.DataFrame) -> tuple[pl.DataFrame, Config]:
    """The turns of a session, each with the findings that it is part of."""
    marks = members.group_by("turn").agg(
        finding=pl.format(
            "{} {}", pl.col("finding") + 1, pl.col("detector").map_elements(detector, return_dtype=pl.String)
        ).str.join(", ")
    )
    table = frame.join(marks, on="turn", how="left").select(
        "turn",
        finding=pl.col("finding").fill_null(""),
        started=pl.col("started_at"),
        seconds=pl.col("duration_ms") / 1000,
        model=pl.col("model").fill_null(NOTHING),
        outcome=pl.coalesce(pl.col("error_type"), pl.col("finish_reason"), pl.col("status"), pl.lit(NOTHING)),
        cost=pl.col("cost_usd").cast(pl.Float64),
        price=pl.col("cost_status").fill_null(UNKNOWN).str.replace_all("_", " "),
        uncached="uncached_input_tokens",
        read="cache_read_tokens",
        write="cache_write_tokens",
        output="output_tokens",
        usage=pl.col("usage_status").fill_null(UNKNOWN),
    )
    return table.sort("turn"), {
        "turn": st.column_config.NumberColumn("turn", format="%d", width=60),
        "finding": st.column_config.TextColumn("part of finding", width=150),
        "started": _time("started (UTC)"),
        "seconds": st.column_config.NumberColumn("took", format="%.2f s"),
        "model": st.column_config.TextColumn("model"),
        "outcome": st.column_config.TextColumn("outcome"),
        "cost": _money("cost"),
        "price": st.column_config.TextColumn("price is"),
        "uncached": _tokens("uncached input"),
        "read": _tokens("cache read"),
        "write": _tokens("cache write"),
        "output": _tokens("output"),
        "usage": st.column_config.TextColumn("usage is"),
    }


def blocks(frame: pl.DataFrame) -> tuple[pl.DataFrame, Config]:
    """The most expensive blocks of content."""
    table = frame.select(
        kind=pl.col("kind").str.replace_all("_", " "),
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
    return table, {
        "kind": st.column_config.TextColumn("kind"),
        "tool": st.column_config.TextColumn("tool"),
        "cost": st.column_config.NumberColumn(
            "cost", format=FINE_MONEY, help="Its share of the input's price in every call that sent it"
        ),
        "tokens": _tokens("tokens sent", help="Its share of the billed input, by bytes, over all the calls"),
        "times": _count("sent in calls"),
        "size": st.column_config.NumberColumn("size", format="bytes"),
        "seen": st.column_config.TextColumn("turns"),
        "error": st.column_config.TextColumn("error", width=180),
        "hash": st.column_config.TextColumn("hash", help="Equal content has an equal hash in every session"),
    }


def height(table: pl.DataFrame) -> int | Literal["content"]:
    """As high as its rows, as long as one can see them all at once."""
    return "content" if table.height <= ROWS_AT_ONCE else SCROLLED_HEIGHT


def _known_cost() -> pl.Expr:
    """Dollars of what has a price. Refused calls cost nothing, which is no price for those that were answered."""
    nothing = (pl.col("unpriced_calls") > 0) & (pl.col("cost_usd") == 0)
    return pl.when(~nothing).then(pl.col("cost_usd").cast(pl.Float64))


def _cached() -> pl.Expr:
    """Percent, rounded down as everywhere, so that 100 % means all."""
    return (1000 * pl.col("cache_read_tokens")).floordiv(pl.col("input_tokens")) / 10


def _money(label: str) -> Any:
    return st.column_config.NumberColumn(label, format=MONEY)


def _count(label: str, **options: Any) -> Any:
    return st.column_config.NumberColumn(label, format="localized", **options)


def _tokens(label: str, **options: Any) -> Any:
    return st.column_config.NumberColumn(label, format="localized", **options)


def _percent(label: str, **options: Any) -> Any:
    return st.column_config.NumberColumn(label, format="%.1f %%", **options)


def _time(label: str) -> Any:
    return st.column_config.DatetimeColumn(label, format="YYYY-MM-DD HH:mm:ss")
