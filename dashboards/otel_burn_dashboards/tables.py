"""How do the frames read as tables? Frames with columns for people, and how Streamlit shows each."""

from typing import Any, Final, Literal

import polars as pl
import streamlit as st

from otel_burn_dashboards.colors import TIER_COLORS
from otel_burn_dashboards.figures import NOTHING, UNKNOWN, brief, detector, lasting, signed_usd
from otel_burn_dashboards.scope import DIMENSIONS

MONEY: Final = "$%.4f"
FINE_MONEY: Final = "$%.6f"
"""For shares of a call, most of which are small."""
ROWS_AT_ONCE: Final = 25
SCROLLED_HEIGHT: Final = 600
OPENED: Final = "opened"
"""Where Streamlit keeps which row of the list of sessions was clicked."""

Config = dict[str, Any]


def groups(frame: pl.DataFrame, by: str, then: str) -> tuple[pl.DataFrame, Config]:
    """What each name of a dimension burned, and each pair of names; its share is of what has a price."""
    priced = _known_cost()
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
        cached=_cached(),
        missed=pl.col("missed_usd").cast(pl.Float64),
        output="output_tokens",
    )
    second = (
        {"then_name": st.column_config.TextColumn(then, width="medium")}
        if then in DIMENSIONS and then != by
        else {}
    )
    kept = table if second else table.drop("then_name")
    return kept, {"name": st.column_config.TextColumn(by, width="medium")} | second | _SPENT


def bill(frame: pl.DataFrame) -> tuple[pl.DataFrame, Config]:
    """What each class of tokens cost."""
    cost = pl.col("cost_usd").cast(pl.Float64)
    table = frame.select("name", cost=cost, share=100 * cost / cost.sum(), tokens="tokens").filter(
        (pl.col("tokens") > 0) | (pl.col("cost") > 0)
    )
    return table, {
        "name": st.column_config.TextColumn("token class", width="large"),
        "cost": _SPENT["cost"],
        "share": _SPENT["share"],
        "tokens": _tokens("tokens"),
    }


def tools(frame: pl.DataFrame) -> tuple[pl.DataFrame, Config]:
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
            format=MONEY,
            help="Their share of the input's price in every call that carried them",
        ),
        "share": _SPENT["share"],
        "calls": _count("called"),
        "failed": _count("failed"),
        "tokens": _tokens("tokens carried"),
    }


