"""How does a session look turn by turn? Agents, findings, context and tool calls on one axis."""

from typing import Any, Final, NamedTuple

import altair as alt
import polars as pl

from otel_burn_dashboards import by_turn, colors, drawing
from otel_burn_dashboards.figures import detector, phrase

NAMES_WIDTH: Final = 140
"""Room for names left of charts that stand under each other, so that their turns align."""
_EXTENT: Final[dict[str, Any]] = {"minExtent": NAMES_WIDTH, "maxExtent": NAMES_WIDTH}
ROW: Final = 24
TITLE: Final[dict[str, Any]] = {"anchor": "start", "fontSize": 14, "offset": 8}


class Lanes(NamedTuple):
    """What a session's chart shows under each other."""

    turns: pl.DataFrame
    members: pl.DataFrame
    context: pl.DataFrame
    tools: pl.DataFrame


def session(lanes: Lanes, step: int) -> alt.VConcatChart:
    """A session turn by turn: agents, findings, context, tool calls, under each other on one axis of turns."""
    turns_seen, members, context, tools = lanes
    last = max(int(frame.select(_bin(step).max()).item() or 1) for frame in lanes if frame.height)
    turns = alt.Scale(domain=[0.5, last + step - 0.5], nice=False, zero=False)
    parts = ((turns_seen, _agents), (members, _members), (context, _context), (tools, _tools))
    charts = [draw(frame, turns, step) for frame, draw in parts if not frame.is_empty()]
    stacked = alt.vconcat(*charts, spacing=14).resolve_scale(
        x="shared", color="independent", opacity="independent"
    )
    chart: alt.VConcatChart = stacked.configure_title(**TITLE).configure_legend(offset=6)
    return chart


def _agents(turns_seen: pl.DataFrame, turns: alt.Scale, step: int) -> alt.Chart:
    """Whose turns were they, and what was special: failed, retried, cut, missed by the cache?"""
    states = list(colors.TURNS)
    told = (
        turns_seen.with_columns(_bin(step))
        .with_columns(
            agent=pl.col("agent").fill_null("unnamed agent"),
            state=pl.when(pl.col("status") == "error").then(pl.lit("failed"))
            .when(pl.col("attempts") > 1).then(pl.lit("retried"))
            .when(pl.col("shrunk")).then(pl.lit("context cut"))
            .when(pl.col("missed_tokens") > 0.5 * pl.col("input_tokens")).then(pl.lit("cache missed"))
            .otherwise(pl.lit("ordinary")),
            cost=pl.col("cost_usd").cast(pl.Float64),
        )
        .with_columns(rank=pl.col("state").replace_strict(states, range(len(states)), return_dtype=pl.Int64))
        .sort("rank")
        .group_by("turn", "agent", maintain_order=True)
        .agg(pl.col("state").first(), pl.col("cost").sum(), pl.len().alias("calls"))
    )  # fmt: skip
    names = told.group_by("agent").agg(pl.col("turn").min()).sort("turn").get_column("agent").to_list()
    present = {state: color for state, color in colors.TURNS.items() if state in set(told["state"])}
    chart: alt.Chart = (
        alt.Chart(by_turn.turn_spans(told, step), title="Turns")
        .mark_rect(cornerRadius=2)
        .encode(
            by_turn.turn_axis(turns, labels=False),
            alt.X2("until"),
            _names("agent", names),
            alt.Color(
                "state:N",
                title=None,
                scale=drawing.scale(present),
                legend=drawing.legend(present) if len(present) > 1 else None,
            ),
            tooltip=[
                alt.Tooltip("turn:Q", title="turn"),
                alt.Tooltip("agent:N", title="agent"),
                alt.Tooltip("state:N", title="is"),
                alt.Tooltip("cost:Q", title="US dollars", format="$,.6f"),
            ],
        )
        .properties(height=ROW * len(names))
    )
    return chart


def _members(members: pl.DataFrame, turns: alt.Scale, step: int) -> alt.Chart:
    """Which turns are part of which finding?"""
    names = {name: f"{name + 1} {detector(one)}" for name, one in _findings(members)}
    binned = members.with_columns(_bin(step)).unique(["turn", "finding"], maintain_order=True)
    shown = by_turn.turn_spans(binned, step).with_columns(
        label=pl.col("finding").replace_strict(names, return_dtype=pl.String)
    )
    chart: alt.Chart = (
        alt.Chart(shown, title="Part of a finding")
        .mark_rect(cornerRadius=2)
        .encode(
            by_turn.turn_axis(turns, labels=False),
            alt.X2("until"),
            _names("label", list(names.values())),
            alt.Color("tier:N", scale=drawing.scale(colors.TIERS), legend=None),
            tooltip=[
                alt.Tooltip("turn:Q", title="turn"),
                alt.Tooltip("label:N", title="part of finding"),
                alt.Tooltip("tier:N", title="tier"),
            ],
        )
        .properties(height=ROW * len(names))
    )
    return chart


