"""Does the SQL page answer, and say in words what it cannot?"""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from otel_burn.wording import plural
from otel_burn_dashboards import answer_chart, asking_sql

OpenPage = Callable[..., AppTest]
Said = Callable[[AppTest], str]


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


def test_every_ready_question_is_answered_where_it_is_offered(
    open_page: OpenPage, db: Path, said: Said
) -> None:
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
def test_sql_mistakes_are_sentences(
    open_page: OpenPage, db: Path, sql: str, sentence: str, said: Said
) -> None:
    """What cannot run is said in words, the editor stays, and nothing is raised."""
    app = open_page("sql", db, sql=sql)
    assert not app.exception
    assert sentence in said(app)
    assert app.text_area(key="sql").value == sql


def test_schema_has_columns_with_their_meaning(open_page: OpenPage, db: Path, said: Said) -> None:
    """Beside the editor stands what can be asked: calls at first, and any other view that is chosen."""
    app = open_page("sql", db)
    assert app.selectbox(key="view").value == "llm_calls"
    assert "Never changes once published" in said(app)
    app.selectbox(key="view").set_value("findings").run()
    assert "A detector's result" in said(app)
