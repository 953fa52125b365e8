"""Does each page say what it should in every state: data, nothing, no price, a mistake, no database?"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from otel_burn.wording import plural
from otel_burn_analytics.findings import judge
from otel_burn_collector.reader import find_collector, open_ledger
from otel_burn_dashboards import answer_chart, asking_sql

OpenPage = Callable[..., AppTest]
PAGES = ("burn", "findings", "sessions", "session", "compare", "sql")


def metrics(app: AppTest) -> dict[str, str]:
    """The headline of a page."""
    return {metric.label: str(metric.value) for metric in app.metric}


def said(app: AppTest) -> str:
    """Everything that a page says in words."""
    parts = (
        app.markdown,
        app.caption,
        app.info,
        app.warning,
        app.error,
        app.success,
        app.subheader,
        app.title,
    )
    return "\n".join(str(element.value) for part in parts for element in part).replace("\\", "")


@pytest.mark.parametrize("page", PAGES)
def test_pages_run_without_an_exception(open_page: OpenPage, db: Path, page: str) -> None:
    """Nothing breaks on ordinary data, and every page says how fresh it is."""
    app = open_page(page, db)
    assert not app.exception
    assert not app.error
    assert "from the file: no collector runs" in said(app)


def test_burn_shows_sums_coverage_and_findings(open_page: OpenPage, db: Path) -> None:
    """The numbers, how sure they are, and what to fix."""
    app = open_page("burn", db)
    assert metrics(app)["LLM calls"] == "12"
    assert "1 call failed" in said(app)
    assert metrics(app)["Spend"] == "$0.0030"
    assert "40.4 % of the tokens have a price" in said(app)
    assert "house\\-model\\-1" in app.warning[0].value
    assert "Repeated tool call" in said(app)


def test_burn_breaks_down_by_what_the_url_says(open_page: OpenPage, db: Path) -> None:
    """`?by=agent` is a link to the agents."""
    app = open_page("burn", db, by="agent")
    assert set(app.dataframe[0].value["name"]) >= {"fixer", "librarian"}


def test_burn_follows_its_controls(open_page: OpenPage, db: Path) -> None:
    """A click on a dimension changes the table."""
    app = open_page("burn", db)
    app.selectbox(key="by").set_value("session").run()
    assert set(app.dataframe[0].value["name"]) == {"looping", "housed", "hostile"}


def test_unknown_money_is_never_zero(open_page: OpenPage, db: Path) -> None:
    """A model without a price has no dollars in the table."""
    table = open_page("burn", db).dataframe[0].value.set_index("name")
    assert table["cost"].isna()["house-model-1"]
    assert table["unpriced"]["house-model-1"] == 3


def test_dollars_that_nobody_knows_are_not_drawn(
    open_page: OpenPage, tmp_path: Path, unpriced_db: Path
) -> None:
    """Without any price, the page says so in the place of an empty chart."""
    app = open_page("burn", unpriced_db)
    assert metrics(app)["Spend"] == "unpriced"
    assert "No call has a price" in said(app)


@pytest.mark.parametrize("page", ["burn", "sessions"])
def test_an_empty_ledger_says_how_to_fill_it(open_page: OpenPage, empty_db: Path, page: str) -> None:
    """The first look at a new ledger is a sentence with the command."""
    app = open_page(page, empty_db)
    assert not app.exception
    assert "Nothing has been recorded yet" in said(app)
    assert app.code[0].value == "otel-burn run -- python agent.py"


@pytest.mark.parametrize("page", ["burn", "sessions"])
def test_an_empty_time_range_says_so(open_page: OpenPage, db: Path, page: str) -> None:
    """Nothing in the last hour is not nothing at all."""
    app = open_page(page, db, range="1h")
    assert "No LLM call in the last hour" in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_missing_database_is_a_sentence_with_the_remedy(
    open_page: OpenPage, tmp_path: Path, page: str
) -> None:
    """No stack trace when the file is gone."""
    app = open_page(page, tmp_path / "none.duckdb")
    assert not app.exception
    assert "There is no database at" in app.error[0].value
    assert "name another database with" in app.error[0].value


def test_sessions_are_listed_with_their_worst_finding(open_page: OpenPage, db: Path) -> None:
    """Which session is bad, at a glance."""
    table = open_page("sessions", db).dataframe[0].value
    worst = dict(zip(table["session"].str.split(": ").str[-1], table["worst"], strict=True))
    assert worst == {"looping": "repeated tool call", "housed": "-", "hostile": "-"}


def test_a_session_opens_from_its_url(open_page: OpenPage, db: Path) -> None:
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


def test_a_session_without_context_says_so(open_page: OpenPage, db: Path) -> None:
    """Calls of other emitters have no blocks; the page still works."""
    app = open_page("session", db, session="housed")
    assert not app.exception
    assert metrics(app)["Spend"] == "unpriced"
    assert "listed no context blocks" in said(app)
    assert "What 4 calls carried was not recorded" in said(app)


@pytest.mark.parametrize(("page", "params"), [("burn", {"by": "agent"}), ("session", {"session": "hostile"})])
def test_foreign_names_stay_text(open_page: OpenPage, db: Path, page: str, params: dict[str, str]) -> None:
    """An agent whose name is Markdown for an image never becomes one."""
    app = open_page(page, db, **params)
    texts = [
        element.value for part in (app.markdown, app.caption, app.title, app.warning) for element in part
    ]
    assert not any("](http" in text for text in texts)


def test_sql_answers_the_select_in_the_url(open_page: OpenPage, db: Path) -> None:
    """A link to a query is a link to its answer."""
    app = open_page("sql", db, sql="SELECT count(*) AS calls FROM llm_calls")
    assert app.dataframe[-1].value["calls"].to_list() == [12]


def test_sql_runs_a_ready_query(open_page: OpenPage, db: Path) -> None:
    """A click fills the editor and answers."""
    app = open_page("sql", db)
    app.selectbox(key="ready").set_value(
        "Which tools are called most, fail most, and fill the context?"
    ).run()
    assert app.dataframe[-1].value["tool_name"].to_list() == ["run_tests"]


def test_every_ready_question_is_answered_where_it_is_offered(open_page: OpenPage, db: Path) -> None:
    """Chosen one after another in the page's own list: a table each, none an error, bars where a row is."""
    app = open_page("sql", db)
    for title in asking_sql.ready():
        app.selectbox(key="ready").set_value(title).run()
        assert not app.exception, title
        assert not app.error, (title, app.error)
        rows = app.dataframe[-1].value
        assert len(rows.columns) > 1, title
        assert f"**{plural(len(rows), 'row')}**" in said(app), title
        drawn = answer_chart.answer(pl.from_pandas(rows, nan_to_null=True))
        assert (drawn is None) == rows.empty, title


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("DROP VIEW llm_calls", "SELECT"),
        ("SELECT * FROM read_text('/etc/hostname')", "read_text"),
        ("SELECT 1; SELECT 2", "one"),
        ("", "Write a SELECT"),
    ],
)
def test_sql_mistakes_are_sentences(open_page: OpenPage, db: Path, sql: str, sentence: str) -> None:
    """What cannot run is said in words, the editor stays, and nothing is raised."""
    app = open_page("sql", db, sql=sql)
    assert not app.exception
    assert sentence in said(app)
    assert app.text_area(key="sql").value == sql


