"""How long is what kept, and how much may it take? Each setting with its default and the reason for it."""

import argparse
import re
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True)
class Keeping:
    """What a collector keeps."""

    min_free: int = 512 << 20
    """DuckDB's log (64 MiB), a checkpoint that writes as much again, and what arrives between two looks."""
    max_waiting: int = 8 << 30
    """Over an hour of 1,000 spans a second; who is further behind should hear of it."""
    archive_days: float = 7.0
    """So that a backup that turns out to be no good, a week later, is no loss."""
    backup_hours: float = 24.0
    keep_backups: int = 3
    keep_spans: float = 30.0
    """Days, of spans, logs and metrics as received. What was made of them stays when they go."""
    keep_calls: float = 0.0
    """Days; 0: for ever. The bill is asked about long afterwards."""
    max_size: int = 0


class Option(NamedTuple):
    """A setting as an option of `otel-burn collector`."""

    flag: str
    field: str
    kind: str
    help: str


OPTIONS = (
    Option("--min-free", "min_free", "SIZE", "refuse telemetry, for now, when the disk has less free"),
    Option("--max-waiting", "max_waiting", "SIZE", "refuse telemetry, for now, when more waits to be loaded"),
    Option(
        "--archive-days",
        "archive_days",
        "DAYS",
        "keep loaded requests this long, and until a backup has them",
    ),
    Option("--backup-every", "backup_hours", "HOURS", "back the database up this often; 0: never"),
    Option("--keep-backups", "keep_backups", "NUMBER", "and keep so many backups"),
    Option(
        "--keep-spans",
        "keep_spans",
        "DAYS",
        "keep spans, logs and metrics as received this long; 0: for ever",
    ),
    Option(
        "--keep-calls",
        "keep_calls",
        "DAYS",
        "keep calls and sessions this long, daily sums stay; 0: for ever",
    ),
    Option(
        "--max-size", "max_size", "SIZE", "delete the oldest spans when the database is larger; 0: no limit"
    ),
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Give *parser* an option for each setting."""
    group = parser.add_argument_group("what is kept")
    for option in OPTIONS:
        default = getattr(Keeping, option.field)
        group.add_argument(
            option.flag,
            dest=option.field,
            type=_READ[option.kind],
            default=default,
            metavar=option.kind,
            help=f"{option.help} (default: {_shown(option.kind, default)})",
        )


def of(arguments: argparse.Namespace) -> Keeping:
    """The settings that were given."""
    return Keeping(**{field.name: getattr(arguments, field.name) for field in fields(Keeping)})


def given(keeping: Keeping) -> dict[str, object]:
    """The same as options of a command line."""
    return {option.flag: getattr(keeping, option.field) for option in OPTIONS}


def size(text: str) -> int:
    """A number of bytes: `512M`, `8G`, `1000`."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write for example 512M or 8G")
    return int(float(match[1]) * _UNITS[match[2].upper()])


def amount(text: str) -> float:
    """A number of days or hours."""
    number = float(text)
    if not 0 <= number < 1e6:
        raise argparse.ArgumentTypeError(f"{text} is no number from 0 on")
    return number


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number < 1000:
        raise argparse.ArgumentTypeError(f"{text} is no number from 1 on")
    return number


def _shown(kind: str, value: Any) -> str:
    if kind != "SIZE":
        return f"{value:g}"
    if not value:
        return "0"
    unit = max((unit for unit in _UNITS if value >= _UNITS[unit]), key=lambda unit: _UNITS[unit])
    return f"{value // _UNITS[unit]}{unit}"


_READ = {"SIZE": size, "DAYS": amount, "HOURS": amount, "NUMBER": _count}
