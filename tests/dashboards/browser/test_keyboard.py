"""Can the explorer be used without a mouse and without eyes? Every control is reached, is seen then, and has a name."""

from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

TRACE = sha256(b"looping").hexdigest()[:32]
ADDRESSES = (
    "/",
    "/findings",
    "/session?session=looping",
    f"/trace?trace={TRACE}",
    "/sql?" + urlencode({"sql": "SELECT 1 AS one"}),
)
TABLES = (
    "/",
    "/findings?show=blocks",
    "/sessions",
    "/session?session=looping",
    "/trace",
    "/compare?left=looping&right=housed",
    "/sql?" + urlencode({"sql": "SELECT 1 AS one"}),
)
CONTROLS = """() => [...document.querySelectorAll('a[href], button, input, textarea, canvas[tabindex="0"]')]
    .filter(one => one.tabIndex >= 0 && !one.disabled && one.checkVisibility({ visibilityProperty: true })
        && one.getBoundingClientRect().width > 1 && !one.closest('[aria-hidden=true], [inert]')
        // Of a group of radio buttons the keyboard reaches one; arrows reach the others.
        && !(one.getAttribute('role') === 'radio'
            && one !== one.closest('[role=radiogroup]').querySelector('[role=radio]')))
    .map((one, number) => {
        one.dataset.number = number;
        const named = one.getAttribute('aria-label') || one.labels?.[0]?.innerText || one.innerText || one.placeholder;
        return one.tagName === 'CANVAS' ? 'a table' : (named || '').trim();
    })"""
FOCUSED = """() => {
    const one = document.activeElement, style = getComputedStyle(one);
    return [one.dataset.number ?? null, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2];
}"""
CELLS = 400
"""Tab goes through the cells of a table, too."""


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.partition("?")[0])
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(way: Any, page: Page, address: str) -> None:
    """Tab by tab from the top of a page; each control has a name that a screen reader can say."""
    way.open(address)
    page.wait_for_timeout(1000)
    names = page.evaluate(CONTROLS)
    assert len(names) > 10
    assert all(names), names
    reached, hidden = set(), set()
    for _ in range(CELLS):
        page.keyboard.press("Tab")
        number, ringed = page.evaluate(FOCUSED)
        if number is not None:
            reached.add(int(number))
            hidden |= set() if ringed else {names[int(number)]}
        if len(reached) == len(names):
            break
    assert [name for place, name in enumerate(names) if place not in reached] == []
    assert hidden == set()


@pytest.mark.parametrize("address", TABLES, ids=lambda address: address.partition("?")[0])
def test_a_table_has_a_name(way: Any, page: Page, address: str) -> None:
    """A screen reader can list the tables of a page, each under a name of its own."""
    way.open(address)
    tables = page.get_by_test_id("stDataFrameResizable")
    expect(tables.first).to_be_visible()
    names = [table.get_attribute("aria-label") for table in tables.all()]
    assert all(names)
    assert len(set(names)) == len(names)


def test_a_trace_is_told_in_words(way: Any, page: Page) -> None:
    """The canvas says what it is and how it is used, and the span that one comes to first."""
    way.open(f"/trace?trace={TRACE}")
    canvas = page.get_by_role("application")
    expect(canvas).to_have_attribute(
        "aria-label", "7 spans by time. Arrow keys move, Enter zooms, Escape shows everything."
    )
    canvas.focus()
    expect(page.locator(".flame .said")).to_contain_text("chat gpt-5-mini (LLM call): own")


def test_charts_are_told_in_words(way: Any, page: Page) -> None:
    """A screen reader gets the numbers of a chart, not only its title."""
    way.open("/")
    expect(page.get_by_label("Dollars over time, by model: gpt-5-mini $").first).to_be_attached()
