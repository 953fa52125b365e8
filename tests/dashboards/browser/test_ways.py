"""Does the explorer work in a real browser: the main paths, the URL, no error, no request to elsewhere?"""

import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

StartExplorer = Callable[[Path], AbstractContextManager[tuple[subprocess.Popen[str], str]]]

TRACE = sha256(b"looping").hexdigest()[:32]
SLOW = "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = -1"

SHARED = (
    ("/", {"range": "30d", "by": "agent", "then": "model", "measure": "tokens"}, "By agent and model"),
    ("/", {"where": "agent: fixer", "zone": "Asia/Tokyo", "day": "4"}, "Asia/Tokyo · day from 04:00"),
    ("/findings", {"tier": "loop"}, "1 finding: act on"),
    ("/findings", {"show": "bootstraps"}, "System prompts and tool definitions"),
    ("/sessions", {"order": "newest first"}, "newest first"),
    ("/session", {"session": "looping", "turn": "2"}, "price in turn 2"),
    ("/trace", {"trace": TRACE, "axis": "tokens", "shape": "tree"}, "Solid is what a span burned itself"),
    ("/compare", {"pair": "agent", "left": "fixer", "right": "librarian"}, "fixer"),
    ("/sql", {"sql": "SELECT 41 + 1 AS answer"}, "1 row"),
)
"""An address of every page, and what whoever opens it must see."""


def test_from_the_bill_to_the_block_in_three_clicks(way: Any, page: Page, seen: Any) -> None:
    """The worst finding, a turn of it, the dearest block there: a click each, and the time range comes along."""
    way.open("/?range=30d")
    expect(page.get_by_role("heading", name="What to fix first")).to_be_visible()
    expect(
        page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
    ).to_have_count(2)

    page.get_by_role("link", name="Why").first.click()
    page.wait_for_url("**/findings?*finding=*")
    expect(page.get_by_role("heading", name="What repeats")).to_be_visible()

    way.click_row(2)
    way.at("/session", session="looping", turn="2", range="30d")
    expect(page.get_by_role("heading", name="looping")).to_be_visible()
    expect(page.get_by_text("Input, in tokens")).to_be_visible()

    way.click_row(1)
    page.wait_for_url("**/session?*block=*")
    expect(page.get_by_role("heading", name="System")).to_be_visible()
    expect(page.get_by_text("Sent in turns 1 to 7")).to_be_visible()
    seen.check()


def test_sql_is_typed_and_answered(way: Any, page: Page, seen: Any) -> None:
    """The editor starts with a ready question; what is typed is asked, and is the address."""
    way.open("/sql")
    editor = page.get_by_role("textbox", name="SQL")
    expect(editor).to_have_value(re.compile("SELECT session_id"))
    editor.fill("SELECT count(*) AS calls FROM llm_calls")
    editor.press("Control+Enter")
    way.at("/sql", sql="SELECT count(*) AS calls FROM llm_calls")
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()
    seen.check()


def test_a_slow_query_is_cancelled(way: Any, page: Page) -> None:
    """The button ends it, the page says so, and the next query is answered."""
    way.open("/sql")
    editor = page.get_by_role("textbox", name="SQL")
    editor.fill(SLOW)
    editor.press("Control+Enter")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("You cancelled the query")).to_be_visible()
    way.settled()
    editor.fill("SELECT 42 AS answer")
    editor.press("Control+Enter")
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()


@pytest.mark.parametrize(
    ("path", "params", "says"), SHARED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_address_can_be_sent_to_a_colleague(
    way: Any, page: Page, seen: Any, path: str, params: dict[str, str], says: str
) -> None:
    """Whoever opens it sees the same, and it stays the same address."""
    way.open(f"{path}?{urlencode(params)}")
    expect(page.get_by_text(says).first).to_be_visible()
    way.at(path, **params)
    seen.check()


def test_times_are_utc_in_any_time_zone(way: Any, page: Page) -> None:
    """Calls of nine o'clock UTC stand at nine o'clock, on the charts and in the tables, for a reader in Auckland."""
    way.open("/")
    expect(page.locator("[data-testid=stVegaLiteChart]").first).to_contain_text("09:01:00")


def test_a_click_in_the_list_opens_the_session(way: Any, page: Page) -> None:
    """The names in the table of sessions are the way in, the tab says which it is, and there is a way back."""
    way.open("/sessions")
    way.click_row(1)
    way.at("/session", session="looping")
    expect(page).to_have_title("looping · Session · otel-burn")
    page.get_by_role("link", name="All sessions").click()
    way.at("/sessions")
    expect(page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()


def test_two_sessions_are_compared_and_swapped(way: Any, page: Page, seen: Any) -> None:
    """From a session to its comparison with another one; the sides change places in the address too."""
    way.open("/session?session=looping")
    page.get_by_role("link", name="Compare with another session").click()
    expect(page.get_by_role("heading", name="Why they differ")).to_be_visible()
    page.wait_for_url("**/compare?*left=looping*")
    way.settled()
    page.get_by_role("button", name="Swap").click()
    page.wait_for_url("**/compare?*right=looping*")
    seen.check()


def test_live_shows_what_arrives(
    page: Page, tmp_path: Path, db: Path, start_explorer: StartExplorer, arrive: Callable[[Path], None]
) -> None:
    """With `?live=true` a page follows the ledger by itself."""
    copy = Path(shutil.copy(db, tmp_path / "burn.duckdb"))
    with start_explorer(copy) as (_, served):
        page.goto(f"{served}/?live=true")
        expect(page.get_by_test_id("stMetricValue").nth(2)).to_have_text("12")
        arrive(copy)
        expect(page.get_by_test_id("stMetricValue").nth(2)).to_have_text("13")


def test_a_hostile_name_loads_nothing(way: Any, page: Page, seen: Any) -> None:
    """An agent whose name is Markdown for an image of elsewhere is shown as that text."""
    way.open("/session?session=hostile")
    expect(page.get_by_text("evil.example").first).to_be_visible()
    way.open("/?by=agent")
    expect(page.get_by_role("heading", name="What to fix first")).to_be_visible()
    seen.check()


def test_it_ends_while_a_browser_looks_on(browser: Browser, db: Path, start_explorer: StartExplorer) -> None:
    """An open page does not keep the explorer alive."""
    with start_explorer(db) as (process, url):
        page = browser.new_page()
        page.goto(url)
        expect(page.get_by_role("heading", name="Burn")).to_be_visible()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        page.close()
    assert (process.returncode, errors) == (0, "")
