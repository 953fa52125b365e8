"""Does `otel-burn price` answer every row that can be read, and name the lines of the others?"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

GOOD = {
    "id": "a",
    "provider": "anthropic",
    "api": "messages",
    "model": "claude-opus-5-5",
    "at": "2026-11-15T12:00:00Z",
    "usage": {"input_tokens": 10000, "output_tokens": 1000},
}
CODE = """
import argparse, sys
from otel_burn.errors import BurnError
from otel_burn.prices.command import PRICE
parser = argparse.ArgumentParser(); PRICE.configure(parser)
try:
    sys.exit(PRICE.run(parser.parse_args(sys.argv[1:])))
except BurnError as error:
    sys.exit(f"otel-burn: {error}")
"""


def price(*arguments: str, given: bytes = b"") -> tuple[int, list[dict[str, Any]], str]:
    """What the command prints in a process of its own: exit code, rows, standard error."""
    ran = subprocess.run(
        [sys.executable, "-c", CODE, *arguments], input=given, capture_output=True, check=False
    )
    return ran.returncode, [json.loads(line) for line in ran.stdout.splitlines()], ran.stderr.decode()


def test_rows_are_priced_from_standard_input() -> None:
    """An id, an amount, a status and the lines of the bill."""
    code, (told,), said = price("-", given=json.dumps(GOOD).encode())
    assert (code, said) == (0, "")
    assert (told["id"], told["usd"], told["status"]) == ("a", 0.06, "computed")
    assert [(line["unit"], line["quantity"], line["rate"]) for line in told["lines"]] == [
        ("input_tokens", 10000, 4e-06),
        ("output_tokens", 1000, 2e-05),
    ]


def test_bad_rows_are_told_with_their_lines_and_the_others_are_priced(tmp_path: Path) -> None:
    """Half a line, a list, a row without a time, bytes that are no text: nothing else is lost."""
    file = tmp_path / "rows.jsonl"
    lines = [
        json.dumps(GOOD),
        '{"id": "cut", "usa',
        "[1]",
        json.dumps({**GOOD, "id": "timeless", "at": None}),
        json.dumps({**GOOD, "id": "number", "provider": 5}),
        "",
        json.dumps({**GOOD, "id": "z"}),
    ]
    file.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe\n")
    code, told, said = price(str(file))
    assert code == 1
    assert [(one["id"], one["status"], one.get("line")) for one in told] == [
        ("a", "computed", None),
        (None, "invalid", 2),
        (None, "invalid", 3),
        ("timeless", "invalid", 4),
        ("number", "invalid", 5),
        ("z", "computed", None),
        (None, "invalid", 8),
    ]
    assert [line.partition(":")[2].partition(":")[0] for line in said.splitlines()[:5]] == list("23458")
    assert "`at` is None; give the time of the call" in said
    assert "5 rows could not be read; the others are priced." in said


def test_a_csv_file_has_a_column_each(tmp_path: Path) -> None:
    """The usage as JSON in a column; the names of the columns that others use are known."""
    file = tmp_path / "rows.csv"
    file.write_text(
        "id,provider,api,model,request_date_utc,region_or_endpoint,raw_usage_json\n"
        'a,anthropic,messages,claude-opus-5-5,2026-11-15T12:00:00Z,us,"{""input_tokens"":10000,""output_tokens"":0}"\n'
    )
    _, (told,), _ = price(str(file))
    assert told["usd"] == 0.044


def test_names_of_ones_own_come_from_a_file(tmp_path: Path) -> None:
    """A deployment, a pattern, and a table that says who bills."""
    names = tmp_path / "aliases.toml"
    names.write_text(
        '[models]\n"prod" = "gpt-5"\n"team/*" = {provider = "anthropic", model = "claude-opus-5-5"}\n'
    )
    rows = [{**GOOD, "provider": "azure", "model": name} for name in ("prod", "team/x", "other")]
    told = price("-", "--aliases", str(names), given="\n".join(map(json.dumps, rows)).encode())[1]
    assert [(one["usd"], one["status"]) for one in told] == [
        (0.0225, "computed"),
        (0.06, "computed"),
        (None, "unpriced"),
    ]


def test_a_file_of_aliases_that_is_wrong_is_an_error_that_says_where(tmp_path: Path) -> None:
    """No TOML, another table, a model that no list has, no text; and a file that is not there."""
    names = tmp_path / "aliases.toml"
    for content, expected in (
        ('[models]\n"a" = ', "is no TOML"),
        ('[names]\n"a" = "b"', "it needs one table"),
        ('[models]\n"a" = {provider = "openai", model = "gpt-99"}', "on no price list"),
        ('[models]\n"a" = 5', "the alias 'a' is 5"),
        ('[models]\n"a" = {model = "x", price = "1"}', "the alias 'a'"),
    ):
        names.write_text(content)
        code, told, said = price("-", "--aliases", str(names), given=b"")
        assert (code, told) == (1, [])
        assert expected in said, said
    assert "cannot be read" in price("-", "--aliases", str(tmp_path / "none.toml"))[2]


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """One sentence, exit code 1."""
    code, told, said = price(str(tmp_path / "none.jsonl"))
    assert (code, told) == (1, [])
    assert "cannot be read: No such file" in said
