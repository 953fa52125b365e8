"""What do `otel-burn report` and `otel-burn findings` do? They read a ledger and print."""

import argparse
import contextlib
import json
import re
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

import polars as pl

from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn_analytics import report, terminal
from otel_burn_analytics.findings import judge
from otel_burn_analytics.following import follow
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
    configure_source(parser)
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
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="write the explorer's main pages as one file without scripts (of --since; --run and --by do not apply)",
    )


def run_report(options: argparse.Namespace) -> int:
    """Print what was burned."""
    with open_ledger(options.db) as ledger:
        notes = _wait(ledger, options.wait)
        if options.html:
            judge(ledger, scope(options))
            _writer("html")(ledger, options.html, since=scope(options).since)
            show(f"The report is in {options.html}.\n")
            return 0
        made = report.make(ledger, scope(options), by=options.by, top=options.top)
    made = report.noted(made, notes)
    show(as_json(asdict(made)) if options.json else terminal.text(made))
    return 0


def configure_findings(parser: argparse.ArgumentParser) -> None:
    """Add the options of `otel-burn findings`."""
    configure_source(parser)
    parser.add_argument(
        "--detector", choices=[detector.name for detector in DETECTORS], help="only of this detector"
    )
    parser.add_argument(
        "--tier", choices=report.TIERS, help="only of this tier (loop, waste: act; warn: look)"
    )
    parser.add_argument("--session", metavar="ID", help="only in this session")
    parser.add_argument(
        "--follow",
        action="store_true",
        help="go on: judge running sessions again as their calls arrive, and print what is new",
    )


def run_findings(options: argparse.Namespace) -> int:
    """Print what the detectors find."""
    with open_ledger(options.db) as ledger:
        if options.follow:
            return _follow(ledger, options)
        judgement = judge(ledger, scope(options), session=options.session)
    found = report.urgent(_chosen(judgement.findings, options)).to_dicts()
    if judgement.unstored:
        sys.stderr.write(f"otel-burn: the findings could not be stored: {judgement.unstored}\n")
    judged = (judgement.calls, judgement.calls_with_context)
    in_all = len(found) or judgement.findings.height
    show(as_json(found) if options.json else terminal.findings_text(found, in_all, judged) + "\n")
    return 0


def _chosen(findings: pl.DataFrame, options: argparse.Namespace) -> pl.DataFrame:
    wanted = {"detector": options.detector, "tier": options.tier}
    if options.follow:
        wanted["session_id"] = options.session
    return findings.filter(
        *[pl.col(column) == value for column, value in wanted.items() if value is not None]
    )


def _follow(ledger: Ledger, options: argparse.Namespace) -> int:
    """Print new findings until interrupted; a JSON object a line with --json."""
    with contextlib.suppress(KeyboardInterrupt):
        asked = [each for each in DETECTORS if options.detector in (None, each.name)]
        for new in follow(ledger, detectors=asked):
            found = report.urgent(_chosen(new, options)).to_dicts()
            lines = [json.dumps(one, default=_plain, ensure_ascii=False) for one in found]
            if found:
                show(
                    "\n".join(lines) + "\n"
                    if options.json
                    else terminal.findings_text(found, len(found)) + "\n\n"
                )
                sys.stdout.flush()
    return 0


REPORT: Final = Command("say what was burned, how sure that is, and why", configure_report, run_report)
FINDINGS: Final = Command(
    "list what the detectors found, with evidence and fix", configure_findings, run_findings
)


def configure_source(parser: argparse.ArgumentParser) -> None:
    """Add the options of every command that judges."""
    parser.add_argument(
        "--db", type=Path, help="the database (default: OTEL_BURN_DB or ~/.otel-burn/burn.duckdb)"
    )
    parser.add_argument("--since", metavar="WHEN", help="only calls since then: 24h, 7d or an ISO date (UTC)")
    parser.add_argument("--json", action="store_true", help="print JSON; dollars are strings, exact")


def _writer(name: str) -> Callable[..., None]:
    """What writes a report as a file: another part, which registers itself."""
    try:
        (found,) = entry_points(group="otel_burn.reports", name=name)
        write: Callable[..., None] = found.load()
    except (ValueError, ModuleNotFoundError) as error:
        raise BurnError(
            f"--{name} needs the explorer. Install it with: pip install 'otel-burn[dashboards]'"
        ) from error
    return write


def _rows(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text} is no number of rows above 0")
    return int(text)


def scope(options: argparse.Namespace) -> Scope:
    """What `--since` and `--run` leave."""
    since = moment(options.since, datetime.now(UTC)) if options.since else None
    return Scope(run=getattr(options, "run_id", None), since=since)


def _wait(ledger: Ledger, seconds: float | None) -> tuple[str, ...]:
    if seconds is None or ledger.wait_loaded(seconds):
        return ()
    return (
        f"Not everything received was loaded within {seconds:g} s; this report may lack the newest calls.",
    )


def as_json(value: Any) -> str:
    """*value* as JSON; dollars are strings."""
    return json.dumps(value, default=_plain, indent=2, ensure_ascii=False) + "\n"


def _plain(value: object) -> str:
    if isinstance(value, datetime):  # the ledger's times are UTC without a zone
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    raise TypeError(f"{type(value).__name__} has no JSON form")


def show(text: str) -> None:
    """Print *text*."""
    sys.stdout.write(text)
