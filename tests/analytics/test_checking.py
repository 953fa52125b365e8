"""Does the gate for CI open and close where it says, and never open because nothing was there?"""

import argparse
import json
from pathlib import Path

import pytest

from otel_burn.errors import BurnError
from otel_burn_analytics.checking import CHECK


def check(db: Path, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    CHECK.configure(parser)
    return CHECK.run(parser.parse_args(["--db", str(db), *arguments]))


GATES = {
    "no loop allowed": (["--max-loops", "0"], 3),
    "one loop allowed": (["--max-loops", "1"], 0),
    "no waste allowed": (["--max-waste", "0"], 3),
    "cheap enough": (["--max-usd", "1", "--allow-unpriced"], 0),
    "a call without a price": (["--max-usd", "1"], 3),
    "too expensive": (["--max-usd", "0.01", "--allow-unpriced"], 3),
    "one finding wasted too much": (["--max-wasted-usd", "0.001"], 3),
    "one of two limits": (["--max-loops", "1", "--max-usd", "0.01"], 3),
    "only the run that loops not": (["--max-loops", "0", "--run", "run-2"], 0),
}


@pytest.mark.parametrize(("arguments", "code"), GATES.values(), ids=GATES.keys())
def test_the_exit_code_is_the_gate(
    db: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    """0 within all limits, 3 where one is exceeded, and a line for each."""
    assert check(db, *arguments) == code
    said = capsys.readouterr().out
    assert ("FAIL" in said) == (code == 3)


def test_a_failure_shows_what_to_fix(db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The numbers, then the findings with their evidence; as data with --json."""
    check(db, "--max-loops", "0")
    said = capsys.readouterr().out
    assert said.startswith("FAIL loop findings: 1 (limit 0)\n")
    assert "run_tests was called 5 times" in said
    check(db, "--max-loops", "0", "--max-usd", "1", "--json")
    made = json.loads(capsys.readouterr().out)
    assert made["ok"] is False
    assert [(one["name"], one["ok"], one["unpriced_calls"]) for one in made["limits"]] == [
        ("usd", False, 1),
        ("loop findings", False, 0),
    ]
    assert "loops" in [one["detector"] for one in made["findings"]]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--run", "nobody", "--max-loops", "0"], "No LLM call in scope"),
        ([], "Nothing to check. Give a limit"),
    ],
)
def test_nothing_to_check_is_an_error(db: Path, arguments: list[str], reason: str) -> None:
    """A gate that is wired to the wrong database must not be green."""
    with pytest.raises(BurnError, match=reason):
        check(db, *arguments)


@pytest.mark.parametrize("limit", ["-1", "many", "nan", "inf"])
def test_a_limit_is_a_number(db: Path, capsys: pytest.CaptureFixture[str], limit: str) -> None:
    """Wrong usage has its own exit code."""
    with pytest.raises(SystemExit) as stopped:
        check(db, f"--max-usd={limit}")
    assert stopped.value.code == 2
    assert "is no number from 0 on" in capsys.readouterr().err
