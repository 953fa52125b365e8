"""How do the frames look? Pure functions from a frame to an Altair chart."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import altair as alt
import polars as pl

from otel_burn_dashboards import colors
from otel_burn_dashboards.figures import detector, phrase

FRESH: Final = "new in this turn"
CARRIED: Final = "carried along from earlier turns"
NOT_TOLD: Final = "new or carried, nobody recorded it"
STATES: Final = {FRESH: 1.0, CARRIED: 0.4, NOT_TOLD: 1.0}
"""How opaque a block is: what is paid again is pale."""
OTHERS: Final = "all others"

NAMES_WIDTH: Final = 140
"""Room for names left of charts that stand under each other, so that their turns align."""
ROW: Final = 24
TITLE: Final[dict[str, Any]] = {"anchor": "start", "fontSize": 14, "offset": 8}
TALL: Final = 300
LINE: Final = 18
"""What a line of a legend takes of the height of a chart."""
NARROW: Final = 480
WIDE: Final = 900
"""Room for a legend, in pixels: above half the page, above all of it."""
LABEL_LIMIT: Final = 260
CHARACTER: Final = 6.5

_MEASURES: Final = {
    "dollars": ("US dollars", "$"),
    "tokens": ("tokens", "~s"),
    "calls": ("LLM calls", ",d"),
}
_CENTS: Final = ((100, "$,.0f"), (0.1, "$,.2f"), (0.01, "$,.3f"), (0, "$,.4f"))
"""How dollars read on the axis, from a highest bar of so many up."""
_MOMENTS: Final = ((60, "%H:%M:%S"), (86_400, "%b %d, %H:%M"), (10**9, "%b %d, %Y"))
"""How a time reads on the axis, for bars narrower than so many seconds."""


def tall(*names: Iterable[str]) -> int:
    """How high charts beside each other are, so that their bars are as tall whatever their legends need."""
    return TALL + LINE * max(_lines(set(one)) for one in names)


def over_time(series: pl.DataFrame, measure: str, step: int, height: int, *, zone: str = "UTC") -> alt.Chart:
    """What burned in each stretch of time, by name: stacked bars, the most expensive name at the bottom."""
    stacked, palette = stacked_series(series, measure)
    details = [
        alt.Tooltip("name:N", title="name"),
        alt.Tooltip("dollars:Q", title="US dollars", format="$,.4f"),
        alt.Tooltip("tokens:Q", title="tokens", format=","),
        alt.Tooltip("calls:Q", title="calls", format=","),
    ]
    return _time_bars(stacked, "name", palette, measure, step, details, zone).properties(height=height)


def token_classes(classes: pl.DataFrame, step: int, height: int, *, zone: str = "UTC") -> alt.Chart:
    """Which classes of tokens went in and came out in each stretch of time."""
    stacked = stacked_classes(classes)
    details = [alt.Tooltip("class:N", title="class"), alt.Tooltip("tokens:Q", title="tokens", format=",")]
    return _time_bars(stacked, "class", colors.TOKENS, "tokens", step, details, zone).properties(
        height=height
    )


def stacked_series(series: pl.DataFrame, measure: str) -> tuple[pl.DataFrame, dict[str, str]]:
    """What burned by name, each on top of the others, and the colours of the names: the most expensive first."""
    names = series.sort("rank").get_column("name").unique(maintain_order=True).to_list()
    palette = {name: _series_color(name, place) for place, name in enumerate(names)}
    return _stacked(series, measure, over="bucket", order="rank"), palette


def stacked_classes(classes: pl.DataFrame) -> pl.DataFrame:
    """Tokens by class, each on top of the others."""
    names = list(colors.TOKENS)
    tall = (
        classes.unpivot(names, index="bucket", variable_name="class", value_name="tokens")
        .filter(pl.col("tokens") > 0)
        .with_columns(rank=pl.col("class").replace_strict(names, range(len(names)), return_dtype=pl.Int64))
    )
    return _stacked(tall, "tokens", over="bucket", order="rank")


def stacked_context(context: pl.DataFrame, measure: str) -> pl.DataFrame:
    """A session's context by kind and turn, each on top of the others."""
    kinds = list(colors.INPUT)
    place = pl.col("kind").replace_strict(kinds, range(len(kinds)), default=len(kinds), return_dtype=pl.Int64)
    told = context.group_by("turn", "kind").agg(pl.col(measure).sum()).with_columns(place=place)
    named = told.with_columns(kind=pl.col("kind").str.replace_all("_", " "))
    return _stacked(named, measure, over="turn", order="place")


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


