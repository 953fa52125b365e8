"""Does the findings page show what was found, and tell nothing found from nobody looked?"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from otel_burn_analytics.findings import judge
from otel_burn_collector.reader import open_ledger
from otel_burn_dashboards import judging
from otel_burn_dashboards.scope import Scope

OpenPage = Callable[..., AppTest]
Metrics = Callable[[AppTest], dict[str, str]]
Said = Callable[[AppTest], str]


def loop_in(db: Path) -> str:
    """The id of the loop in *db*."""
    with open_ledger(db) as ledger:
        return str(ledger.query("SELECT finding_id FROM findings")["finding_id"][0])


def test_findings_are_ranked_and_never_summed(open_page: OpenPage, db: Path, said: Said) -> None:
    """Each with its agent, its range of dollars and how sure it is."""
    app = open_page("findings", db)
    assert "1 finding: act on loop and waste, look at warn; each by what it cost at most." in said(app)
    assert "Findings overlap: never add them up." in said(app)
    assert "**Repeated tool call** in fixer" in said(app)


@pytest.mark.parametrize("params", [{"tier": "waste"}, {"where": "agent: librarian"}, {"expected": "true"}])
def test_findings_of_another_kind_are_left_out(
    open_page: OpenPage, db: Path, params: dict[str, str], said: Said
) -> None:
    """A tier, an agent, those marked as expected: what does not fit is not shown, and the page says so."""
    app = open_page("findings", db, **params)
    assert not app.exception
    assert "Repeated tool call" not in said(app)


def test_a_finding_opens_from_its_url(open_page: OpenPage, db: Path, metrics: Metrics, said: Said) -> None:
    """Evidence, fix, what repeats, the turns, and where it could have been stopped."""
    app = open_page("findings", db, finding=loop_in(db))
    assert not app.exception
    assert metrics(app)["LLM calls"] == "6"
    assert metrics(app)["Could have stopped"].startswith("turn ")
    assert "**run_tests**" in said(app)
    assert "**Fix:**" in said(app)
    assert "**Rule.**" in said(app)
    assert "**Blind spots.**" in said(app)
    notes = app.dataframe[0].value["note"].to_list()
    assert notes.count("could have been stopped here") == 1


def test_a_mark_as_expected_survives_the_detector(
    open_page: OpenPage, tmp_path: Path, db: Path, said: Said
) -> None:
    """It leaves the list, stays away when the detectors run again, and can be taken back."""
    copy = Path(shutil.copy(db, tmp_path / "burn.duckdb"))
    app = open_page("findings", copy, finding=loop_in(copy))
    next(button for button in app.button if button.label == "Mark as expected").click().run()
    assert not app.exception
    with open_ledger(copy) as ledger:
        judge(ledger)
    assert "Repeated tool call" not in said(open_page("findings", copy))
    assert "Repeated tool call" in said(open_page("findings", copy, expected="true"))
    app = open_page("findings", copy, finding=loop_in(copy))
    next(button for button in app.button if button.label == "Not expected after all").click().run()
    assert "Repeated tool call" in said(open_page("findings", copy))


def test_a_finding_that_is_gone_is_a_sentence(open_page: OpenPage, db: Path) -> None:
    """An old link says what became of it."""
    app = open_page("findings", db, finding="elsewhere")
    assert not app.exception
    assert "no such finding any more" in app.warning[0].value


@pytest.mark.parametrize("shown", ["blocks", "unused tools", "bootstraps", "repeated reads"])
def test_what_content_costs_across_sessions(open_page: OpenPage, db: Path, shown: str) -> None:
    """A table, or a sentence that there is nothing of the kind."""
    app = open_page("findings", db, show=shown)
    assert not app.exception
    assert app.dataframe or app.info


@pytest.mark.parametrize("shown", ["blocks", "bootstraps"])
def test_what_nobody_knows_the_price_of_has_a_session(unpriced_db: Path, shown: str) -> None:
    """A click on such a row opens where it is, too."""
    with open_ledger(unpriced_db) as ledger:
        rows, sessions = judging.table(ledger, scope=Scope(), name=shown)
    assert rows["session_id"].to_list() == ["housed"] * rows.height
    assert rows.height
    assert sessions == 1


@pytest.mark.parametrize("shown", ["blocks", "unused tools", "bootstraps", "repeated reads"])
def test_tables_across_sessions_of_nothing_are_a_sentence(
    open_page: OpenPage, empty_db: Path, shown: str
) -> None:
    """No session at all is no error."""
    app = open_page("findings", empty_db, show=shown)
    assert not app.exception
    assert not app.error
    assert app.info


def test_looking_for_findings_stores_them(open_page: OpenPage, unjudged_db: Path, said: Said) -> None:
    """After an import nothing is judged yet; a click does it."""
    app = open_page("burn", unjudged_db)
    assert "No detector has looked at the one session in this time yet" in said(app)
    next(button for button in app.button if button.label.startswith("Look for")).click().run()
    assert not app.exception
    assert "Repeated tool call" in said(app)


def test_nothing_found_is_told_from_nobody_looked(
    open_page: OpenPage, tmp_path: Path, fill_quietly: Callable[..., Path], said: Said
) -> None:
    """After a judging that found nothing the page says when that was; once more arrives, what was not judged yet."""
    quiet = fill_quietly(tmp_path / "burn.duckdb", sessions=2)
    with open_ledger(quiet) as ledger:
        judge(ledger)
    for page in ("burn", "findings"):
        assert "Judged, and nothing to fix found in 2 sessions, as of 2" in said(open_page(page, quiet))
    fill_quietly(quiet, sessions=3)
    told = said(open_page("findings", quiet))
    assert "nothing to fix found in 2 sessions; 1 session is new or went on since." in told
    assert "otel-burn findings" in told
    assert "found nothing to change in this session, as of 2" in said(
        open_page("session", quiet, session="q0")
    )
    assert "judged just now" in said(open_page("session", quiet, session="q2"))