def test_schema_has_columns_with_their_meaning(open_page: OpenPage, db: Path) -> None:
    """Beside the editor stands what can be asked."""
    app = open_page("sql", db)
    assert any("llm" in expander.label for expander in app.expander)
    assert "Never changes once published" in said(app)


def loop_in(db: Path) -> str:
    """The id of the loop in *db*."""
    with open_ledger(db) as ledger:
        return str(ledger.query("SELECT finding_id FROM findings")["finding_id"][0])


def test_findings_are_ranked_and_never_summed(open_page: OpenPage, db: Path) -> None:
    """Each with its agent, its range of dollars and how sure it is."""
    app = open_page("findings", db)
    assert "1 finding, ranked by what they cost at most. Findings overlap: never add them up." in said(app)
    assert "**Repeated tool call** in fixer" in said(app)


@pytest.mark.parametrize("params", [{"tier": "waste"}, {"where": "agent: librarian"}, {"expected": "true"}])
def test_findings_of_another_kind_are_left_out(open_page: OpenPage, db: Path, params: dict[str, str]) -> None:
    """A tier, an agent, those marked as expected: what does not fit is not shown, and the page says so."""
    app = open_page("findings", db, **params)
    assert not app.exception
    assert "Repeated tool call" not in said(app)


def test_a_finding_opens_from_its_url(open_page: OpenPage, db: Path) -> None:
    """Evidence, fix, what repeats, the turns, and where it could have been stopped."""
    app = open_page("findings", db, finding=loop_in(db))
    assert not app.exception
    assert metrics(app)["LLM calls"] == "6"
    assert metrics(app)["Could have stopped"].startswith("turn ")
    assert "**run_tests**" in said(app)
    assert "**Fix:**" in said(app)
    notes = app.dataframe[0].value["note"].to_list()
    assert notes.count("could have been stopped here") == 1


