"""What do `otel-burn report` and `otel-burn findings` do? They read a ledger and print."""

import argparse
import json
import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn_analytics import report, terminal
from otel_burn_analytics.findings import judge
from otel_burn_analytics.queries import Scope
from otel_burn_analytics.registry import DETECTORS
from otel_burn_collector.reader import Ledger, open_ledger

UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment(text: str, now: datetime) -> datetime:
    """The moment that *text* names: so long before *now* (`90m`, `24h`, `7d`, `2w`) or an ISO date, UTC by default."""
    if ago := re.fullmatch(r"(\d+)([mhdw])", text):
        return now - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BurnError(
            f"--since is {text!r}, which is no time. Give a length such as 90m, 24h, 7d or 2w, or an ISO date such as "
            f"{now:%Y-%m-%d} or {now:%Y-%m-%dT%H:%M}."
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def configure_report(parser: argparse.ArgumentParser) -> None:
    """Add the options of `otel-burn report`."""
    _configure_source(parser)
    parser.add_argument("--run", dest="run_id", metavar="ID", help="only the calls of this run (burn.run.id)")
    parser.add_argument(
        "--by", choices=report.DIMENSIONS, default="model", help="one row for each (default: model)"
    )
    parser.add_argument("--top", type=_rows, default=15, metavar="N", help="rows of the table (default: 15)")
    parser.add_argument(
        "--wait",
        type=float,
        metavar="SECONDS",
        help="first wait until everything received is loaded, so long at most",
    )


def run_report(options: argparse.Namespace) -> int:
    """Print what was burned."""
    with open_ledger(options.db) as ledger:
        notes = _wait(ledger, options.wait)
        made = report.make(ledger, _scope(options), by=options.by, top=options.top)
    made = report.noted(made, notes)
    _print(_json(asdict(made)) if options.json else terminal.text(made))
    return 0


def configure_findings(parser: argparse.ArgumentParser) -> None:
    """Add the options of `otel-burn findings`."""
    _configure_source(parser)
    parser.add_argument(
        "--detector", choices=[detector.name for detector in DETECTORS], help="only of this detector"
    )
    parser.add_argument(
        "--tier", choices=report.TIERS, help="only of this tier (loop, waste: act; warn: look)"
    )
    parser.add_argument("--session", metavar="ID", help="only in this session")


def run_findings(options: argparse.Namespace) -> int:
    """Print what the detectors find."""
    with open_ledger(options.db) as ledger:
        judgement = judge(ledger, _scope(options), session=options.session)
    wanted = {"detector": options.detector, "tier": options.tier}
    chosen = [pl.col(column) == value for column, value in wanted.items() if value is not None]
    found = report.urgent(judgement.findings.filter(*chosen)).to_dicts()
    if judgement.unstored:
        sys.stderr.write(f"otel-burn: the findings could not be stored: {judgement.unstored}\n")
    _print(_json(found) if options.json else terminal.findings_text(found, len(found)) + "\n")
    return 0


REPORT: Final = Command("say what was burned, how sure that is, and why", configure_report, run_report)
FINDINGS: Final = Command(
    "list what the detectors found, with evidence and fix", configure_findings, run_findings
)


def _configure_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--db", type=Path, help="the database (default: OTEL_BURN_DB or ~/.otel-burn/burn.duckdb)"
    )
    parser.add_argument("--since", metavar="WHEN", help="only calls since then: 24h, 7d or an ISO date (UTC)")
    parser.add_argument("--json", action="store_true", help="print JSON; dollars are strings, exact")


def _rows(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is no number of rows above 0")
    return int(text)


def _scope(options: argparse.Namespace) -> Scope:
    since = moment(options.since, datetime.now(UTC)) if options.since else None
    return Scope(run=getattr(options, "run_id", None), since=since)


def _wait(ledger: Ledger, seconds: float | None) -> tuple[str, ...]:
    if seconds is None or ledger.wait_loaded(seconds):
        return ()
    return (
        f"Not everything received was loaded within {seconds:g} s; this report may lack the newest calls.",
    )


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain, indent=2, ensure_ascii=False) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):  # the ledger's times are UTC without a zone
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _print(text: str) -> None:
    sys.stdout.write(text)
