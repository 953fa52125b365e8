"""What does `otel-burn price` do? Prices rows of raw usage; a row that cannot be read is told with its line."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn.prices import aliases
from otel_burn.prices.rows import RowError, price_row

COLUMNS: Final = {
    "request_date_utc": "at",
    "region_or_endpoint": "region",
    "raw_usage_json": "usage",
}
"""Names of columns in CSV files, beside those of the rows themselves."""

EXAMPLE: Final = """\
A row a line:
  {"id": "1", "provider": "anthropic", "api": "messages", "model": "claude-opus-5-5", "at": "2026-11-15T12:00:00Z",
   "service_tier": "standard", "region": "us", "usage": {"input_tokens": 10000, "output_tokens": 1000}}

`usage` is what the API answered: the usage object alone, the whole response, or the list of a stream's events. What it
says of tier, speed and region counts; the row's own `service_tier` and `region` where it says nothing. `api` matters
where the answer doesn't tell: `batch`, `images`, `embeddings`. A row's `alias` is priced in the place of its `model` (a
deployment, an inference profile). `-` reads standard input. CSV files have a column each.

Each row is answered by {"id", "usd", "status", "lines"}, with a "reason" where there is something to say. The status is
computed, estimated (the reason says why), reported (the provider said what it costs), not_metered (nobody bills it),
unpriced (no list has a rate: usd is null, never 0), unknown_usage (there are no counts to go by) or invalid (the row
cannot be read; its line is told on standard error, and the exit code is 1).
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `otel-burn price`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    parser.add_argument("file", metavar="FILE", help="JSON lines, CSV, or - for standard input")
    parser.add_argument(
        "--aliases", type=Path, metavar="FILE", help="names of your own (default: aliases.toml)"
    )
    parser.add_argument("--json", action="store_true", help="JSON lines, as without it")


def run(arguments: argparse.Namespace) -> int:
    """Price every row."""
    names = aliases.load(arguments.aliases)
    failed = 0
    for number, row in _rows(arguments.file):
        try:
            told = price_row(_checked(row), names)
        except RowError as error:
            failed += 1
            sys.stderr.write(f"{arguments.file}:{number}: {error}\n")
            told = _invalid(row, number, str(error))
        sys.stdout.write(_AMOUNTS.encode(told).decode() + "\n")
    if failed:
        sys.stderr.write(f"{failed} rows could not be read; the others are priced.\n")
    return 1 if failed else 0


_AMOUNTS: Final = msgspec.json.Encoder(decimal_format="number")
"""Writes every digit of an amount, which no float would keep."""


def _invalid(row: Any, number: int, reason: str) -> dict[str, Any]:
    name = row.get("id") if isinstance(row, dict) else None
    return {"id": name, "line": number, "usd": None, "status": "invalid", "lines": [], "reason": reason}


def _checked(row: Any) -> dict[str, Any]:
    if isinstance(row, RowError):
        raise row
    if not isinstance(row, dict):
        raise RowError(f"a row is an object, not {type(row).__name__}")
    said: dict[str, Any] = row
    return {**said, "usage": _parsed(said["usage"])} if isinstance(said.get("usage"), str) else said


def _parsed(said: str) -> Any:
    try:
        return json.loads(said)
    except (ValueError, RecursionError) as error:
        raise RowError(f"this is no JSON ({error}): {said.strip()[:60]}") from error


def _rows(name: str) -> Iterator[tuple[int, Any]]:
    """Each row with its line, or the error that stands in its place."""
    if name == "-":
        yield from _json_rows(sys.stdin.buffer)
        return
    path = Path(name)
    try:
        with path.open("rb") as file:
            if path.suffix.lower() == ".csv":
                yield from _csv_rows(path)
            else:
                yield from _json_rows(file)
    except OSError as error:
        raise BurnError(f"{name} cannot be read: {error.strerror}.") from error


def _json_rows(file: IO[bytes]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            yield number, _parsed(line.decode("utf-8-sig"))
        except (RowError, UnicodeDecodeError) as error:
            yield number, RowError(str(error))


def _csv_rows(path: Path) -> Iterator[tuple[int, Any]]:
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, {COLUMNS.get(key, key): value for key, value in row.items() if key}


PRICE: Final = Command("price raw usage of any provider, row by row", configure, run)
