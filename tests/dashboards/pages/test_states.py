"""Does every page say what it should in every state: data, nothing, no match, no database, a collector or none?"""

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
Metrics = Callable[[AppTest], dict[str, str]]
Said = Callable[[AppTest], str]
PAGES = ("burn", "findings", "sessions", "session", "compare", "sql")


@pytest.mark.parametrize("page", PAGES)
def test_pages_run_without_an_exception(open_page: OpenPage, db: Path, page: str, said: Said) -> None:
    """Nothing breaks on ordinary data, and every page says how fresh it is."""
    app = open_page(page, db)
    assert not app.exception
    assert not app.error
    assert "from the file, no collector runs" in said(app)


@pytest.mark.parametrize("page", ["burn", "sessions"])
def test_an_empty_ledger_says_how_to_fill_it(
    open_page: OpenPage, empty_db: Path, page: str, said: Said
) -> None:
    """The first look at a new ledger is a sentence with the command."""
    app = open_page(page, empty_db)
    assert not app.exception
    assert "Nothing has been recorded yet" in said(app)
    assert app.code[0].value == "otel-burn run -- python agent.py"


@pytest.mark.parametrize("page", ["burn", "sessions"])
def test_an_empty_time_range_says_so(open_page: OpenPage, db: Path, page: str, said: Said) -> None:
    """Nothing in the last hour is not nothing at all."""
    app = open_page(page, db, range="1h")
    assert "No LLM call in the last hour" in said(app)


@pytest.mark.parametrize("page", ["burn", "findings", "sessions", "trace", "compare"])
@pytest.mark.parametrize("params", [{"where": "agent: nobody"}, {"range": "1h"}])
def test_a_choice_that_matches_nothing_is_a_sentence_on_every_page(
    open_page: OpenPage, db: Path, page: str, params: dict[str, str], said: Said
) -> None:
    """It says what matches nothing and what to change, and offers no judging of nothing."""
    app = open_page(page, db, **params)
    assert not app.exception
    assert any("No LLM call" in info.value for info in app.info)
    assert "judged" not in said(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_missing_database_is_a_sentence_with_the_remedy(
    open_page: OpenPage, tmp_path: Path, page: str
) -> None:
    """No stack trace when the file is gone."""
    app = open_page(page, tmp_path / "none.duckdb")
    assert not app.exception
    assert "There is no database at" in app.error[0].value
    assert "name another database with" in app.error[0].value


def test_filters_hold_on_every_page(open_page: OpenPage, db: Path, metrics: Metrics, said: Said) -> None:
    """`?where=agent: fixer` is a link to what that agent burned."""
    assert metrics(open_page("burn", db, where="agent: fixer"))["LLM calls"] == "7"
    assert len(open_page("sessions", db, where="agent: fixer").dataframe[0].value) == 1
    assert "Remove a filter" in said(open_page("burn", db, where="agent: nobody"))


def test_the_clock_is_the_readers(open_page: OpenPage, db: Path, said: Said) -> None:
    """Zone and day boundary stand in the header, and times are on that clock."""
    app = open_page("sessions", db, zone="Asia/Kolkata", day="6")
    assert not app.exception
    assert "IST" in said(app)
    assert str(app.dataframe[0].value["started"].max()).startswith("2026-11-02 14:30")


@pytest.mark.parametrize(("page", "params"), [("burn", {"by": "agent"}), ("session", {"session": "hostile"})])
def test_foreign_names_stay_text(open_page: OpenPage, db: Path, page: str, params: dict[str, str]) -> None:
    """An agent whose name is Markdown for an image never becomes one."""
    app = open_page(page, db, **params)
    texts = [
        element.value for part in (app.markdown, app.caption, app.title, app.warning) for element in part
    ]
    assert not any("](http" in text for text in texts)


def test_the_explorer_follows_a_collector_that_comes_and_goes(
    open_page: OpenPage, db: Path, tmp_path: Path, metrics: Metrics, said: Said
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
    assert "from the file, no collector runs" in said(app)
    assert metrics(app)["LLM calls"] == "12"


WRONG = {
    "range": "99d", "zone": "Mars/Olympus", "day": "77", "live": "perhaps", "where": "shoe: 42", "begin": "noon",
    "end": "2026-13-45", "by": "shoe", "then": "x", "measure": "apples", "show": "x", "tier": "red", "detector": "x",
    "expected": "maybe", "order": "x", "turn": "99", "block": "x", "axis": "x", "shape": "x", "pair": "x", "left": "x",
    "right": "x", "view": "x", "as": "x", "sql": "x",
}  # fmt: skip
"""A value for each parameter that none of its pages knows."""
READ = {
    "burn": ("by", "then", "measure"),
    "findings": ("show", "tier", "detector", "expected"),
    "sessions": ("order",),
    "session": ("turn",),
    "trace": (),
    "compare": ("pair",),
    "sql": ("view",),
}
"""What each page reads of it besides its frame."""


@pytest.mark.parametrize("page", READ)
@pytest.mark.parametrize("junk", ["\x00🔥", "![x](http://evil.example/x)"])
def test_an_address_with_nothing_but_junk_opens(open_page: OpenPage, db: Path, page: str, junk: str) -> None:
    """No value of a parameter makes a page raise, and none is read as Markdown."""
    app = open_page(page, db, **{name: value + junk for name, value in WRONG.items()})
    assert not app.exception
    assert not any("![x]" in str(warning.value) for warning in app.warning)


@pytest.mark.parametrize("page", READ)
def test_a_wrong_address_is_a_sentence(open_page: OpenPage, db: Path, page: str, said: Said) -> None:
    """What of it says nothing is named, with what would: the page shows something else than was sent."""
    about = {"session": "looping"} if page == "session" else {}
    app = open_page(page, db, **WRONG, **about)
    assert not app.exception
    framed = ("zone", "day", "live") if page == "sql" else ("range", "zone", "day", "live")
    for name in (*framed, *READ[page]):
        assert f"The address says {name} {WRONG[name]}, which is none" in said(app)
    if page != "sql":
        assert "The filter shoe: 42 is not applied" in said(app)


def test_a_wrong_time_is_a_sentence(open_page: OpenPage, db: Path, said: Said) -> None:
    """A time that is none leaves the range open, and a range that ends before it begins is empty: both are said."""
    app = open_page("burn", db, range="custom", begin="noon", end="0001-01-01", zone="Asia/Tokyo")
    assert "noon is no time, so the range is open there" in said(app)
    assert "0001-01-01 is no time" in said(app)
    app = open_page("burn", db, range="custom", begin="2026-11-03", end="2026-11-02")
    assert "ends before it begins" in said(app)
