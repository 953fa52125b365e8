"""Does each page say what it should in every state: data, nothing, no price, a mistake, no database?"""

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from otel_burn_collector.reader import find_collector

OpenPage = Callable[..., AppTest]
PAGES = ("burn", "sessions", "sql")


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
    assert "the file, no collector runs" in said(app)


def test_burn_shows_sums_coverage_and_findings(open_page: OpenPage, db: Path) -> None:
    """The numbers, how sure they are, and what to fix."""
    app = open_page("burn", db)
    assert metrics(app)["LLM calls"] == "12"
    assert metrics(app)["Failed"] == "1"
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
    app.segmented_control(key="by").set_value("session").run()
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
    worst = dict(zip(table["session"].str.split(": ").str[1], table["worst"], strict=True))
    assert worst == {"looping": "repeated tool call", "housed": "-", "hostile": "-"}


def test_a_session_opens_from_its_url(open_page: OpenPage, db: Path) -> None:
    """A link to a session shows its findings, turns and blocks."""
    app = open_page("session", db, session="looping")
    assert not app.exception
    assert app.title[0].value == "looping"
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
    next(button for button in app.button if button.label == "Tools").click().run()
    assert app.dataframe[-1].value["tool_name"].to_list() == ["run_tests"]


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
    comments = [c for frame in app.dataframe[:-1] for c in frame.value["comment"].dropna()]
    assert "Never changes once published" in comments


def test_looking_for_findings_stores_them(open_page: OpenPage, unjudged_db: Path) -> None:
    """After an import nothing is judged yet; a click does it."""
    app = open_page("burn", unjudged_db)
    assert "No findings are stored" in said(app)
    next(button for button in app.button if button.label.startswith("Look for")).click().run()
    assert not app.exception
    assert "Repeated tool call" in said(app)


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
            assert "(the collector)" in said(app)
            assert metrics(app)["LLM calls"] == "12"
        finally:
            collector.terminate()
            collector.wait(timeout=30)
    app = next(button for button in app.button if button.label == "Refresh").click().run()
    assert not app.exception
    assert "the file, no collector runs" in said(app)
    assert metrics(app)["LLM calls"] == "12"
