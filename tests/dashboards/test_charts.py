"""Do the charts show the frames they get?"""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import (
    answer_chart,
    by_turn,
    colors,
    drawing,
    judging,
    loop_graph,
    queries,
    session_chart,
    time_charts,
    treemap,
)

AT = datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001 - the ledger's times are UTC without a zone


def series(*rows: tuple[int, str, int, float | None]) -> pl.DataFrame:
    """Rows of (minute, name, rank, dollars)."""
    return pl.DataFrame(
        [
            {
                "bucket": AT + timedelta(minutes=at),
                "name": name,
                "rank": rank,
                "dollars": usd,
                "tokens": 1,
                "calls": 1,
            }
            for at, name, rank, usd in rows
        ],
        schema_overrides={"dollars": pl.Float64},
    )


def drawn(chart: Any) -> list[dict[str, Any]]:
    """The rows that a chart draws."""
    (rows,) = chart.to_dict()["datasets"].values()
    return list(rows)


def lanes(ledger: Ledger, session: queries.Session) -> session_chart.Lanes:
    """What the chart of a session shows."""
    found = judging.session(ledger, session=session.session.item(0, "session_id")).findings
    members = judging.members(found, session.turns)
    return session_chart.Lanes(session.turns, members, session.context, session.tool_calls)


def test_bars_stand_on_each_other() -> None:
    """In each stretch of time a bar begins where the one below it ends; unknown dollars have no height."""
    frame = series((0, "a", 1, 2.0), (0, "b", 2, 1.0), (1, "b", 2, 4.0), (1, "c", 3, None))
    rows = drawn(time_charts.over_time(frame, "dollars", 60, 300))
    assert [(row["name"], row["low"], row["high"]) for row in rows] == [
        ("a", 0.0, 2.0),
        ("b", 2.0, 3.0),
        ("b", 0.0, 4.0),
        ("c", 4.0, 4.0),
    ]


def test_colours_follow_the_rank_and_others_are_grey() -> None:
    """The most expensive name is first, whatever time it shows up."""
    frame = series((0, "all others", 9, 1.0), (1, "dear", 1, 1.0), (2, "cheap", 2, 1.0))
    scale = time_charts.over_time(frame, "dollars", 60, 300).to_dict()["encoding"]["color"]["scale"]
    assert scale["domain"] == ["dear", "cheap", "all others"]
    assert scale["range"] == [colors.SERIES[0], colors.SERIES[1], colors.OTHER]


@pytest.mark.parametrize(
    ("dollars", "number"), [(250.0, "$,.0f"), (2.5, "$,.2f"), (0.025, "$,.3f"), (0.002, "$,.4f")]
)
def test_the_axis_has_the_digits_it_needs(dollars: float, number: str) -> None:
    """Five ticks never read alike."""
    chart = time_charts.over_time(series((0, "a", 1, dollars)), "dollars", 60, 300).to_dict()
    assert chart["encoding"]["y"]["axis"]["format"] == number


def test_a_session_is_drawn_on_one_axis_of_turns(ledger: Ledger) -> None:
    """Findings, context and tools under each other; every turn at the same place."""
    session = queries.session(ledger, session="looping")
    spec = session_chart.session(lanes(ledger, session), session.step).to_dict()
    assert [part["title"] for part in spec["vconcat"]] == [
        "Turns",
        "Part of a finding",
        "Input, in tokens",
        "Tools called",
    ]
    assert {tuple(part["encoding"]["x"]["scale"]["domain"]) for part in spec["vconcat"]} == {(0.5, 7.5)}


def test_what_is_carried_lies_below_what_is_new(ledger: Ledger) -> None:
    """In a stack, the pale part is what was paid before."""
    session = queries.session(ledger, session="looping")
    spec = session_chart.session(lanes(ledger, session), session.step).to_dict()
    rows = [row for row in spec["datasets"][spec["vconcat"][2]["data"]["name"]] if row["turn"] == 2]
    carried = max(row["high"] for row in rows if row["state"] == by_turn.CARRIED)
    assert carried == min(row["low"] for row in rows if row["state"] == by_turn.FRESH)
    assert max(row["high"] for row in rows) == 1080


