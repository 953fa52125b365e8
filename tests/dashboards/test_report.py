"""Is the HTML report one file that tells what the pages tell, and nothing of its own?"""

import subprocess
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from otel_burn.errors import BurnError
from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import html_report
from otel_burn_dashboards.scope import Scope

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)


class Page(HTMLParser):
    """What a page is made of, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loaded: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Write down the tag and what it refers to."""
        self.tags.add(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]

    def handle_data(self, data: str) -> None:
        """Gather the words."""
        self.text += data


def read(ledger: Ledger, scope: Scope | None = None) -> Page:
    """The report, parsed."""
    page = Page()
    page.feed(html_report.html(ledger, scope or Scope(), NOW))
    return page


def test_it_loads_and_runs_nothing(ledger: Ledger) -> None:
    """No script, no image, no link: it opens offline, and a hostile name stays text."""
    page = read(ledger)
    assert page.tags.isdisjoint({"script", "img", "iframe", "link", "a", "object"})
    assert page.loaded == []
    assert "![x](http://evil.example/x.png)" in page.text


def test_it_says_what_the_pages_say(ledger: Ledger) -> None:
    """Sums, coverage, what has no price, findings with their fix, sessions."""
    text = read(ledger).text
    for said in ("$0.0030", "40.4 % of the tokens have a price", "house-model-1 (3 calls", "never add them up",
                 "run_tests was called 6 times", "Fix:", "looping", "unpriced"):  # fmt: skip
        assert said in text


def test_names_cannot_become_markup(ledger: Ledger) -> None:
    """What a tag would be is escaped."""
    assert html_report._table(("<b>",), [("<script>alert(1)</script>",)]).count("<script>") == 0


def test_an_empty_time_is_a_sentence(ledger: Ledger) -> None:
    """Nothing burned is no error."""
    assert "No LLM call in this time." in read(ledger, Scope(since=datetime(2027, 1, 1, tzinfo=UTC))).text


def test_a_file_that_cannot_be_written_is_a_sentence(ledger: Ledger, tmp_path: Path) -> None:
    """What was wrong, and what to do."""
    with pytest.raises(BurnError, match=r"cannot be written to .*Name a file in a folder"):
        html_report.write(ledger, tmp_path / "none" / "report.html")


def test_the_command_writes_it(db: Path, tmp_path: Path) -> None:
    """`otel-burn report --html FILE`."""
    file = tmp_path / "report.html"
    command = [sys.executable, "-m", "otel_burn", "report", "--db", str(db), "--html", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
