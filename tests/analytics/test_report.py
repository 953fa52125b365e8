"""Does the report say what the ledger holds? Against a real DuckDB file, read as commands read it."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_burn import locations
from otel_burn.cli import dispatch
from otel_burn_analytics import report, terminal
from otel_burn_analytics.queries import Scope
from otel_burn_collector.reader import open_ledger

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def make(db: Path) -> Callable[..., report.Report]:
    """Makes a report in a world without a clock."""

    def made(scope: Scope | None = None, **options: Any) -> report.Report:
        with open_ledger(db) as ledger:
            one = report.make(ledger, scope or Scope(), **options)
        return replace(one, freshness="As of 2026-11-23 09:10:00 UTC (the file, no collector runs).")

    return made


def golden(name: str, text: str) -> None:
    """Compare with the file; `OTEL_BURN_UPDATE_GOLDEN=1 pytest` writes it."""
    path = GOLDEN / name
    if os.environ.get("OTEL_BURN_UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("by", report.DIMENSIONS)
def test_reads_well_on_a_terminal(make: Callable[..., report.Report], by: str) -> None:
    """The whole text, line by line."""
    golden(f"by_{by}.txt", terminal.text(make(by=by)))


def test_fits_a_terminal_of_a_hundred_columns(make: Callable[..., report.Report]) -> None:
    """No line is longer, and nothing but ASCII is in it."""
    text = terminal.text(make(by="session"))
    assert max(len(line) for line in text.splitlines()) <= terminal.WIDTH
    assert text.isascii()


def test_counts_to_the_last_token(make: Callable[..., report.Report]) -> None:
    """The totals are those of the spans that went in."""
    totals = make().totals
    assert (totals.calls, totals.failed, totals.answered, totals.exact_calls) == (16, 1, 15, 15)
    assert totals.input_tokens == sum(1_000 + 200 * turn for turn in range(6)) + 1_000 + 7 * 10_000 + 500
    assert totals.output_tokens == 6 * 40 + 8 * 60 + 20


def test_dollars_by_class_add_up_to_the_bill(make: Callable[..., report.Report]) -> None:
    """Classes share the dollars among them; nothing is lost and nothing is there twice."""
    made = make()
    assert sum((one.usd or Decimal(0)) for one in made.classes) == made.totals.cost_usd


def test_rows_add_up_to_the_totals(make: Callable[..., report.Report]) -> None:
    """Whatever the dimension; tools aside, which are part of the input of calls."""
    for by in ("model", "session", "agent", "work", "project"):
        made = make(by=by)
        assert sum(row.calls for row in made.rows) == made.totals.calls
        assert sum((row.cost_usd or Decimal(0)) for row in made.rows) == made.totals.cost_usd


def test_a_model_without_a_price_is_named_and_costs_nothing_known(make: Callable[..., report.Report]) -> None:
    """Unknown is no zero."""
    made = make()
    assert made.unpriced == (report.Unpriced("acme", "acme-7b", 1, without_usage=False),)
    assert [row.cost_usd for row in made.rows if row.name == "acme-7b"] == [None]


def test_calls_without_usage_do_not_lack_a_price(make: Callable[..., report.Report]) -> None:
    """A reader who looks for the price would look in vain."""
    lacking = (report.Unpriced("openai", "gpt-5", 3, without_usage=True),)
    said = terminal.text(replace(make(), unpriced=lacking))
    assert "no usage for openai/gpt-5 (3 calls)" in said
    assert "no price for" not in said


def test_a_run_is_told_by_itself(make: Callable[..., report.Report]) -> None:
    """Only its calls, only its findings."""
    made = make(Scope(run="run-1"))
    assert (made.totals.calls, made.totals.agents) == (7, 1)
    assert [finding["detector"] for finding in made.findings] == ["loops"]


def test_the_rest_of_a_long_table_is_counted(make: Callable[..., report.Report]) -> None:
    """The most expensive rows are shown, the others are not passed over."""
    assert "... and 2 more" in terminal.text(make(top=1))


def test_findings_are_stored(make: Callable[..., report.Report], db: Path) -> None:
    """What the report found, the view `findings` has; reporting again does not add to it."""
    expected = sorted(finding["finding_id"] for finding in make().findings)
    make()
    with open_ledger(db) as ledger:
        stored = ledger.query("SELECT finding_id FROM findings ORDER BY finding_id")
    assert stored["finding_id"].to_pylist() == expected


def test_a_run_without_calls_says_what_it_saw(
    make: Callable[..., report.Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hosts, taps and interpreters without otel-burn, from the notes of its processes."""
    monkeypatch.setenv("OTEL_BURN_HOME", str(tmp_path))
    folder = locations.run_folder("quiet")
    folder.mkdir(parents=True)
    notes = [
        {
            "argv": ["agent.py"],
            "executable": "python3",
            "instrumented": True,
            "taps": ["httpx"],
            "hosts": {"x:443": 2},
        },
        {
            "argv": ["child.py"],
            "executable": "python3",
            "instrumented": True,
            "taps": ["httpx2"],
            "hosts": {"x:443": 1},
            "unseen": ["WebSockets to api.openai.com"],
        },
        {"argv": ["tool.py"], "executable": "/opt/old/python", "instrumented": False},
    ]
    for pid, note in enumerate(notes):
        (folder / f"process-{pid}.json").write_text(json.dumps(note))
    (folder / "process-9.json").write_text('{"argv": ["killed whi')
    golden("run_without_calls.txt", terminal.text(make(Scope(run="quiet"))))


def test_an_unknown_run_says_that_nothing_was_instrumented(
    make: Callable[..., report.Report], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No notes, no calls: the reader learns what to check."""
    monkeypatch.setenv("OTEL_BURN_HOME", str(tmp_path))
    assert "No process of it ran with otel-burn" in terminal.text(make(Scope(run="nobody")))


def test_json_is_the_same_report(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Dollars are exact strings, times carry their zone, unknown is null."""
    assert dispatch(["report", "--db", str(db), "--json", "--by", "agent"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["totals"]["cost_usd"] == "0.124150000000"
    assert made["totals"]["first_at"] == "2026-11-23T09:00:00+00:00"
    assert made["totals"]["cache_read_tokens"] is None
    assert any(one["evidence"].startswith("run_tests was called 5 times") for one in made["findings"])
