"""Does the explorer work in a real browser: the main path, the URL, no error, no request to elsewhere?"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = pytest.mark.browser

CHROMIUM = os.environ.get("OTEL_BURN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SECONDS = 30_000

expect.set_options(timeout=SECONDS)

PROBES = re.compile(r"/(sessions?|sql|findings|trace|compare)/_stcore/(health|host-config)")
"""On a deep link Streamlit looks for its server below the page first: two 404s that mean nothing."""


@dataclass
class Seen:
    """What a page asked for, and what went wrong in it."""

    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Write down everything that *page* does."""
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text, message.location["url"]))

    def _note(self, kind: str, text: str, url: str) -> None:
        if kind == "error" and not PROBES.search(url):
            self.errors.append(f"{text} ({url})")

    @property
    def hosts(self) -> set[str]:
        """Where requests went, by host."""
        return {
            urlsplit(url).hostname or "" for url in self.requests if not url.startswith(("data:", "blob:"))
        }


@contextmanager
def explorer(db: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running `otel-burn explore` and its URL."""
    command = [sys.executable, "-m", "otel_burn", "explore", "--no-browser", "--db", str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().removeprefix("Explorer: ").strip()
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture(scope="module")
def url(db: Path) -> Iterator[str]:
    """The URL of a running explorer."""
    with explorer(db) as (_, served):
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: none on the PATH, and OTEL_BURN_CHROMIUM names none")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def seen() -> Seen:
    """What the page of the test does."""
    return Seen()


@pytest.fixture
def page(browser: Browser, seen: Seen) -> Iterator[Page]:
    """A fresh page that is watched, in a time zone that is not UTC."""
    context = browser.new_context(viewport={"width": 1400, "height": 1600}, timezone_id="Pacific/Auckland")
    context.set_default_timeout(SECONDS)
    opened = context.new_page()
    seen.watch(opened)
    yield opened
    context.close()


def settled(page: Page) -> None:
    """Wait until Streamlit has run the page."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def query(page: Page) -> dict[str, list[str]]:
    """The query parameters of the page's URL."""
    return parse_qs(urlsplit(page.url).query)


def test_the_way_from_a_sum_to_a_session_to_sql(page: Page, url: str, seen: Seen) -> None:
    """Burn, its worst finding, that session, then a query: all in links, without an error or an outside request."""
    page.goto(url)
    expect(page.get_by_role("heading", name="What to fix first")).to_be_visible()
    expect(
        page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg")
    ).to_have_count(2)

    page.get_by_role("radio", name="30d", exact=True).click()
    page.wait_for_url("**/?range=30d")
    settled(page)

    page.get_by_role("link", name="Why").first.click()
    page.wait_for_url("**/findings?*finding=*")
    expect(page.get_by_role("heading", name="What repeats")).to_be_visible()
    page.goto(f"{url}/?range=30d")
    page.get_by_role("link", name="Open session").first.click()
    page.wait_for_url(re.compile(r"/session\?.*session=looping"))
    expect(page.get_by_role("heading", name="looping")).to_be_visible()
    expect(page.get_by_text("Input, in tokens")).to_be_visible()
    page.wait_for_url(re.compile("range=30d"))  # the time range comes along
    expect(page.locator("[data-testid=stEChartsChart], [data-testid=stEchartsChart]").first).to_be_visible()

    page.get_by_role("link", name="SQL").click()
    editor = page.get_by_role("textbox", name="SQL")
    expect(editor).to_have_value(re.compile("SELECT provider"))
    settled(page)  # what is typed while the page still runs can be taken back by it
    editor.fill("SELECT count(*) AS calls FROM llm_calls")
    editor.press("Control+Enter")
    page.wait_for_url(re.compile(r"/sql\?.*sql=SELECT(\+|%20)count"))
    settled(page)
    assert query(page)["sql"] == ["SELECT count(*) AS calls FROM llm_calls"]
    expect(page.get_by_text("1 row", exact=True)).to_be_visible()

    assert seen.errors == []
    assert seen.hosts == {"127.0.0.1"}


def test_times_are_utc_in_any_time_zone(page: Page, url: str) -> None:
    """Calls of nine o'clock UTC stand at nine o'clock, on the charts and in the tables, for a reader in Auckland."""
    page.goto(url)
    chart = page.locator("[data-testid=stVegaLiteChart]").first
    expect(chart).to_contain_text("09:01:00")


def test_a_deep_link_shows_what_it_carries(page: Page, url: str, seen: Seen) -> None:
    """A session and a turn, straight from the address bar."""
    page.goto(f"{url}/session?session=looping&turn=2")
    expect(page.get_by_role("heading", name="looping")).to_be_visible()
    settled(page)
    assert query(page) == {"session": ["looping"], "turn": ["2"]}
    assert seen.errors == []
    assert seen.hosts == {"127.0.0.1"}


def test_a_click_in_the_list_opens_the_session(page: Page, url: str) -> None:
    """The names in the table of sessions are the way in, and there is a way back."""
    page.goto(f"{url}/sessions")
    table = page.locator("[data-testid=stDataFrame] canvas").first
    expect(table).to_be_visible()
    settled(page)
    table.click(position={"x": 60, "y": 52}, force=True)  # the grid listens on a layer above
    page.wait_for_url("**/session?session=looping")
    page.get_by_role("link", name="All sessions").click()
    expect(page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()
    page.wait_for_url("**/sessions")


def test_a_trace_is_drawn_and_walked_by_keyboard(page: Page, url: str, seen: Seen) -> None:
    """The canvas draws every span; an arrow key selects one, says it aloud, and the address carries it."""
    trace = sha256(b"looping").hexdigest()[:32]
    page.goto(f"{url}/trace?trace={trace}")
    expect(page.locator(".flame")).to_have_attribute("data-drawn", "7")
    settled(page)
    page.locator(".flame canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".flame .said")).to_contain_text("chat gpt-5-mini (LLM call): own")
    page.wait_for_url("**/trace?*span=*")
    page.get_by_role("link", name="Turn 2 of its session").click()
    page.wait_for_url("**/session?session=looping&turn=2")
    assert seen.errors == []
    assert seen.hosts == {"127.0.0.1"}


def test_live_shows_what_arrives(
    page: Page, tmp_path: Path, db: Path, arrive: Callable[[Path], None]
) -> None:
    """With `?live=true` a page follows the ledger by itself."""
    copy = Path(shutil.copy(db, tmp_path / "burn.duckdb"))
    with explorer(copy) as (_, served):
        page.goto(f"{served}/?live=true")
        expect(page.get_by_test_id("stMetricValue").nth(2)).to_have_text("12")
        arrive(copy)
        expect(page.get_by_test_id("stMetricValue").nth(2)).to_have_text("13")


def test_a_hostile_name_loads_nothing(page: Page, url: str, seen: Seen) -> None:
    """An agent whose name is Markdown for an image of elsewhere is shown as that text."""
    page.goto(f"{url}/session?session=hostile")
    expect(page.get_by_text("evil.example")).to_be_visible()
    page.goto(f"{url}/?by=agent")
    expect(page.get_by_role("heading", name="What to fix first")).to_be_visible()
    settled(page)
    assert seen.hosts == {"127.0.0.1"}
    assert seen.errors == []


def test_it_ends_while_a_browser_looks_on(browser: Browser, db: Path) -> None:
    """An open page does not keep the explorer alive."""
    with explorer(db) as (process, url):
        page = browser.new_page()
        page.goto(url)
        expect(page.get_by_role("heading", name="Burn")).to_be_visible()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        page.close()
    assert (process.returncode, errors) == (0, "")
