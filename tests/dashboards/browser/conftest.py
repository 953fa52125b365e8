"""What do the tests in a browser share? One Chromium with one cache, a running explorer, a page that is watched."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM = os.environ.get("OTEL_BURN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SECONDS = 30_000

expect.set_options(timeout=SECONDS)

Explorer = tuple[subprocess.Popen[str], str]
StartExplorer = Callable[[Path], AbstractContextManager[Explorer]]


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
        if kind in ("error", "warning"):
            self.errors.append(f"{text} ({url})")

    @property
    def hosts(self) -> set[str]:
        """Where requests went, by host."""
        return {
            urlsplit(url).hostname or "" for url in self.requests if not url.startswith(("data:", "blob:"))
        }

    def check(self) -> None:
        """Nothing went wrong, and nothing left this machine."""
        assert self.errors == []
        assert self.hosts == {"127.0.0.1"}


class Way:
    """What a reader does with a page, each step of it once the one before is done."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def open(self, path: str) -> None:
        """Go to an address, and wait until its page has run."""
        self.page.goto(self.url + path)
        self.settled()

    def settled(self) -> None:
        """Wait until Streamlit has run the page: what one types or clicks before can be taken back by it."""
        self.page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")

    def at(self, path: str, **params: str) -> None:
        """Wait for an address: a path with exactly these parameters."""

        def is_there(url: str) -> bool:
            parts = urlsplit(url)
            return parts.path == path and parse_qs(parts.query) == {n: [v] for n, v in params.items()}

        self.page.wait_for_url(is_there)
        self.settled()

    def click_row(self, number: int) -> None:
        """Click on what opens a row of the first table, counted from 1: tables are canvases of rows of 35 pixels."""
        self.settled()
        grid = self.page.locator("[data-testid=stDataFrame] canvas").first
        expect(grid).to_be_visible()
        # It listens on a layer above the canvas.
        grid.click(position={"x": 60, "y": 35 * number + 17}, force=True)


@contextmanager
def running_explorer(db: Path) -> Iterator[Explorer]:
    """A running `otel-burn explore` and its URL."""
    command = [sys.executable, "-m", "otel_burn", "explore", "--no-browser", "--db", str(db)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().removeprefix("Explorer: ").strip()
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture(scope="session")
def start_explorer() -> StartExplorer:
    """What runs an explorer, for tests that do not share theirs."""
    return running_explorer


@pytest.fixture(scope="module")
def url(db: Path) -> Iterator[str]:
    """The URL of a running explorer."""
    with running_explorer(db) as (_, served):
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium. It ends with its module: while Playwright runs, no other test could run an event loop."""
    if not CHROMIUM:
        pytest.skip("needs Chromium: none on the PATH, and OTEL_BURN_CHROMIUM names none")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def context(browser: Browser) -> BrowserContext:
    """A browser's profile in a time zone that is not UTC. It remembers no page: the state of one is its address.

    One for all tests: a new one would load and compile the 150 files of each page again.
    """
    opened = browser.new_context(viewport={"width": 1400, "height": 1600}, timezone_id="Pacific/Auckland")
    opened.set_default_timeout(SECONDS)
    return opened


@pytest.fixture
def seen() -> Seen:
    """What the page of the test does."""
    return Seen()


@pytest.fixture
def page(context: BrowserContext, seen: Seen) -> Iterator[Page]:
    """A fresh page that is watched."""
    opened = context.new_page()
    seen.watch(opened)
    yield opened
    opened.close()


@pytest.fixture
def way(page: Page, url: str) -> Way:
    """A reader of the explorer."""
    return Way(page, url)


@pytest.fixture
def arrive(made: SimpleNamespace) -> Callable[[Path], None]:
    """Has one more call arrive in a database."""

    def arrived(database: Path) -> None:
        made.fill(database, [made.call(1, session="new", agent="new")], judged=False)

    return arrived
