"""Does the compare page tell the ledger's numbers, in every state, and does its address hold them?"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import burning, compared, comparing, periods, waterfall
from otel_burn_dashboards.scope import Scope

OpenPage = Callable[..., AppTest]
NOW = datetime(2026, 11, 2, 9, 40, tzinfo=UTC)


def between(
    ledger: Ledger, left: str, right: str, pair: str = "session", **scope: object
) -> comparing.Comparison:
    found = comparing.compare(ledger, pair=pair, left=left, right=right, scope=Scope(**scope), now=NOW)  # type: ignore[arg-type]
    assert found is not None
    return found


def said(app: AppTest) -> str:
    """Everything that the page says in words."""
    parts = (app.markdown, app.caption, app.info, app.warning, app.error)
    return "\n".join(str(element.value) for part in parts for element in part).replace("\\", "")


def test_two_sessions_are_explained_to_the_last_digit(ledger: Ledger) -> None:
    """The factors' effects are the difference of what the sessions cost on the burn page."""
    found = between(ledger, "looping", "hostile")
    costs = {
        row["name"]: row["cost_usd"]
        for row in burning.groups(ledger, Scope(), by="session", then="").to_dicts()
    }
    assert found.effects is not None
    assert sum(found.effects.values(), Decimal(0)) == costs["hostile"] - costs["looping"] != 0
    assert found.effects["price"] == found.effects["fees"] == 0
    assert found.effects["calls"] < 0 < found.effects["context"]


def test_the_parts_of_both_sides_are_the_difference(ledger: Ledger) -> None:
    """Model by model, what has no call on a side costs nothing there."""
    found = between(ledger, "fixer", "![x](http://evil.example/x.png)", "agent")
    assert found.parts["name"].to_list() == ["gpt-5-mini"]
    assert found.parts["difference_usd"].sum() == found.right.priced.cost - found.left.priced.cost
    apart = between(ledger, "fixer", "librarian", "agent").parts
    assert apart.sort("name").select("left_calls", "right_calls").rows() == [(7, 0), (0, 4)]


def test_what_has_no_price_is_named_and_not_compared(ledger: Ledger) -> None:
    """A side whose calls have no price is unknown, never 0."""
    found = between(ledger, "looping", "housed")
    assert found.effects is None
    assert "is unknown" in compared.sentence(found)
    assert "house-model-1 (3 calls" in (compared.coverage(found).warning or "")
    assert compared.rows(found).filter(pl.col("what") == "cost")["right"].to_list() == ["unpriced"]


def test_a_filter_of_the_same_kind_gives_way(ledger: Ledger) -> None:
    """Who filters by one agent and compares two sees both; other filters hold."""
    found = between(ledger, "fixer", "librarian", "agent", filters=(("agent", ("fixer",)),))
    assert (found.left.totals.calls, found.right.totals.calls) == (7, 4)
    held = between(ledger, "fixer", "librarian", "agent", filters=(("model", ("gpt-5-mini",)),))
    assert (held.left.totals.calls, held.right.totals.calls) == (7, 0)


def test_periods_have_no_call_in_common(ledger: Ledger) -> None:
    """A day against the day before, named or typed, on the reader's clock."""
    found = between(ledger, "yesterday", "today", "period")
    assert (found.left.totals.calls, found.right.totals.calls) == (0, 12)
    assert found.effects is not None
    assert found.effects["calls"] == found.right.priced.cost
    typed = between(
        ledger, "2026-11-02 until 2026-11-03", "2026-11-02T09:15 until 2026-11-02T10:00", "period"
    )
    assert (typed.left.totals.calls, typed.right.totals.calls) == (12, 0)


@pytest.mark.parametrize("name", ["soon", "2026-11-02", "2026-11-03 until 2026-11-02", "a until b", ""])
def test_what_is_no_period_is_told(ledger: Ledger, name: str) -> None:
    """Nothing is guessed."""
    assert comparing.compare(ledger, pair="period", left=name, right="today", scope=Scope(), now=NOW) is None


