"""Do the pages' questions get the ledger's numbers?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import queries, readymade, summaries


@pytest.mark.parametrize("by", ["model", "agent", "session", "project"])
def test_every_breakdown_adds_up_to_the_totals(ledger: Ledger, by: str) -> None:
    """Chart, table and headline tell of the same calls and tokens."""
    burn = queries.burn(ledger, since=None, by=by)
    read, written = burn.totals.input_tokens or 0, burn.totals.output_tokens or 0
    assert burn.series["calls"].sum() == burn.groups["calls"].sum() == burn.totals.calls == 12
    assert burn.series["tokens"].sum() == read + written == 8120 + 15_000 + 2_000 + 210 + 300 + 70
    assert burn.classes.drop("bucket").sum().sum_horizontal().item() == read + written
    assert burn.groups["cost_usd"].sum() == burn.totals.cost_usd


def test_names_beyond_the_first_are_one_series(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chart has a handful of colours, and still shows everything."""
    monkeypatch.setattr(queries, "SERIES_SHOWN", 1)
    series = queries.burn(ledger, since=None, by="session").series
    assert set(series["name"]) == {"looping", "all others"}
    assert series["calls"].sum() == 12


def test_models_without_a_price_are_named(ledger: Ledger) -> None:
    """What is missing from the dollars stands beside them, and a refused call is not part of it."""
    sure = summaries.burn_coverage(queries.burn(ledger, since=None, by="model"))
    assert sure.warning is not None
    assert "house-model-1 (3 calls, 15 k tokens without a price)" in sure.warning
    assert sure.sentences[0] == "40.4 % of the tokens have a price"
    assert sure.sentences[2] == "usage is exact for 11 of 11 answered calls"


def test_calls_without_usage_do_not_lack_a_price(ledger: Ledger) -> None:
    """What nobody reported is said to be that: its model may well have a price."""
    burn = queries.burn(ledger, since=None, by="model")
    unreported = pl.DataFrame({"model": ["gpt-5"], "calls": [3], "tokens": [0]})
    warning = summaries.burn_coverage(replace(burn, unpriced=unreported)).warning
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
    assert session.findings["detector"].to_list() == ["loops"]
    assert queries.turns_of(session.members, 1) == [1, 2, 3, 4, 5, 6]


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
    assert session.findings.is_empty()


@pytest.mark.parametrize("name", readymade.QUERIES)
def test_ready_queries_run(ledger: Ledger, name: str) -> None:
    """What the page offers works on any ledger."""
    assert queries.select(ledger, sql=readymade.QUERIES[name]).columns


def test_the_schema_lists_the_documented_views(ledger: Ledger) -> None:
    """Every view of the contract, each with what it is about."""
    views = {name: about for name, about, _ in queries.by_view(queries.schema(ledger))}
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


def test_every_statement_is_asked(ledger: Ledger) -> None:
    """No SQL file is left over."""
    folder = Path(queries.__file__).parent / "sql"
    source = Path(queries.__file__).read_text(encoding="utf-8")
    assert all(f'"{file.stem}"' in source for file in folder.glob("*.sql"))


def test_bars_are_as_wide_as_needed() -> None:
    """Seconds for a demo, days for a year, never more than fit."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert queries.bar_seconds(None, None) == 1
    assert queries.bar_seconds(start, start + timedelta(seconds=50)) == 1
    assert queries.bar_seconds(start, start + timedelta(hours=24)) == 1800
    assert queries.bar_seconds(start, start + timedelta(days=365)) == 604_800
    assert queries.bar_seconds(start, start + timedelta(days=36_500)) == queries.STEPS[-1]
