"""Do the commands take what users type, and say what is wrong with it?"""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from otel_burn.cli import dispatch, main
from otel_burn.errors import BurnError
from otel_burn_analytics.commands import moment

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

MOMENTS = {
    "90m": NOW - timedelta(minutes=90),
    "24h": NOW - timedelta(hours=24),
    "7d": NOW - timedelta(days=7),
    "2w": NOW - timedelta(weeks=2),
    "2026-11-01": datetime(2026, 11, 1, tzinfo=UTC),
    "2026-11-01T08:30": datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
    "2026-11-01T08:30+02:00": datetime(2026, 11, 1, 8, 30, tzinfo=timezone(timedelta(hours=2))),
}


@pytest.mark.parametrize(("text", "expected"), MOMENTS.items(), ids=MOMENTS.keys())
def test_since_takes_lengths_and_dates(text: str, expected: datetime) -> None:
    """A date without a zone is UTC."""
    assert moment(text, NOW) == expected


@pytest.mark.parametrize("text", ["yesterday", "7", "d7", "2026-13-01"])
def test_since_says_what_it_takes(text: str) -> None:
    """The error names the value and shows what would do."""
    with pytest.raises(BurnError, match=rf"'{text}', which is no time. Give a length such as .*7d"):
        moment(text, NOW)


def test_since_leaves_out_what_was_before(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A moment after the first agent's calls."""
    dispatch(["report", "--db", str(db), "--since", "2026-11-23T09:01:30", "--json"])
    made = json.loads(capsys.readouterr().out)
    assert made["totals"]["calls"] == 9
    assert made["since"] == "2026-11-23T09:01:30+00:00"


def test_nothing_since_then_is_a_sentence(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reader sees that it is the time, not the ledger, that leaves nothing."""
    assert dispatch(["report", "--db", str(db), "--since", "2026-11-24"]) == 0
    assert "No LLM call since 2026-11-24 00:00 UTC is recorded here" in capsys.readouterr().out


def test_a_missing_database_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do, and a failing exit code."""
    assert main(["report", "--db", str(tmp_path / "none.duckdb")]) == 1
    said = capsys.readouterr().err
    assert "There is no database at" in said
    assert "Traceback" not in said


def test_findings_can_be_chosen(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By detector, by tier, by session."""
    for chosen, expected in (
        (["--detector", "loops"], {"detector": "loops"}),
        (["--tier", "waste"], {"tier": "waste"}),
        (["--session", "fixer-session"], {"session_id": "fixer-session"}),
    ):
        assert dispatch(["findings", "--db", str(db), "--json", *chosen]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found
        assert all(one | expected == one for one in found)
    assert dispatch(["findings", "--db", str(db), "--json"]) == 0
    assert {one["detector"] for one in json.loads(capsys.readouterr().out)} >= {"loops", "context_bloat"}


def test_findings_read_well(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Evidence, range and fix in text, and a word when there are none."""
    dispatch(["findings", "--db", str(db), "--detector", "loops"])
    said = capsys.readouterr().out
    assert "never add them up" in said
    assert "$0.0162 to $0.0204, 6,160 tokens wasted, confidence 95 %" in said
    assert "Fix: Stop run_tests" in said
    dispatch(["findings", "--db", str(db), "--session", "nowhere"])
    assert "there was nothing to judge" in capsys.readouterr().out
    dispatch(["findings", "--db", str(db), "--detector", "price_cliffs"])
    assert re.search(
        r"No findings: \d+ calls were judged; \d+ findings of other kinds\.", capsys.readouterr().out
    )
