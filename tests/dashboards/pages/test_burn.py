"""Does the burn page say what was burned, how sure that is, and what to do where it does not know?"""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

OpenPage = Callable[..., AppTest]
Metrics = Callable[[AppTest], dict[str, str]]
Said = Callable[[AppTest], str]


def test_burn_shows_sums_coverage_and_findings(
    open_page: OpenPage, db: Path, metrics: Metrics, said: Said
) -> None:
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


def test_two_dimensions_are_one_table(open_page: OpenPage, db: Path) -> None:
    """`?by=model&then=agent` has a column for each."""
    table = open_page("burn", db, by="model", then="agent").dataframe[0].value
    assert {"name", "then_name"} <= set(table.columns)


def test_unknown_money_is_never_zero(open_page: OpenPage, db: Path) -> None:
    """A model without a price has no dollars in the table."""
    table = open_page("burn", db).dataframe[0].value.set_index("name")
    assert table["cost"].isna()["house-model-1"]
    assert table["unpriced"]["house-model-1"] == 3


def test_dollars_that_nobody_knows_are_not_drawn(
    open_page: OpenPage, tmp_path: Path, unpriced_db: Path, metrics: Metrics, said: Said
) -> None:
    """Without any price, the page says so in the place of an empty chart."""
    app = open_page("burn", unpriced_db)
    assert metrics(app)["Spend"] == "unpriced"
    assert "No call has a price" in said(app)