def test_turns_that_share_a_bar_share_it_everywhere(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a long session findings and tools stand under the averages that they belong to."""
    monkeypatch.setattr(queries, "TURN_BARS", 3)
    session = queries.session(ledger, session="looping")
    spec = session_chart.session(lanes(ledger, session), session.step).to_dict()
    rows = [spec["datasets"][part["data"]["name"]] for part in spec["vconcat"]]
    assert [sorted({row["turn"] for row in part}) for part in rows] == [[1, 4, 7], [1, 4], [1, 4, 7], [1, 4]]
    assert [row["calls"] for row in rows[3]] == [3, 3]
    assert spec["vconcat"][0]["encoding"]["x"]["scale"]["domain"] == [0.5, 9.5]


def test_a_failed_tool_call_is_red(ledger: Ledger) -> None:
    """Red means the same as everywhere."""
    session = queries.session(ledger, session="looping")
    spec = session_chart.session(lanes(ledger, session), session.step).to_dict()
    tools = spec["vconcat"][3]
    assert dict(zip(*tools["encoding"]["color"]["scale"].values(), strict=True))["failed"] == colors.ERROR
    assert {row["outcome"] for row in spec["datasets"][tools["data"]["name"]]} == {"failed"}


def test_a_session_without_usage_shows_bytes() -> None:
    """Where no tokens were reported, sizes still tell what grows."""
    context = pl.DataFrame(
        {"turn": [1], "kind": ["system"], "fresh": [True], "tokens": [None], "bytes": [4000.0]},
        schema_overrides={"tokens": pl.Float64},
    )
    nothing = pl.DataFrame(schema={"turn": pl.Int64})
    spec = session_chart.session(session_chart.Lanes(nothing, nothing, context, nothing), 1).to_dict()
    assert [part["title"] for part in spec["vconcat"]] == ["Input, in bytes"]


def test_nobody_is_told_what_was_new_where_nobody_knows(ledger: Ledger) -> None:
    """Without a list of blocks the bars show classes of tokens, and no legend claims that they are new."""
    session = queries.session(ledger, session="hostile")
    spec = session_chart.session(lanes(ledger, session), session.step).to_dict()
    turns, part = spec["vconcat"]
    assert part["encoding"]["color"]["scale"]["domain"] == ["cache read", "uncached input"]
    assert part["encoding"]["opacity"]["legend"] is None
    assert part["encoding"]["opacity"]["scale"]["type"] == "ordinal"
    rows = spec["datasets"][part["data"]["name"]]
    assert {row["state"] for row in rows} == {by_turn.NOT_TOLD}
    assert turns["encoding"]["color"]["legend"] is None


@pytest.mark.parametrize("names", [["a"], ["claude-sonnet-4-5-20250929"] * 9, ["x" * 400]])
def test_a_legend_fits(names: list[str]) -> None:
    """Long names get fewer columns, and always one."""
    columns = drawing.columns(names, drawing.NARROW)
    assert columns >= 1
    assert columns == 1 or columns * drawing.CHARACTER * len(names[0]) <= drawing.NARROW


def test_no_two_meanings_share_a_colour() -> None:
    """A tier, a kind of block and a class of tokens are never confused."""
    turns = [colors.TURNS[state] for state in ("retried", "context cut", "ordinary")]
    meanings = [*colors.TIERS.values(), *colors.KINDS.values(), *colors.TOKENS.values(), *turns]
    assert len(meanings) == len(set(meanings))


def test_times_are_not_shifted() -> None:
    """09:00 UTC stays 09:00 on the axis."""
    (row,) = drawn(time_charts.over_time(series((0, "a", 1, 1.0)), "dollars", 60, 300))
    assert row["bucket"].startswith("2026-11-02T09:00")
    assert AT.replace(tzinfo=UTC).hour == 9


def test_a_failed_turn_is_red_and_a_retried_one_is_not(ledger: Ledger) -> None:
    """What was special about a turn is told by its colour; of several things, the worst."""
    session = queries.session(ledger, session="housed")
    spec = session_chart.session(lanes(ledger, session), session.step).to_dict()
    rows = spec["datasets"][spec["vconcat"][0]["data"]["name"]]
    states = {row["turn"]: row["state"] for row in rows}
    assert states == {1: "ordinary", 2: "cache missed", 3: "cache missed", 4: "failed"}


def test_an_answer_without_numbers_is_no_chart() -> None:
    """Bars need an amount and a name; dollars come before other numbers."""
    assert answer_chart.answer(pl.DataFrame({"a": ["x"]})) is None
    assert answer_chart.answer(pl.DataFrame({"a": [1]})) is None
    drawing = answer_chart.answer(pl.DataFrame({"model": ["x"], "calls": [1], "usd": [2.0]}))
    assert drawing is not None
    assert drawing.to_dict()["encoding"]["x"]["title"] == "usd"


def test_blocks_without_a_price_are_as_large_as_what_was_sent(ledger: Ledger) -> None:
    """A small block in every call weighs more than a larger one that was sent once; the picture and its words agree."""
    blocks = queries.blocks(ledger, session="looping", turn=None).with_columns(
        cost_usd=pl.lit(None, pl.Decimal(38, 12)), tokens=pl.lit(None, pl.Int64)
    )
    assert treemap.measured(blocks) == "sent_bytes"
    sizes = {
        child["name"]: child["value"]
        for kind in treemap.context(blocks)["series"][0]["data"]
        for child in kind["children"]
    }
    assert sizes["system: 28 k bytes, in 7 calls"] == 7 * 4000


def test_a_treemap_is_the_whole_context(ledger: Ledger) -> None:
    """Rectangles of all kinds add up to what the blocks cost; what could not be seen is one rectangle."""
    blocks = queries.blocks(ledger, session="looping", turn=None)
    kinds = treemap.context(blocks)["series"][0]["data"]
    sizes = [block["value"] for kind in kinds for block in kind["children"]]
    assert sum(sizes) == pytest.approx(float(blocks["cost_usd"].sum()))
    assert kinds[0]["itemStyle"]["color"] == colors.KINDS["system"]


def test_a_loop_is_drawn_as_steps() -> None:
    """From tool to tool, with how often, and failing tools in red."""
    pattern = pl.DataFrame({"tool_name": ["a", "b", "a", "b"], "error_class": [None, "E", None, "E"]})
    (drawn,) = loop_graph.graph(pattern)["series"]
    assert {(link["source"], link["target"]): link["value"] for link in drawn["links"]} == {
        ("a", "b"): 2,
        ("b", "a"): 1,
    }
    assert [node["itemStyle"]["color"] for node in drawn["data"]] == [
        colors.SPANS["tool"],
        colors.ERROR,
    ]


def test_rows_of_an_answer_keep_their_own_bars() -> None:
    """Two models of one provider are two bars: they are named by as many columns as tell them apart."""
    rows = pl.DataFrame(
        {"provider": ["x", "x"], "model": ["a", "b"], "calls": [3, 4], "wasted_usd": [1.0, 2.0]}
    )
    assert drawn(answer_chart.answer(rows)) == [
        {"name": "x · a", "value": 1.0},
        {"name": "x · b", "value": 2.0},
    ]
    alike = pl.DataFrame({"model": ["a", "a"], "calls": [3, 4]})
    assert [row["name"] for row in drawn(answer_chart.answer(alike))] == ["1 · a", "2 · a"]


def test_nothing_reads_as_nothing_on_an_axis_of_short_numbers() -> None:
    """`0`, not `0k`: Vega formats an axis with one prefix for all its labels, so each label is formatted alone."""
    axis = time_charts.over_time(series((0, "a", 1, 1.0)), "tokens", 60, 300).to_dict()["encoding"]["y"][
        "axis"
    ]
    assert "format" not in axis
    assert "format(datum.value, '~s')" in axis["labelExpr"]
