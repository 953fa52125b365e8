"""Do the pages' questions get the ledger's numbers?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import asking, asking_sql, burning, judging, queries, scope, summaries
from otel_burn_dashboards.scope import DIMENSIONS, Scope, filters

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def burned(ledger: Ledger, by: str = "model", then: str = "nothing else", **scope: Any) -> burning.Burn:
    return burning.burn(ledger, scope=Scope(**scope), by=by, then=then, now=NOW)


@pytest.mark.parametrize("by", DIMENSIONS)
def test_every_breakdown_adds_up_to_the_totals(ledger: Ledger, by: str) -> None:
    """Chart, table and headline tell of the same calls and tokens."""
    burn = burned(ledger, by)
    read, written = burn.totals.input_tokens or 0, burn.totals.output_tokens or 0
    assert burn.series["calls"].sum() == burn.groups["calls"].sum() == burn.totals.calls == 12
    assert burn.series["tokens"].sum() == read + written == 8120 + 15_000 + 2_000 + 210 + 300 + 70
    assert burn.classes.drop("bucket").sum().sum_horizontal().item() == read + written
    assert burn.groups["cost_usd"].sum() == burn.totals.cost_usd


def test_two_dimensions_add_up_to_one(ledger: Ledger) -> None:
    """Models told apart by agents are the same dollars."""
    pairs = burned(ledger, "model", "agent").groups
    assert pairs.select("name", "then_name").rows() == [
        ("gpt-5-mini", "fixer"), ("gpt-5-mini", "![x](http://evil.example/x.png)"), ("house-model-1", "librarian"),
    ]  # fmt: skip
    assert pairs["cost_usd"].sum() == burned(ledger).totals.cost_usd


def test_classes_of_tokens_make_up_the_bill(ledger: Ledger) -> None:
    """What input, cache and output cost is what was spent."""
    bill = burned(ledger, "token class").groups
    assert bill["cost_usd"].sum() == burned(ledger).totals.cost_usd


def test_tools_are_charged_for_what_their_results_cost(ledger: Ledger) -> None:
    """Of each tool: how often it was called, and its share of the contexts that carried its results."""
    (tool,) = burned(ledger, "tool").groups.to_dicts()
    assert (tool["name"], tool["calls"], tool["failed"]) == ("run_tests", 6, 6)
    assert 0 < tool["cost_usd"] < (burned(ledger).totals.cost_usd or 0)


def test_filters_select_calls(ledger: Ledger) -> None:
    """Values of one dimension add, dimensions narrow down; what nobody recorded can be selected."""
    chosen = {"agent: fixer": 7, "agent: librarian": 4, "project: not recorded": 12, "model: none": 0}
    for where, calls in chosen.items():
        assert burned(ledger, filters=filters([where])).totals.calls == calls
    assert burned(ledger, filters=filters(["agent: fixer", "agent: librarian"])).totals.calls == 11
    assert burned(ledger, filters=filters(["agent: fixer", "model: none"])).totals.calls == 0


def test_a_range_begins_on_a_quarter_and_has_a_period_before(ledger: Ledger) -> None:
    """Fine bars and sums are of the same calls, and what came before is compared at the same length."""
    burn = burned(ledger, since=NOW - timedelta(minutes=10))
    assert burn.totals.calls == 0
    assert burn.before is not None
    assert burn.before.calls == 12
    inside = burned(ledger, since=NOW - timedelta(minutes=29), until=NOW)
    assert inside.totals.calls == inside.series["calls"].sum() == 12


def test_cache_misses_are_what_the_turn_before_had(ledger: Ledger) -> None:
    """Of seven turns without any cache, all input that an earlier turn had sent or received."""
    burn = burned(ledger, filters=filters(["session: looping"]))
    assert burn.totals.missed_tokens == sum(1000 + 40 * turn + 30 for turn in range(1, 7))


def test_too_little_history_is_said(ledger: Ledger) -> None:
    """One day of calls is no forecast."""
    burn = burned(ledger)
    assert burn.outlook.forecast is None
    assert summaries.burn_figures(burn)[-1].value == "too little history"


def test_names_beyond_the_first_are_one_series(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chart has a handful of colours, and still shows everything."""
    monkeypatch.setattr(burning, "SERIES_SHOWN", 1)
    series = burned(ledger, "session").series
    assert set(series["name"]) == {"looping", "all others"}
    assert series["calls"].sum() == 12