def _time_bars(
    stacked: pl.DataFrame,
    field: str,
    palette: Mapping[str, str],
    measure: str,
    step: int,
    details: list[alt.Tooltip],
    zone: str,
) -> alt.Chart:
    title, number = _MEASURES[measure]
    if number == "$":
        highest = stacked.get_column("high").max() or 0
        number = next(text for least, text in _CENTS if highest >= least)  # type: ignore[operator]
    moments = next(text for below, text in _MOMENTS if step < below)
    axis = alt.Axis(grid=False, labelOverlap=True, tickCount=6, format=moments)
    legend = _legend(palette, width=NARROW)
    chart: alt.Chart = (
        alt.Chart(stacked.with_columns(until=pl.col("bucket") + pl.duration(milliseconds=step * 920)))
        .mark_rect()
        .encode(
            alt.X("bucket:T", title=None, axis=axis),
            alt.X2("until"),
            _height(title, alt.Axis(format=number, tickCount=5)),
            alt.Y2("high"),
            alt.Color(f"{field}:N", title=None, scale=_scale(palette), legend=legend),
            tooltip=[alt.Tooltip("bucket:T", title=f"from ({zone})", format="%Y-%m-%d %H:%M:%S"), *details],
        )
        .configure_legend(offset=10)
    )
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
        alt.Chart(_turn_spans(told, step), title="Turns")
        .mark_rect(cornerRadius=2)
        .encode(
            _turns(turns, labels=False),
            alt.X2("until"),
            _names("agent", names),
            alt.Color(
                "state:N",
                title=None,
                scale=_scale(present),
                legend=_legend(present) if len(present) > 1 else None,
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


def carried(sent: pl.DataFrame) -> alt.Chart:
    """What each turn paid for one block: in dollars, or in tokens where nobody knows a price."""
    measure, title, number = (
        ("cost_usd", "US dollars", "$.6~f") if sent["cost_usd"].count() else ("tokens", "tokens", "~s")
    )
    shown = _turn_spans(sent, 1).with_columns(
        amount=pl.col(measure).cast(pl.Float64), zero=pl.lit(0.0),
        state=pl.when("fresh").then(pl.lit(FRESH)).otherwise(pl.lit(CARRIED)),
    )  # fmt: skip
    color = colors.KINDS.get(str(sent.item(0, "kind")), colors.OTHER)
    turns = alt.Scale(zero=False, nice=False)
    chart: alt.Chart = (
        alt.Chart(shown)
        .mark_rect(color=color)
        .encode(
            _turns(turns, labels=True),
            alt.X2("until"),
            alt.Y("zero:Q", title=title, axis=alt.Axis(format=number, tickCount=4)),
            alt.Y2("amount"),
            _pale(set(shown["state"])),
            tooltip=[
                alt.Tooltip("turn:Q", title="turn"),
                alt.Tooltip("amount:Q", title=title, format=number),
                alt.Tooltip("state:N", title="is"),
            ],
        )
        .properties(height=TALL // 2)
    )
    return chart


def answer(rows: pl.DataFrame) -> alt.Chart | None:
    """An answer as bars: the first column of numbers by the first of anything else; None without both."""
    numbers = [name for name, kind in rows.schema.items() if kind.is_numeric()]
    names = [name for name, kind in rows.schema.items() if not kind.is_numeric() and not kind.is_nested()]
    if not numbers or not names or rows.is_empty():
        return None
    by = names[0]
    over_time = rows.schema[by].is_temporal()
    value = next((name for name in numbers if name in ("usd", "cost_usd")), numbers[0])
    shown = rows.head(1000 if over_time else 40).select(
        name=pl.col(by).cast(pl.Datetime("ms"))
        if over_time
        else pl.col(by).cast(pl.String).fill_null("NULL"),
        value=pl.col(value).cast(pl.Float64),
    )
    place = (
        alt.X("name:T", title=by)
        if over_time
        else alt.Y("name:N", title=by, sort=None, axis=alt.Axis(labelLimit=LABEL_LIMIT))
    )
    amount = alt.Y("value:Q", title=value) if over_time else alt.X("value:Q", title=value)
    chart: alt.Chart = (
        alt.Chart(shown)
        .mark_bar(color=colors.SERIES[0])
        .encode(place, amount, tooltip=["name", alt.Tooltip("value", format=",")])
        .properties(height=TALL if over_time else max(TALL // 2, 22 * shown.height))
    )
    return chart


def _members(members: pl.DataFrame, turns: alt.Scale, step: int) -> alt.Chart:
    """Which turns are part of which finding?"""
    names = {name: f"{name + 1} {detector(one)}" for name, one in _findings(members)}
    binned = members.with_columns(_bin(step)).unique(["turn", "finding"], maintain_order=True)
    shown = _turn_spans(binned, step).with_columns(
        label=pl.col("finding").replace_strict(names, return_dtype=pl.String)
    )
    chart: alt.Chart = (
        alt.Chart(shown, title="Part of a finding")
        .mark_rect(cornerRadius=2)
        .encode(
            _turns(turns, labels=False),
            alt.X2("until"),
            _names("label", list(names.values())),
            alt.Color("tier:N", scale=_scale(colors.TIERS), legend=None),
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
            _turns(turns, labels=True),
            alt.X2("until"),
            _height(None, _left(format="~s", tickCount=5)),
            alt.Y2("high"),
            alt.Color("kind:N", title=None, scale=_scale(kinds), legend=_legend(kinds)),
            _pale(set(layers["state"])),
            tooltip=[
                alt.Tooltip("turn:Q", title="turn"),
                alt.Tooltip("kind:N", title="kind"),
                alt.Tooltip("state:N", title="is"),
                alt.Tooltip(f"{measure}:Q", title=measure, format=",.0f"),
            ],
        )
        .properties(height=TALL)
    )
    return chart


def _tools(tools: pl.DataFrame, turns: alt.Scale, step: int) -> alt.Chart:
    """Which tools did each turn ask for?"""
    outcomes = {"no error reported": "#868E96", "failed": colors.ERROR}
    fine, failed = outcomes
    binned = (
        tools.with_columns(_bin(step))
        .group_by("turn", "tool", maintain_order=True)
        .agg(pl.col("calls", "errors").sum(), pl.col("error").drop_nulls().first())
    )
    shown = _turn_spans(binned, step).with_columns(
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
            _turns(turns, labels=False),
            alt.X2("until"),
            _names("tool", names),
            alt.Color("outcome:N", title=None, scale=_scale(outcomes), legend=_legend(outcomes)),
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


def _pale(present: set[str]) -> alt.Opacity:
    """How opaque each state is; a legend only where there are states to tell apart."""
    states = {state: opacity for state, opacity in STATES.items() if state in present}
    # Left to itself, Vega spreads a range of numbers evenly over the names.
    scale = alt.Scale(type="ordinal", domain=list(states), range=list(states.values()))
    legend = _legend(states, symbolFillColor=colors.OTHER) if present != {NOT_TOLD} else None
    return alt.Opacity("state:N", title=None, scale=scale, legend=legend)


def _layers(context: pl.DataFrame, measure: str, step: int) -> pl.DataFrame:
    """The blocks of each turn as layers: what is carried along below, what is new on top."""
    kinds = list(colors.INPUT)
    layered = context.with_columns(
        place=pl.col("kind").replace_strict(kinds, range(len(kinds)), default=len(kinds), return_dtype=pl.Int64)
        + pl.when("fresh").then(len(kinds) + 1).otherwise(0),
        state=pl.when("fresh").then(pl.lit(FRESH)).when(~pl.col("fresh")).then(pl.lit(CARRIED))
        .otherwise(pl.lit(NOT_TOLD)),
        kind=pl.col("kind").str.replace_all("_", " "),
    )  # fmt: skip
    return _turn_spans(_stacked(layered, measure, over="turn", order="place"), step)


def _stacked(frame: pl.DataFrame, amount: str, *, over: str, order: str) -> pl.DataFrame:
    """*frame* with where each amount begins and ends on top of those before it. Vega stacks no bars of given width."""
    high = pl.col(amount).fill_null(0).cum_sum().over(over)
    return frame.sort(over, order).with_columns(high=high).with_columns(
        low=pl.col("high") - pl.col(amount).fill_null(0)
    )  # fmt: skip


def _findings(members: pl.DataFrame) -> list[tuple[int, str]]:
    return members.select("finding", "detector").unique().sort("finding").rows()


def _bin(step: int) -> pl.Expr:
    """The first of the turns that share a bar."""
    return (pl.col("turn") - 1) // step * step + 1


def _turn_spans(frame: pl.DataFrame, step: int) -> pl.DataFrame:
    return frame.with_columns(start=pl.col("turn") - 0.44, until=pl.col("turn") + step - 0.56)


def _turns(scale: alt.Scale, *, labels: bool) -> alt.X:
    axis = alt.Axis(grid=False, format="d", tickMinStep=1, labelOverlap=True) if labels else None
    return alt.X("start:Q", title="turn" if labels else None, scale=scale, axis=axis)


def _height(title: str | None, axis: alt.Axis) -> alt.Y:
    return alt.Y("low:Q", title=title, axis=axis, scale=alt.Scale(zero=True, nice=True))


def _names(field: str, names: list[str]) -> alt.Y:
    axis = _left(labelLimit=NAMES_WIDTH - 8, ticks=False, domain=False)
    return alt.Y(f"{field}:N", title=None, sort=names, axis=axis, scale=alt.Scale(paddingInner=0.25))


def _left(**options: Any) -> alt.Axis:
    return alt.Axis(minExtent=NAMES_WIDTH, maxExtent=NAMES_WIDTH, **options)


def _legend(names: Iterable[str], *, width: int = WIDE, **options: Any) -> alt.Legend:
    """A legend in as many columns as fit: Vega would cut off what does not."""
    return alt.Legend(
        **{"orient": "top", "direction": "horizontal", "symbolType": "square"} | options,
        columns=_columns(names, width),
        labelLimit=LABEL_LIMIT,
    )


def _lines(names: Iterable[str]) -> int:
    """How many lines a legend above half the page takes."""
    known = list(names)
    return -(-len(known) // _columns(known, NARROW))


def _columns(names: Iterable[str], width: int) -> int:
    longest = min(CHARACTER * max(map(len, names), default=1), LABEL_LIMIT)
    return max(1, int(width // (longest + 30)))


def _scale(palette: Mapping[str, Any]) -> alt.Scale:
    return alt.Scale(domain=list(palette), range=list(palette.values()))


def _series_color(name: str, place: int) -> str:
    return colors.OTHER if name == OTHERS else colors.SERIES[place % len(colors.SERIES)]