def _context(context: pl.DataFrame, turns: alt.Scale, step: int) -> alt.Chart:
    """What did each turn carry, what of it was new?"""
    measure = "bytes" if context.get_column("tokens").is_null().all() else "tokens"
    kinds = {phrase(kind): color for kind, color in colors.INPUT.items() if kind in set(context["kind"])}
    layers = _layers(context, measure, step)
    chart: alt.Chart = (
        alt.Chart(layers, title=f"Input, in {measure}")
        .mark_rect()
        .encode(
            by_turn.turn_axis(turns, labels=True),
            alt.X2("until"),
            drawing.height(drawing.amounts("~s", tickCount=5, **_EXTENT)),
            alt.Y2("high"),
            alt.Color("kind:N", title=None, scale=drawing.scale(kinds), legend=drawing.legend(kinds)),
            by_turn.pale(set(layers["state"])),
            tooltip=[
                alt.Tooltip("turn:Q", title="turn"),
                alt.Tooltip("kind:N", title="kind"),
                alt.Tooltip("state:N", title="is"),
                alt.Tooltip(f"{measure}:Q", title=measure, format=",.0f"),
            ],
        )
        .properties(height=drawing.TALL)
    )
    return chart


def _tools(tools: pl.DataFrame, turns: alt.Scale, step: int) -> alt.Chart:
    """Which tools did each turn ask for?"""
    outcomes = {"no error reported": colors.ORDINARY, "failed": colors.ERROR}
    fine, failed = outcomes
    binned = (
        tools.with_columns(_bin(step))
        .group_by("turn", "tool", maintain_order=True)
        .agg(pl.col("calls", "errors").sum(), pl.col("error").drop_nulls().first())
    )
    shown = by_turn.turn_spans(binned, step).with_columns(
        outcome=pl.when(pl.col("errors") > 0).then(pl.lit(failed)).otherwise(pl.lit(fine))
    )
    busiest = (
        shown.group_by("tool").agg(pl.col("calls").sum()).sort("calls", "tool", descending=[True, False])
    )
    names = busiest.get_column("tool").to_list()
    chart: alt.Chart = (
        alt.Chart(shown, title="Tools called")
        .mark_rect(cornerRadius=2)
        .encode(
            by_turn.turn_axis(turns, labels=False),
            alt.X2("until"),
            _names("tool", names),
            alt.Color(
                "outcome:N", title=None, scale=drawing.scale(outcomes), legend=drawing.legend(outcomes)
            ),
            tooltip=[
                alt.Tooltip("turn:Q", title="turn"),
                alt.Tooltip("tool:N", title="tool"),
                alt.Tooltip("calls:Q", title="calls"),
                alt.Tooltip("errors:Q", title="failed"),
                alt.Tooltip("error:N", title="error"),
            ],
        )
        .properties(height=ROW * len(names))
    )
    return chart


def _layers(context: pl.DataFrame, measure: str, step: int) -> pl.DataFrame:
    """The blocks of each turn as layers: what is carried along below, what is new on top."""
    kinds = list(colors.INPUT)
    layered = context.with_columns(
        place=pl.col("kind").replace_strict(kinds, range(len(kinds)), default=len(kinds), return_dtype=pl.Int64)
        + pl.when("fresh").then(len(kinds) + 1).otherwise(0),
        state=pl.when("fresh").then(pl.lit(by_turn.FRESH)).when(~pl.col("fresh")).then(pl.lit(by_turn.CARRIED))
        .otherwise(pl.lit(by_turn.NOT_TOLD)),
        kind=pl.col("kind").str.replace_all("_", " "),
    )  # fmt: skip
    return by_turn.turn_spans(drawing.stacked(layered, measure, over="turn", order="place"), step)


def _findings(members: pl.DataFrame) -> list[tuple[int, str]]:
    return members.select("finding", "detector").unique().sort("finding").rows()


def _bin(step: int) -> pl.Expr:
    """The first of the turns that share a bar."""
    return (pl.col("turn") - 1) // step * step + 1


def _names(field: str, names: list[str]) -> alt.Y:
    axis = _left(labelLimit=NAMES_WIDTH - 8, ticks=False, domain=False)
    return alt.Y(f"{field}:N", title=None, sort=names, axis=axis, scale=alt.Scale(paddingInner=0.25))


def _left(**options: Any) -> alt.Axis:
    return alt.Axis(**_EXTENT, **options)