def test_models_without_a_price_are_named(ledger: Ledger) -> None:
    """What is missing from the dollars stands beside them, and a refused call is not part of it."""
    sure = summaries.burn_coverage(burned(ledger))
    assert sure.warning is not None
    assert "house-model-1 (3 calls, 15 k tokens without a price)" in sure.warning
    assert sure.sentences[0] == "40.4 % of the tokens have a price"
    assert sure.sentences[2] == "usage is exact for 11 of 11 answered calls"


def test_calls_without_usage_do_not_lack_a_price(ledger: Ledger) -> None:
    """What nobody reported is said to be that: its model may well have a price."""
    unreported = pl.DataFrame({"model": ["gpt-5"], "calls": [3], "tokens": [0]})
    warning = summaries.burn_coverage(replace(burned(ledger), unpriced=unreported)).warning
    assert warning == "The cost of gpt-5 (3 calls, no reported tokens) is unknown, and in none of the sums."


def test_a_session_without_any_price_is_unpriced(ledger: Ledger) -> None:
    """Three answers at an unknown price and a refusal at none are not $0."""
    session = queries.session(ledger, session="housed")
    spend = summaries.session_figures(session.session.row(0, named=True))[0]
    assert spend.value == "unpriced"


def test_a_session_knows_what_is_new_in_each_turn(ledger: Ledger) -> None:
    """The first turn is all new; later ones carry it along."""
    context = queries.session(ledger, session="looping").context
    assert context.filter(pl.col("turn") == 1)["fresh"].all()
    later = context.filter((pl.col("turn") == 4) & (pl.col("kind") == "system"))
    assert later["fresh"].to_list() == [False]
    tokens = context.group_by("turn").agg(pl.col("tokens").sum()).sort("turn")["tokens"].to_list()
    assert tokens == [1000 + 40 * turn for turn in range(1, 8)]


def test_a_call_without_a_manifest_still_shows_its_input(ledger: Ledger) -> None:
    """An emitter that lists no context leaves a bar, not a hole."""
    context = queries.session(ledger, session="housed").context
    assert context.select("turn", "kind", "tokens").rows() == [
        (turn, "uncached input", 5000) for turn in (1, 2, 3)
    ]
    assert context["fresh"].is_null().all()


