"""What does an open page do while the collector is stopped, killed, frozen or refuses, and when it is back?"""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PAGES = (
    ("/session?session=looping", "What the context was made of"),
    ("/sql?" + urlencode({"sql": "SELECT 41 + 1 AS answer"}), "1 row"),
)
"""Addresses, and what stands there. `test_away` beside this folder has all pages, without a browser."""
BY_ITSELF = "This page goes on by itself"


@pytest.fixture(scope="module")
def url(away_db: Path, running: Any, start_explorer: Any) -> Iterator[str]:
    """An explorer that was started beside the collector."""
    with start_explorer(away_db) as (_, served):
        yield served


@pytest.fixture
def opened(context: Any, way: Any) -> Iterator[list[tuple[Page, str]]]:
    """Pages side by side, and what stands on each; all answered by the collector."""
    pages = []
    for path, shown in PAGES:
        page = context.new_page()
        page.goto(way.url + path)
        expect(page.get_by_text(shown).first).to_be_visible()
        expect(page.get_by_text("through the collector")).to_be_visible()
        pages.append((page, shown))
    yield pages
    for page, _ in pages:
        page.close()


@pytest.mark.parametrize(
    ("leave", "come_back", "says", "source"),
    [
        (lambda one: one.end(), lambda one: one.start(), "The collector was stopped", "from the file"),
        (
            lambda one: one.send(signal.SIGSTOP),
            lambda one: one.send(signal.SIGCONT),
            "does not answer, and nobody else can read",
            "the collector does not answer",
        ),
    ],
    ids=["stopped", "frozen"],
)
def test_a_page_says_that_the_collector_is_away_and_goes_on_when_it_is_back(
    running: Any, opened: list[tuple[Page, str]], leave: Any, come_back: Any, says: str, source: str
) -> None:
    """Without a touch: each page says what happened and what to do, keeps what it showed, and drops the note again."""
    leave(running)
    for page, shown in opened:
        expect(page.get_by_text(says)).to_be_visible()
        expect(page.get_by_text(BY_ITSELF, exact=False).first).to_be_visible()
        expect(page.get_by_text(source).first).to_be_visible()
        expect(page.get_by_text(shown).first).to_be_visible()
    come_back(running)
    for page, shown in opened:
        expect(page.get_by_text("through the collector")).to_be_visible()
        expect(page.get_by_text(says)).to_have_count(0)
        expect(page.get_by_text(shown).first).to_be_visible()


def test_a_page_opened_while_the_collector_is_frozen_comes_by_itself(
    running: Any, page: Page, way: Any
) -> None:
    """What nobody has asked before cannot be shown: a sentence stands there until the collector answers."""
    running.send(signal.SIGSTOP)
    page.goto(f"{way.url}/session?session=housed")
    expect(page.get_by_text("does not answer, and nobody else can read").first).to_be_visible()
    running.send(signal.SIGCONT)
    expect(page.get_by_role("heading", name="housed")).to_be_visible()


def test_a_page_opened_without_a_collector_says_how_to_start_one(running: Any, page: Page, way: Any) -> None:
    """The file answers, and the head of the page names the command."""
    running.end()
    way.open("/sessions")
    expect(page.get_by_text("from the file, no collector runs")).to_be_visible()
    running.start()
    expect(page.get_by_text("through the collector")).to_be_visible()


def test_a_token_that_is_refused_is_said_and_tried_again(running: Any, page: Page, way: Any) -> None:
    """collector.json with another's token: the page says where the right one stands, and goes on once it does."""
    right = running.announced.read_text()
    running.announced.write_text(json.dumps(json.loads(right) | {"token": "another"}))
    page.goto(f"{way.url}/session?session=hostile")
    expect(page.get_by_text("The bearer token is missing or wrong")).to_be_visible()
    expect(page.get_by_text(BY_ITSELF)).to_be_visible()
    running.announced.write_text(right)
    expect(page.get_by_text("The bearer token is missing or wrong")).to_have_count(0)
    expect(page.get_by_text("What the context was made of")).to_be_visible()
