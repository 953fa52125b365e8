"""What does `otel-burn check` do? It judges like `findings`, and fails where a limit is exceeded: a gate for CI."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import polars as pl

from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn.wording import plural
from otel_burn_analytics import commands, terminal
from otel_burn_analytics.findings import judge
from otel_burn_analytics.queries import Scope, rows
from otel_burn_analytics.report import urgent
from otel_burn_collector.reader import Ledger, open_ledger

EXCEEDED: Final = 3
"""The exit code when a limit is exceeded: not 1 (an error) and not 2 (a wrong option)."""
CODES: Final = (
    f"exit codes: 0 within all limits; {EXCEEDED} a limit is exceeded; 1 nothing could be checked; "
    "2 wrong usage"
)


@dataclass(frozen=True)
class Limit:
    """A limit, what was measured against it, and what is unknown about that."""

    name: str
    limit: Decimal
    measured: Decimal
    unknown: int = 0
    """Calls whose cost nobody knows: a sum without them is no sum, so they fail the limit."""

    @property
    def exceeded(self) -> bool:
        """Whether the gate closes."""
        return self.measured > self.limit or self.unknown > 0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `otel-burn check`."""
    commands.configure_source(parser)
    parser.add_argument("--run", dest="run_id", metavar="ID", help="only the calls of this run (burn.run.id)")
    parser.add_argument("--max-usd", type=_number, metavar="USD", help="what the calls may cost in all")
    parser.add_argument(
        "--max-loops", type=_number, metavar="N", help="how many findings of the tier `loop` there may be"
    )
    parser.add_argument(
        "--max-waste", type=_number, metavar="N", help="how many findings of the tier `waste` there may be"
    )
    parser.add_argument(
        "--max-wasted-usd", type=_number, metavar="USD",
        help="what one finding may have wasted, by its careful estimate (findings overlap and are never added up)",
    )  # fmt: skip
    parser.add_argument(
        "--allow-unpriced", action="store_true", help="let calls without a price pass --max-usd"
    )
    parser.epilog = CODES


def run(options: argparse.Namespace) -> int:
    """Print what was checked and what of it failed."""
    scope = commands.scope(options)
    with open_ledger(options.db) as ledger:
        found = urgent(judge(ledger, scope).findings)
        limits = tuple(_limits(ledger, scope, options, found))
    failed = [limit for limit in limits if limit.exceeded]
    shown = found.filter(pl.col("tier") != "warn") if failed else found.head(0)
    if options.json:
        answer = {
            "ok": not failed,
            "limits": [_plain(limit) for limit in limits],
            "findings": shown.to_dicts(),
        }
        commands.show(commands.as_json(answer))
    else:
        commands.show("\n".join(_line(limit) for limit in limits) + "\n")
        if failed and shown.height:
            commands.show("\n" + terminal.findings_text(shown.to_dicts(), shown.height) + "\n")
    return EXCEEDED if failed else 0


def _limits(
    ledger: Ledger, scope: Scope, options: argparse.Namespace, found: pl.DataFrame
) -> Iterator[Limit]:
    """The limits that were asked for, measured."""
    (totals,) = rows(ledger, "totals", scope.params)
    if totals["calls"] == 0:
        raise BurnError(
            "No LLM call in scope, so nothing can be checked. Did the agent run under `otel-burn run`, into this --db?"
        )
    if all(
        getattr(options, name) is None for name in ("max_usd", "max_loops", "max_waste", "max_wasted_usd")
    ):
        raise BurnError("Nothing to check. Give a limit, such as --max-usd 5 or --max-loops 0.")
    if options.max_usd is not None:
        unpriced = 0 if options.allow_unpriced else totals["answered"] - totals["priced_calls"]
        yield Limit("usd", options.max_usd, totals["cost_usd"] or Decimal(0), unpriced)
    for tier, limit in (("loop", options.max_loops), ("waste", options.max_waste)):
        if limit is not None:
            yield Limit(f"{tier} findings", limit, Decimal(found.filter(pl.col("tier") == tier).height))
    if options.max_wasted_usd is not None:
        wasted = found["wasted_usd_low"].max()
        yield Limit("usd wasted by one finding", options.max_wasted_usd, Decimal(str(wasted or 0)))


def _line(limit: Limit) -> str:
    unknown = f", and {plural(limit.unknown, 'call')} without a price" if limit.unknown else ""
    return f"{'FAIL' if limit.exceeded else 'ok':<5}{limit.name}: {limit.measured:f}{unknown} (limit {limit.limit:f})"


def _plain(limit: Limit) -> dict[str, Any]:
    return {
        "name": limit.name, "limit": limit.limit, "measured": limit.measured, "unpriced_calls": limit.unknown,
        "ok": not limit.exceeded,
    }  # fmt: skip


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(-1)
    if not (number.is_finite() and number >= 0):
        raise argparse.ArgumentTypeError(f"{text} is no number from 0 on")
    return number


CHECK: Final = Command("fail where calls cost or loop more than they may: a gate for CI", configure, run)