@pytest.mark.parametrize(
    "names", list(zip(list(periods.PERIODS)[::2], list(periods.PERIODS)[1::2], strict=True))
)
def test_a_named_period_ends_where_the_next_begins(names: tuple[str, str]) -> None:
    """Also where the reader's day begins at six in India, on the last of March."""
    scope = Scope(zone="Asia/Kolkata", day=6)
    before, after = (periods.bounds(name, scope, datetime(2026, 3, 31, 23, 7, tzinfo=UTC)) for name in names)
    assert before and after
    assert before[0] < before[1] == after[0]  # type: ignore[operator]


def test_bars_go_from_one_cost_to_the_other(ledger: Ledger) -> None:
    """Each begins where the one above it ended."""
    found = between(ledger, "looping", "hostile")
    steps = waterfall.steps(found)
    assert steps["end"][:-2].to_list() == steps["begin"][1:-1].to_list()
    assert steps["end"][-2] == pytest.approx(float(found.right.priced.cost))
    assert steps["label"][-1] == steps["label"][-1].lstrip("+")


def test_the_file_has_the_exact_effects(ledger: Ledger) -> None:
    """What the table rounds, the export says in full: its effects add up as text."""
    found = between(ledger, "looping", "hostile")
    exact = compared.exact(found)
    effects = [Decimal(text) for text in exact.filter(pl.col("factor") != "cost")["effect_usd"].drop_nulls()]
    assert sum(effects, Decimal(0)) == Decimal(exact["effect_usd"][-1])


def test_the_page_compares_what_its_address_says(open_page: OpenPage, db: Path) -> None:
    """A link to a comparison: the sentence, the numbers, what they consist of, files of both."""
    app = open_page("compare", db, left="looping", right="hostile")
    assert not app.exception
    assert "hostile cost $" in said(app)
    assert "less than looping" in said(app)
    assert app.dataframe[0].value.set_index("what")["left"]["number of calls"] == "7"
    assert [app.selectbox(key=side).value for side in ("left", "right")] == ["looping", "hostile"]


def test_the_address_names_what_was_not_chosen(open_page: OpenPage, db: Path) -> None:
    """A link that is sent on means the same when other sessions have arrived."""
    app = open_page("compare", db, left="hostile")
    assert app.query_params["left"] in ("hostile", ["hostile"])
    assert app.query_params["right"] in ("looping", ["looping"])


def test_sides_swap(open_page: OpenPage, db: Path) -> None:
    """A click turns the comparison around."""
    app = open_page("compare", db, left="looping", right="hostile")
    next(button for button in app.button if button.label == "Swap").click().run()
    assert not app.exception
    assert "looping cost $" in said(app)
    assert "more than hostile" in said(app)


def test_another_pair_starts_anew(open_page: OpenPage, db: Path) -> None:
    """Sessions are no agents: what was chosen of one kind is forgotten with it."""
    app = open_page("compare", db, left="looping", right="hostile")
    app.selectbox(key="pair").set_value("agent").run()
    assert not app.exception
    assert app.selectbox(key="left").value == "fixer"
    assert "looping" not in said(app)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"left": "looping", "right": "looping"}, "Both sides are the same"),
        ({"left": "looping", "right": "gone"}, "No LLM call of the session gone"),
        ({"pair": "project"}, "There is only one project in this time, not recorded"),
        ({"pair": "period", "left": "soon", "right": "today"}, "That is no period"),
        ({"pair": "mood"}, "looping"),
        ({"range": "1h"}, "No LLM call in the last hour"),
        ({"left": "looping", "right": "housed"}, "no dollars are compared"),
    ],
)
def test_each_state_is_a_sentence(
    open_page: OpenPage, db: Path, params: dict[str, str], sentence: str
) -> None:
    """The same twice, what is gone, only one, a typo, nothing in the range, no price."""
    app = open_page("compare", db, **params)
    assert not app.exception
    assert sentence in said(app)


def test_an_empty_ledger_says_how_to_fill_it(open_page: OpenPage, empty_db: Path) -> None:
    """Nothing to compare yet."""
    app = open_page("compare", empty_db)
    assert not app.exception
    assert "Nothing has been recorded yet" in said(app)
