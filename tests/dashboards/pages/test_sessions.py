"""Do the pages of sessions open on what their address says, also where it is outdated?"""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from otel_burn_collector.reader import open_ledger

OpenPage = Callable[..., AppTest]
Metrics = Callable[[AppTest], dict[str, str]]
Said = Callable[[AppTest], str]


def test_sessions_are_listed_with_their_worst_finding(open_page: OpenPage, db: Path) -> None:
    """Which session is bad, at a glance."""
    table = open_page("sessions", db).dataframe[0].value
    worst = dict(zip(table["session"].str.split(": ").str[-1], table["worst"], strict=True))
    assert worst == {"looping": "repeated tool call", "housed": "", "hostile": ""}


def test_a_list_without_findings_has_no_column_for_them(open_page: OpenPage, unjudged_db: Path) -> None:
    """After an import nobody has looked: empty columns would say that there is nothing."""
    table = open_page("sessions", unjudged_db).dataframe[0].value
    assert {"tier", "worst"}.isdisjoint(table.columns)


def test_a_session_opens_from_its_url(open_page: OpenPage, db: Path, metrics: Metrics, said: Said) -> None:
    """A link to a session shows its findings, turns and blocks."""
    app = open_page("session", db, session="looping")
    assert not app.exception
    assert app.header[0].value == "looping"
    assert metrics(app)["LLM calls"] == "7"
    assert "turns 1 to 6" in said(app)
    assert "**Fix:**" in said(app)
    blocks, turns = (frame.value for frame in app.dataframe)
    assert turns["finding"].to_list() == ["1 repeated tool call"] * 6 + [""]
    assert blocks["tokens"].sum() == 8120


def test_a_turn_is_part_of_the_url(open_page: OpenPage, db: Path) -> None:
    """`?turn=2` shows the blocks of that turn only."""
    app = open_page("session", db, session="looping", turn="2")
    assert app.dataframe[0].value["tokens"].sum() == 1080


@pytest.mark.parametrize("turn", ["99", "-1", "x", ""])
def test_a_turn_that_is_not_there_shows_the_whole_session(open_page: OpenPage, db: Path, turn: str) -> None:
    """An outdated link opens, on everything."""
    app = open_page("session", db, session="looping", turn=turn)
    assert not app.exception
    assert app.dataframe[0].value["tokens"].sum() == 8120


def test_an_address_without_a_session_points_to_the_list(open_page: OpenPage, db: Path) -> None:
    """Somebody cut the link short."""
    app = open_page("session", db)
    assert not app.exception
    assert "names no session" in app.info[0].value


def test_an_unknown_session_is_a_sentence(open_page: OpenPage, db: Path) -> None:
    """A link into another ledger says what it did not find."""
    app = open_page("session", db, session="elsewhere")
    assert not app.exception
    assert "The ledger has no session" in app.warning[0].value


def test_a_session_without_context_says_so(
    open_page: OpenPage, db: Path, metrics: Metrics, said: Said
) -> None:
    """Calls of other emitters have no blocks; the page still works."""
    app = open_page("session", db, session="housed")
    assert not app.exception
    assert metrics(app)["Spend"] == "unpriced"
    assert "listed no context blocks" in said(app)
    assert "What 4 calls carried was not recorded" in said(app)


def test_a_turn_without_a_span_is_found_in_its_trace(
    open_page: OpenPage, spanless: tuple[Path, str], said: Said
) -> None:
    """Its call is shown under its own id, with what it burned and the way back."""
    db, trace = spanless
    with open_ledger(db) as ledger:
        call = ledger.query("SELECT any_value(call_id) AS call_id FROM llm_calls")["call_id"][0].as_py()
    app = open_page("trace", db, trace=trace, span=call)
    assert not app.exception
    assert "LLM call without a span" in said(app)
