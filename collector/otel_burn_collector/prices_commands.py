"""What can a user do about money from the shell? See what has no price, price again, close, reconcile, export."""

import argparse
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from otel_burn import locations
from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn.prices import RATE_VERSION, aliases
from otel_burn_collector.parsing import add_db, add_json, examples

if TYPE_CHECKING:
    import pyarrow as pa

UNMATCHED: Final = """
    SELECT provider, request_model, response_model, any_value(cost_reason) AS reason, count(*) AS calls,
           sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))::BIGINT AS tokens,
           round(100.0 * sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0))
                 / nullif((SELECT sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) FROM llm_calls), 0), 2)
               AS percent_of_tokens,
           min(started_at) AS first_at, max(started_at) AS last_at
    FROM llm_calls WHERE cost_status = 'unpriced'
    GROUP BY provider, request_model, response_model ORDER BY tokens DESC, calls DESC, provider, request_model
"""
PERIODS: Final = "SELECT * FROM periods ORDER BY period"


def _configure(parser: argparse.ArgumentParser) -> None:
    examples(
        parser,
        "otel-burn prices unmatched                         # which models have no price, by tokens",
        "otel-burn prices reprice --since 2026-11-01 --dry-run   # what today's rates and aliases would change",
        "otel-burn prices reprice --since 30d",
        "otel-burn prices close 2026-10                     # what comes late for it is then November's",
        "otel-burn prices periods",
        "",
        f"Names of your own (deployments, inference profiles, routers) stand in {aliases.path()}:",
        "  [models]",
        '  "my-prod-gpt" = "gpt-4o-2024-08-06"',
        "",
        f"The rates are of {RATE_VERSION.partition('/')[0]}; they come with otel-burn, and nothing is fetched.",
    )
    parser.add_argument("action", choices=tuple(_ACTIONS), help="what to do")
    parser.add_argument("period", nargs="?", metavar="MONTH", help="the month to close, as 2026-10")
    parser.add_argument("--since", metavar="DATE", help="price again from this day, or so many days (30d)")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    add_db(parser)
    add_json(parser)


def _run(arguments: argparse.Namespace) -> int:
    db = (arguments.db or locations.database()).absolute()
    return _ACTIONS[arguments.action](db, arguments)


def _unmatched(db: Path, arguments: argparse.Namespace) -> int:
    table = _ask(db, UNMATCHED)
    _print(table, arguments.json)
    if not arguments.json and not table.num_rows:
        sys.stdout.write("Every call that reports its usage has a price.\n")
    return 0


def _periods(db: Path, arguments: argparse.Namespace) -> int:
    _print(_ask(db, PERIODS), arguments.json)
    return 0


def _reprice(db: Path, arguments: argparse.Namespace) -> int:
    from otel_burn_collector import repricing  # noqa: PLC0415 - heavy, and `--help` needs none of it
    from otel_burn_collector.reader import open_ledger  # noqa: PLC0415

    since = _since(arguments.since)
    aliases.load()
    table = repricing.preview(db, since)
    _print(table, arguments.json)
    changed = sum(table["calls"].to_pylist())
    total = sum(table["difference_usd"].to_pylist())
    if not arguments.dry_run and changed:
        with open_ledger(db) as ledger:
            ledger.reprice(since)
    if not arguments.json:
        verb = "would change" if arguments.dry_run else "changed"
        sys.stdout.write(
            f"{changed:,} calls {verb}, by {total:+,.6f} dollars in all. Closed months stay as they are.\n"
        )
    return 0


def _close(db: Path, arguments: argparse.Namespace) -> int:
    from otel_burn_collector.ledger.periods import PERIOD  # noqa: PLC0415
    from otel_burn_collector.reader import open_ledger  # noqa: PLC0415

    period = arguments.period or ""
    if not PERIOD.fullmatch(period):
        raise BurnError(f"Name the month to close, as 2026-10; got {arguments.period!r}.")
    if period >= f"{datetime.now(UTC):%Y-%m}":
        raise BurnError(f"{period} is not over yet (UTC). Close it when it is.")
    with open_ledger(db) as ledger:
        ledger.close_period(period)
        rows = ledger.query("SELECT * FROM periods WHERE period = $period", {"period": period})
    _print(rows, arguments.json)
    return 0


_ACTIONS: Final = {"unmatched": _unmatched, "reprice": _reprice, "close": _close, "periods": _periods}