def test_long_sessions_show_averages(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """More bars than pixels would be noise."""
    monkeypatch.setattr(queries, "TURN_BARS", 3)
    session = queries.session(ledger, session="looping")
    assert session.step == 3
    tokens = session.context.group_by("turn").agg(pl.col("tokens").sum()).sort("turn").rows()
    assert tokens == [(1, 1080), (4, 1200), (7, 1280)]


def test_loop_members_are_turns(ledger: Ledger) -> None:
    """The finding's calls are found again among the turns."""
    session = queries.session(ledger, session="looping")
    found = judging.session(ledger, session="looping").findings
    assert found["detector"].to_list() == ["loops"]
    assert judging.turns_of(judging.members(found, session.turns), 1) == [1, 2, 3, 4, 5, 6]


def test_the_blocks_of_one_turn_are_a_part_of_all(ledger: Ledger) -> None:
    """Choosing a turn asks only for its blocks."""
    blocks = queries.blocks(ledger, session="looping", turn=2)
    assert queries.blocks(ledger, session="looping", turn=None)["tokens"].sum() == 8120
    assert blocks["tokens"].sum() == 1080
    assert blocks.filter(pl.col("kind") == "tool_result")["tool"].to_list() == ["run_tests"]


def test_an_unknown_session_has_no_row(ledger: Ledger) -> None:
    """A link to a session of another ledger is no error."""
    session = queries.session(ledger, session="elsewhere")
    assert session.session.is_empty()
    assert judging.session(ledger, session="elsewhere").findings.is_empty()


@pytest.mark.parametrize("title", asking_sql.ready())
def test_ready_questions_run(ledger: Ledger, title: str) -> None:
    """What the page offers works on any ledger, with its parameters NULL."""
    assert asking_sql.select(ledger, sql=asking_sql.ready()[title]).rows.columns


def test_a_long_answer_is_cut_and_says_so(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser gets what it can show."""
    monkeypatch.setattr(asking_sql, "ROWS_SHOWN", 10)
    answer = asking_sql.select(ledger, sql="SELECT * FROM range(11)")
    assert (answer.rows.height, answer.more) == (10, True)
    assert not asking_sql.select(ledger, sql="SELECT * FROM range(10)").more


def test_only_parameters_are_bound() -> None:
    """Dollars in texts, names and comments are none."""
    sql = """SELECT '$a', "$b", $c -- $d\n/* $e */ WHERE $c IS NULL"""
    assert asking_sql.parameters(sql) == ["c"]


@pytest.mark.parametrize("name", judging.TABLES)
def test_content_across_sessions_can_be_asked_for(ledger: Ledger, name: str) -> None:
    """Each table runs; blocks cost what the calls' input cost."""
    rows, sessions = judging.table(ledger, scope=Scope(), name=name)
    assert rows.columns
    if name == "bootstraps":
        assert rows.select("agent", "tool_tokens").row(0) == ("fixer", 0)  # no tools, which is known
    if name == "blocks":
        assert sessions == 3
        assert rows["tokens"].sum() == 8120


def test_reads_that_brought_the_same_are_found(ledger: Ledger) -> None:
    """Nothing in this ledger was read twice; running tests again is no read."""
    assert judging.table(ledger, scope=Scope(), name="repeated reads").rows.is_empty()


def test_a_finding_has_its_turns_and_what_repeats(ledger: Ledger) -> None:
    """Every call of it, with its place, and the sequence of a lap."""
    listed = judging.findings(ledger, scope=Scope(), tier="loop", detector="all", expected=False).findings
    found = judging.finding(ledger, finding=listed.item(0, "finding_id"))
    assert found.about is not None
    assert found.turns["turn"].to_list() == [1, 2, 3, 4, 5, 6]
    assert judging.laps(found.pattern) == [("run_tests", 6)]


def test_laps_are_the_shortest_sequence_that_repeats() -> None:
    """`a b a b` is two laps of two; what has no order is counted."""

    def pattern(*names: str) -> pl.DataFrame:
        return pl.DataFrame({"tool_name": names, "args_hash": names})

    assert judging.laps(pattern("a", "b", "a", "b")) == [("a", 2), ("b", 2)]
    assert judging.laps(pattern("a", "b", "b")) == [("a", 1), ("b", 2)]


def test_the_schema_lists_the_documented_views(ledger: Ledger) -> None:
    """Every view of the contract, each with what it is about."""
    views = {name: about for name, about, _ in asking_sql.by_view(asking_sql.schema(ledger))}
    wanted = {
        "spans",
        "llm_calls",
        "attempts",
        "context_blocks",
        "tool_calls",
        "sessions",
        "findings",
        "rates",
    }
    assert wanted <= set(views)
    assert all(views.values())


def test_every_statement_is_asked() -> None:
    """No SQL file is left over."""
    folder = Path(asking.__file__).parent
    source = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    assert [file.name for file in (folder / "sql").glob("*.sql") if f'"{file.stem}"' not in source] == []


def test_bars_are_as_wide_as_needed() -> None:
    """Seconds for a demo, days for a year, never more than fit."""
    start = datetime(2026, 1, 1, tzinfo=UTC)

    def step(span: timedelta) -> int:
        width, marks = scope.edges(start, start + span, Scope())
        assert len(marks) <= scope.BARS + 2
        return width

    assert step(timedelta(0)) == step(timedelta(seconds=50)) == 1
    assert step(timedelta(hours=24)) == 1800
    assert step(timedelta(days=40)) == 86400
    assert step(timedelta(days=365)) == 7 * 86400


def test_days_are_the_readers(ledger: Ledger) -> None:
    """A day begins where the reader says, on the reader's clock, also when that changes to winter time."""
    start = datetime(2026, 10, 20, tzinfo=UTC)
    _, marks = scope.edges(start, start + timedelta(days=40), Scope(zone="Europe/Berlin", day=6))
    assert marks[0] == datetime(2026, 10, 19, 4, tzinfo=UTC)
    assert marks[10] == datetime(2026, 10, 29, 5, tzinfo=UTC)