def test_a_mark_as_expected_survives_the_detector(open_page: OpenPage, tmp_path: Path, db: Path) -> None:
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


def test_the_clock_is_the_readers(open_page: OpenPage, db: Path) -> None:
    """Zone and day boundary stand in the header, and times are on that clock."""
    app = open_page("sessions", db, zone="Asia/Kolkata", day="6")
    assert not app.exception
    assert "IST" in said(app)
    assert str(app.dataframe[0].value["started"].max()).startswith("2026-11-02 14:30")


def test_filters_hold_on_every_page(open_page: OpenPage, db: Path) -> None:
    """`?where=agent: fixer` is a link to what that agent burned."""
    assert metrics(open_page("burn", db, where="agent: fixer"))["LLM calls"] == "7"
    assert len(open_page("sessions", db, where="agent: fixer").dataframe[0].value) == 1
    assert "Remove a filter" in said(open_page("burn", db, where="agent: nobody"))


def test_two_dimensions_are_one_table(open_page: OpenPage, db: Path) -> None:
    """`?by=model&then=agent` has a column for each."""
    table = open_page("burn", db, by="model", then="agent").dataframe[0].value
    assert {"name", "then_name"} <= set(table.columns)


def test_looking_for_findings_stores_them(open_page: OpenPage, unjudged_db: Path) -> None:
    """After an import nothing is judged yet; a click does it."""
    app = open_page("burn", unjudged_db)
    assert "No session in this time has been judged yet" in said(app)
    next(button for button in app.button if button.label.startswith("Look for")).click().run()
    assert not app.exception
    assert "Repeated tool call" in said(app)


def test_nothing_found_is_told_from_nobody_looked(
    open_page: OpenPage, tmp_path: Path, fill_quietly: Callable[..., Path]
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


@pytest.mark.parametrize("page", ["burn", "findings", "sessions", "trace", "compare"])
@pytest.mark.parametrize("params", [{"where": "agent: nobody"}, {"range": "1h"}])
def test_a_choice_that_matches_nothing_is_a_sentence_on_every_page(
    open_page: OpenPage, db: Path, page: str, params: dict[str, str]
) -> None:
    """It says what matches nothing and what to change, and offers no judging of nothing."""
    app = open_page(page, db, **params)
    assert not app.exception
    assert any("No LLM call" in info.value for info in app.info)
    assert "judged" not in said(app)


@pytest.mark.parametrize("shown", ["blocks", "unused tools", "bootstraps", "repeated reads"])
def test_tables_across_sessions_of_nothing_are_a_sentence(
    open_page: OpenPage, empty_db: Path, shown: str
) -> None:
    """No session at all is no error."""
    app = open_page("findings", empty_db, show=shown)
    assert not app.exception
    assert not app.error
    assert app.info


def test_the_explorer_follows_a_collector_that_comes_and_goes(
    open_page: OpenPage, db: Path, tmp_path: Path
) -> None:
    """With a collector the numbers come from it; when it is away they come from the file, and the page says so."""
    copy = Path(shutil.copy(db, tmp_path / "burn.duckdb"))
    command = [
        sys.executable,
        "-m",
        "otel_burn",
        "collector",
        "--db",
        str(copy),
        "--http-port",
        "0",
        "--grpc-port",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as collector:
        try:
            deadline = time.monotonic() + 30
            while find_collector(copy) is None and time.monotonic() < deadline:
                time.sleep(0.1)
            app = open_page("burn", copy)
            assert "through the collector" in said(app)
            assert metrics(app)["LLM calls"] == "12"
        finally:
            collector.terminate()
            collector.wait(timeout=30)
    app = next(button for button in app.button if button.label == "Refresh").click().run()
    assert not app.exception
    assert "from the file: no collector runs" in said(app)
    assert metrics(app)["LLM calls"] == "12"