def _since(said: str | None) -> datetime:
    days = re.fullmatch(r"(\d{1,5})d", said or "")
    if days:
        return datetime.now(UTC) - timedelta(days=int(days[1]))
    try:
        at = datetime.fromisoformat(said or "")
    except ValueError as error:
        raise BurnError(
            f"Say a day, as 2026-11-01, or a number of days, as 30d, with --since; got {said!r}."
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _ask(db: Path, sql: str) -> "pa.Table":
    from otel_burn_collector.reader import open_ledger  # noqa: PLC0415

    with open_ledger(db) as ledger:
        return ledger.query(sql)


def _print(table: "pa.Table", as_json: bool) -> None:
    from otel_burn_collector import formats  # noqa: PLC0415

    write: Any = formats.as_json if as_json else formats.as_text
    sys.stdout.write(write(table).decode())


def _configure_reconcile(parser: argparse.ArgumentParser) -> None:
    examples(
        parser,
        "otel-burn reconcile openai-costs.json    # /v1/organization/costs, …/usage/completions, or the console's CSV",
        "otel-burn reconcile anthropic-usage.csv   # …/usage_report/messages, …/cost_report, or the console's CSV",
        "",
        "Shows the difference by day (UTC) and model, with its likely cause. Dollars of ours are list prices.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the provider's export, JSON or CSV")
    parser.add_argument(
        "--provider", choices=("openai", "anthropic"), help="whose it is, where it doesn't tell"
    )
    add_db(parser)
    add_json(parser)


def _run_reconcile(arguments: argparse.Namespace) -> int:
    from otel_burn_collector.reconciling import reconcile  # noqa: PLC0415

    db = (arguments.db or locations.database()).absolute()
    table, export = reconcile(db, arguments.file, arguments.provider)
    _print(table, arguments.json)
    for problem in export.problems:
        sys.stderr.write(f"{arguments.file}: {problem}\n")
    if not arguments.json:
        open_ones = sum(1 for cause in table["likely_cause"].to_pylist() if cause)
        sys.stdout.write(f"{table.num_rows:,} days and models, {open_ones:,} of them differ.\n")
    return 1 if export.problems else 0


def _configure_export(parser: argparse.ArgumentParser) -> None:
    examples(
        parser,
        "otel-burn export focus --since 2026-10-01 --until 2026-11-01 > october.csv",
        "otel-burn export focus --since 30d --format parquet > burn.parquet",
        "",
        "FOCUS 1.4 rows: tokens as ConsumedQuantity, the model as SKU, details in x_ columns. They are estimates at",
        "list prices, not an invoice. Calls without a price have no row; how many there are is told on standard error.",
    )
    parser.add_argument("what", choices=("focus",), help="the format of the rows")
    parser.add_argument(
        "--since", metavar="DATE", default="36500d", help="from this day on, or so many days (30d)"
    )
    parser.add_argument("--until", metavar="DATE", help="up to this day, without it (default: now)")
    parser.add_argument("--format", choices=("csv", "json", "parquet", "arrow"), default="csv")
    add_db(parser)


def _run_export(arguments: argparse.Namespace) -> int:
    from otel_burn_collector import formats  # noqa: PLC0415
    from otel_burn_collector.ledger.statements import statement  # noqa: PLC0415
    from otel_burn_collector.reader import open_ledger  # noqa: PLC0415

    params = {
        "since": _since(arguments.since),
        "until": _since(arguments.until) if arguments.until else datetime.now(UTC) + timedelta(days=1),
    }
    with open_ledger((arguments.db or locations.database()).absolute()) as ledger:
        table = ledger.query(statement("exports/focus"), params)
        (coverage,) = ledger.query(COVERAGE, params).to_pylist()
    write: Any = getattr(formats, f"as_{arguments.format}")
    sys.stdout.buffer.write(write(table))
    sys.stderr.write(
        f"{table.num_rows:,} rows of {coverage['priced']:,} priced calls; {coverage['unpriced']:,} calls without a "
        f"price ({coverage['tokens']:,} tokens) are not among them. Estimates at list prices, not an invoice.\n"
    )
    return 0


COVERAGE: Final = """
    SELECT count(*) FILTER (cost_usd IS NOT NULL) AS priced, count(*) FILTER (cost_usd IS NULL) AS unpriced,
           coalesce(sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) FILTER (cost_usd IS NULL), 0)::BIGINT
               AS tokens
    FROM llm_calls WHERE started_at >= $since AND started_at < $until
"""

PRICES: Final = Command("list what has no price, price again, close a month", _configure, _run)
RECONCILE: Final = Command("compare with a provider's own export", _configure_reconcile, _run_reconcile)
EXPORT: Final = Command("write FOCUS rows for a cost tool", _configure_export, _run_export)