def sessions(frame: pl.DataFrame) -> tuple[pl.DataFrame, Config]:
    """The list of sessions; the row whose name is clicked is in the session state under `OPENED`."""
    table = frame.select(
        session=":material/chevron_right: " + pl.col("session_id"),
        tier=pl.concat_list("worst_tier").list.drop_nulls(),
        worst=pl.col("worst_detector").map_elements(detector, return_dtype=pl.String).fill_null(NOTHING),
        cost=_known_cost(),
        growth="tokens",
        agent=pl.col("agent").fill_null(NOTHING),
        started=pl.col("started_at"),
        lasted=(pl.col("ended_at") - pl.col("started_at")).map_elements(lasting, return_dtype=pl.String),
        calls="calls",
        unpriced="unpriced_calls",
        input="input_tokens",
        cached=_cached(),
        output="output_tokens",
        project=pl.col("project").fill_null(NOTHING),
    )
    return table, {
        "session": st.column_config.ButtonColumn(
            "session", type="tertiary", alignment="left", width=250, key=OPENED
        ),
        "tier": st.column_config.MultiselectColumn(
            "worst finding", options=list(TIER_COLORS), color=list(TIER_COLORS.values()), width=95
        ),
        "worst": st.column_config.TextColumn("what it is", width=140),
        "cost": _money("cost"),
        "growth": st.column_config.AreaChartColumn("input by turn", width=110, y_min=0),
        "agent": st.column_config.TextColumn("agent"),
        "started": _time("started"),
        "lasted": st.column_config.TextColumn("lasted", alignment="right", width=90),
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
    table = (
        frame.join(marks, on="turn", how="left")
        .sort("turn")
        .select(
            turn=pl.format(":material/chevron_right: {}", "turn"),
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
        "turn": st.column_config.ButtonColumn(
            "turn",
            type="tertiary",
            alignment="left",
            width=70,
            key=OPENED,
            help="Opens the turn in its trace",
        ),
        "finding": st.column_config.TextColumn("part of finding", width=150),
        "started": _time("started"),
        "seconds": st.column_config.NumberColumn("took", format="%.2f s"),
        "model": st.column_config.TextColumn("model"),
        "outcome": st.column_config.TextColumn("outcome"),
        "cost": _money("cost"),
        "price": st.column_config.TextColumn("price is"),
        "uncached": _tokens("uncached input"),
        "read": _tokens("cache read"),
        "write": _tokens("cache write"),
        "missed": _tokens(
            "cache missed", help="Of the input, what the turn before had already and no cache served"
        ),
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


ABOUT: Final = {
    "blocks": "The same content has the same hash everywhere: a file that many sessions carry is one row. Its cost is "
    "its share of the input's price in every call that carried it.",
    "unused tools": "Definitions that were sent with every call of a session in which the model never called the tool.",
    "bootstraps": "System prompts and tool definitions: what an agent sends before anything is said, in every call.",
    "repeated reads": "A read with the same arguments that brought the same content again in the same session.",
}
NONE: Final = {
    "blocks": "The calls' emitters listed no context blocks.",
    "unused tools": "No tool definition went unused, or the calls' emitters listed no contexts.",
    "bootstraps": "The calls' emitters listed no system prompts and no tool definitions.",
    "repeated reads": "No read brought the same content twice in a session.",
}


def across(name: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, Config]:
    """One of the tables of what content costs across sessions; a click on the button is under `OPENED`."""
    labels = {column: config for column, config in _ACROSS.items() if column in frame.columns}
    shown = frame.select(
        *(pl.col(column).cast(pl.Float64) if column.endswith("usd") else pl.col(column) for column in labels),
    ).with_columns(session_id=pl.lit(":material/chevron_right: open"))
    if "kind" in shown.columns:
        shown = shown.with_columns(
            pl.col("kind").str.replace_all("_", " "), pl.col("tool").fill_null(NOTHING)
        )
    return shown, {**labels, "calls": _count("calls")} if name == "bootstraps" else labels


def members(frame: pl.DataFrame, stop: str | None) -> tuple[pl.DataFrame, Config]:
    """The turns of a finding; a click on one is under `OPENED`."""
    table = frame.select(
        turn=pl.format(":material/chevron_right: turn {}", "turn"),
        session="session_id",
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
    return table, {
        "turn": st.column_config.ButtonColumn(
            "turn", type="tertiary", alignment="left", width=110, key=OPENED
        ),
        "session": st.column_config.TextColumn("session", width=240),
        "note": st.column_config.TextColumn("", width=190),
        "started": _time("started"),
        "model": st.column_config.TextColumn("model"),
        "cost": _money("cost"),
        "input": _tokens("input"),
        "output": _tokens("output"),
        "outcome": st.column_config.TextColumn("outcome"),
    }


def traces(frame: pl.DataFrame) -> tuple[pl.DataFrame, Config]:
    """The traces to choose from; a click on one is under `OPENED`."""
    table = frame.select(
        trace=":material/chevron_right: " + pl.col("trace_id"),
        cost=pl.col("cost_usd").cast(pl.Float64),
        agent=pl.col("agent").fill_null(NOTHING),
        started="started_at",
        calls="calls",
        sessions="sessions",
    )
    return table, {
        "trace": st.column_config.ButtonColumn(
            "trace", type="tertiary", alignment="left", width=300, key=OPENED
        ),
        "cost": _money("cost"),
        "agent": st.column_config.TextColumn("agent"),
        "started": _time("started"),
        "calls": _count("calls"),
        "sessions": _count("sessions"),
    }


def factors(frame: pl.DataFrame, left: str, right: str) -> tuple[pl.DataFrame, Config]:
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


def beside(frame: pl.DataFrame, by: str, left: str, right: str) -> tuple[pl.DataFrame, Config]:
    """Two sides by the models, or agents, that they consist of."""
    sides = {"left": brief(left, most=20), "right": brief(right, most=20)}
    table = frame.select(
        "name",
        *(pl.col(f"{side}_cost_usd").cast(pl.Float64).alias(f"{side}_cost") for side in sides),
        pl.Series("difference", [signed_usd(one) for one in frame["difference_usd"]], dtype=pl.String),
        *(f"{side}_calls" for side in sides),
        *(f"{side}_unpriced_calls" for side in sides if frame[f"{side}_unpriced_calls"].sum()),
    )
    labelled = {f"{side}_cost": _money(f"cost: {name}") for side, name in sides.items()}
    labelled |= {f"{side}_calls": _count(f"calls: {name}") for side, name in sides.items()}
    labelled |= {f"{side}_unpriced_calls": _count(f"unpriced: {name}") for side, name in sides.items()}
    named = {"name": st.column_config.TextColumn(by, width="medium"), "difference": _DIFFERENCE}
    return table, named | labelled


def height(table: pl.DataFrame) -> int | Literal["content"]:
    """As high as its rows, as long as one can see them all at once."""
    return "content" if table.height <= ROWS_AT_ONCE else SCROLLED_HEIGHT


def _known_cost() -> pl.Expr:
    """Dollars of what has a price. Refused calls cost nothing, which is no price for those that were answered."""
    free = (pl.col("unpriced_calls") == 0) & pl.col("cost_usd").is_null()
    nothing = (pl.col("unpriced_calls") > 0) & (pl.col("cost_usd") == 0)
    return pl.when(free).then(0.0).when(~nothing).then(pl.col("cost_usd").cast(pl.Float64))


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


_SPENT: Final[Config] = {
    "cost": _money("cost"),
    "share": st.column_config.ProgressColumn(
        "share of cost", format="%.1f %%", min_value=0, max_value=100, width="small"
    ),
    "calls": _count("calls"),
    "failed": _count("failed", help="Calls that no model answered"),
    "unpriced": _count("unpriced", help="Answered calls of which nobody knows the price; not in the cost"),
    "sessions": _count("sessions"),
    "input": _tokens("input tokens"),
    "cached": _percent("cached", help="Input that the provider's cache served"),
    "missed": st.column_config.NumberColumn(
        "cache misses",
        format=MONEY,
        help="What input cost that the turn before had already, and no cache served; part of the cost",
    ),
    "output": _tokens("output tokens"),
}
_DIFFERENCE: Final = st.column_config.TextColumn("difference", alignment="right")
_ACROSS: Final[Config] = {
    "session_id": st.column_config.ButtonColumn(
        "worst session", type="tertiary", alignment="left", width=105, key=OPENED
    ),
    "kind": st.column_config.TextColumn("kind", width=110),
    "tool": st.column_config.TextColumn("tool", width=150),
    "agent": st.column_config.TextColumn("agent", width=170),
    "cost_usd": _money("cost"),
    "carried_usd": st.column_config.NumberColumn(
        "of it carried along", format=MONEY, help="After the first time in its session"
    ),
    "sessions": _count("sessions"),
    "calls": _count("calls"),
    "used_in": _count("sessions that used it"),
    "times": _count("times"),
    "each_tokens": _tokens("tokens a call"),
    "tool_tokens": _tokens("of them tools"),
    "tokens": _tokens("tokens sent"),
    "bytes": st.column_config.NumberColumn("size", format="bytes"),
    "repeated_bytes": st.column_config.NumberColumn("read for nothing", format="bytes"),
    "hash": st.column_config.TextColumn("hash", help="Equal content has an equal hash in every session"),
    "args_hash": st.column_config.TextColumn("arguments", help="Equal arguments have an equal hash"),
}
