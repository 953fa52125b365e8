"""Is a trace drawn as it was, however many spans it has, and can one get at each of them?"""

from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

TRACE = sha256(b"looping").hexdigest()[:32]
MANY = 3000
LANES = """async (source) => {
    window.layout = await import(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
}"""
ROWS = "([begin, end, parent]) => [...window.layout.lanes(begin, end, Int32Array.from(parent))]"
MIDDLE = """(canvas) => {
    const ratio = canvas.width / canvas.clientWidth;
    return canvas.getContext('2d').getImageData(canvas.width / 2, 33 * ratio, 1, 1).data[3];
}"""


@pytest.fixture(scope="module")
def many_url(tmp_path_factory: Any, fill_spans: Any, start_explorer: Any) -> Iterator[str]:
    """An explorer of a trace whose spans are thirty times narrower than a pixel each."""
    db = fill_spans(tmp_path_factory.mktemp("many") / "burn.duckdb", [f"step {n}" for n in range(MANY)])
    with start_explorer(db) as (_, served):
        yield served


@pytest.fixture
def layout(page: Page) -> Page:
    """A page that has the functions of the flame's layout."""
    source = files("otel_burn_dashboards").joinpath("flame_layout.js").read_text(encoding="utf-8")
    page.evaluate(LANES, source)
    return page


def test_a_trace_is_drawn_and_walked_by_keyboard(way: Any, page: Page, seen: Any) -> None:
    """The canvas draws every span; an arrow key selects one, says it aloud, and the address carries it."""
    way.open(f"/trace?trace={TRACE}")
    expect(page.locator(".flame")).to_have_attribute("data-drawn", "7")
    page.locator(".flame canvas").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".flame .said")).to_contain_text("chat gpt-5-mini (LLM call): own")
    page.wait_for_url("**/trace?*span=*")
    page.get_by_role("link", name="Turn 2 of its session").click()
    way.at("/session", session="looping", turn="2")
    seen.check()


def test_what_was_too_narrow_to_be_drawn_is_drawn_when_zoomed(page: Page, many_url: str) -> None:
    """End selects the last span of thousands, Enter zooms to it: it fills the middle, and a click there selects it."""
    page.goto(f"{many_url}/trace?trace={'a' * 32}")
    flame, canvas = page.locator(".flame"), page.locator(".flame canvas")
    expect(flame).to_have_attribute("data-drawn", str(MANY))
    canvas.focus()
    page.keyboard.press("End")
    expect(flame.locator(".said")).to_contain_text(f"step {MANY - 1} (")
    page.keyboard.press("Enter")
    box = canvas.bounding_box()
    assert box
    canvas.hover(position={"x": box["width"] / 2, "y": 33})
    expect(flame.locator(".tip")).to_contain_text(f"step {MANY - 1} (")
    assert canvas.evaluate(MIDDLE) > 0
    page.keyboard.press("Escape")
    canvas.hover(position={"x": 10, "y": 33})
    expect(flame.locator(".tip")).to_contain_text("step ")
    expect(flame.locator(".tip")).not_to_contain_text(f"step {MANY - 1} (")


def test_the_address_of_a_span_shows_it(page: Page, many_url: str) -> None:
    """Of three thousand rows of a tree, the one that the address names is in view and told."""
    page.goto(f"{many_url}/trace?trace={'a' * 32}&shape=tree")
    canvas = page.locator(".flame canvas")
    canvas.focus()
    page.keyboard.press("End")
    page.wait_for_url("**span=*")
    page.reload()
    expect(page.locator(".flame .said")).to_contain_text(f"step {MANY - 1} (")


def test_what_ran_at_once_stands_in_rows_of_its_own(layout: Page) -> None:
    """Two agents side by side, each with a call below it, hide none of each other; what follows takes their rows."""
    #       lead, writer, its call, fixer, its call, summary
    begin, end = [0, 1, 2, 2, 3, 10], [20, 8, 3, 9, 4, 12]
    assert layout.evaluate(ROWS, [begin, end, [-1, 0, 1, 0, 3, 0]]) == [0, 1, 2, 3, 4, 1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9), st.integers(0, 20)), max_size=25))
def test_no_two_spans_of_a_row_overlap(layout: Page, made: list[tuple[int, int, int]]) -> None:
    """Whatever hangs below whatever, and however long it goes on after its parent."""
    begin, end = [one[0] for one in made], [one[0] + one[1] for one in made]
    parent = [one[2] if one[2] < number else -1 for number, one in enumerate(made)]
    rows = layout.evaluate(ROWS, [begin, end, parent])
    assert all(rows[number] > rows[above] for number, above in enumerate(parent) if above >= 0)
    taken: dict[int, list[tuple[int, int]]] = {}
    for number, row in enumerate(rows):
        for other_begin, other_end in taken.setdefault(row, []):
            assert begin[number] >= other_end or end[number] <= other_begin
        taken[row].append((begin[number], end[number]))
