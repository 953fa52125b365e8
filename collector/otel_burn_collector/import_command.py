"""What can a user do with files from the shell? Import OTLP, and what agents left on this disk."""

import argparse
import json
import re
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from otel_burn import locations
from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn.wording import plural
from otel_burn_collector.parsing import add_db, add_json, examples
from otel_burn_collector.session_logs.places import AGENTS

if TYPE_CHECKING:
    from otel_burn_collector.importing import Imported

DAMAGED: Final = 3
"""Exit code where something landed, and something could not be read."""
_SINCE: Final = re.compile(r"(\d+)([dhw])")
_UNITS: Final = {"h": "hours", "d": "days", "w": "weeks"}
_LOOK_SECONDS: Final = 0.1
_BAR: Final = 30
LEFT_OUT: Final = {
    "claude-code": "requests that failed and were tried again",
    "codex": "streams that broke off, and calls of its cloud",
    "gemini-cli": "the model router's calls, and answers that its loop detection broke off",
    "openclaw": "what an agent behind it (a CLI backend) asks by itself",
    "opencode": "the call that titles a session",
}
"""What each agent does not write into its logs; its own telemetry does tell of it, mostly."""


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="an OTLP file, a session log, or a folder with some (default: where the agents keep their logs)",
    )
    parser.add_argument(
        "--agent",
        action="append",
        default=[],
        choices=AGENTS,
        metavar="AGENT",
        help=f"only session logs of this one: {', '.join(AGENTS)} (repeatable)",
    )
    parser.add_argument(
        "--since", metavar="WHEN", help="only calls since then: 30d, 12h, 2w, or a date as 2026-11-01"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what there is, and write nothing")
    add_json(parser)
    add_db(parser)
    examples(
        parser,
        "otel-burn import                           what the agents on this machine burned so far",
        "otel-burn import --since 30d --agent codex the last thirty days of one of them",
        "otel-burn import traces/                   OTLP files: protobuf, JSON, JSON lines, also gzipped",
    )


def _run(arguments: argparse.Namespace) -> int:
    from otel_burn_collector.importing import Wanted, import_wanted  # noqa: PLC0415 - heavy

    db: Path = (arguments.db or locations.database()).absolute()
    shown = sys.stderr.isatty() and not arguments.json
    wanted = Wanted(
        paths=arguments.paths,
        agents=arguments.agent,
        since_ns=_since(arguments.since, datetime.now(UTC)),
        dry_run=arguments.dry_run,
        **(_bars() if shown else {}),
    )
    imported = import_wanted(db, wanted)
    burned = {} if arguments.dry_run else _burned(db, imported)
    if arguments.json:
        sys.stdout.write(json.dumps(_as_json(imported, burned), indent=2) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(imported, burned, db, arguments))
    if not imported.landed:
        return 1
    return DAMAGED if any(not problem.passing for _, problem in imported.logs.problems) else 0


def _since(said: str | None, now: datetime) -> int:
    if said is None:
        return 0
    if found := _SINCE.fullmatch(said):
        moment = now - timedelta(**{_UNITS[found[2]]: min(int(found[1]), 10**5)})
    else:
        try:
            moment = datetime.fromisoformat(said)
        except ValueError as error:
            raise BurnError(f"--since {said!r} is neither a span as 30d nor a date as 2026-11-01.") from error
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 10**9)


def _bars() -> dict[str, "Bar"]:
    reading = Bar("reading")
    return {"reading": reading, "loading": Bar("loading", before=reading)}


class Bar:
    """A bar on the terminal that shows how far something is, once that *before* it is full."""

    def __init__(self, what: str, before: "Bar | None" = None) -> None:
        self._what = what
        self._before = before
        self._shown = 0.0
        self._full = False

    def __call__(self, done: int, everything: int) -> None:
        """Show it, ten times a second at most."""
        if self._before is not None and not self._before._full:
            return
        self._full = done >= everything
        now = time.monotonic()
        if everything and (now - self._shown >= _LOOK_SECONDS or done >= everything):
            self._shown = now
            full = _BAR * done // everything
            bar = "█" * full + "░" * (_BAR - full)
            end = "\n" if done >= everything else ""
            sys.stderr.write(f"\r{self._what} {bar} {done / 1e6:,.0f} of {everything / 1e6:,.0f} MB{end}")
            sys.stderr.flush()


BURNED: Final = """
    SELECT regexp_extract(source, '^otel_burn[.]import[.]([a-z_]+)', 1) AS program,
           count(DISTINCT session_id) AS sessions, count(*) AS calls,
           coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens,
           coalesce(sum(cache_read_tokens), 0)::BIGINT AS cache_read_tokens,
           coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens,
           sum(cost_usd)::DOUBLE AS cost_usd, count(*) FILTER (cost_usd IS NULL) AS unpriced_calls
    FROM (
        SELECT *, list_filter(sources, lambda each: starts_with(each, 'otel_burn.import.'))[1] AS source FROM llm_calls
    )
    WHERE source IS NOT NULL AND started_at >= $since
    GROUP BY ALL ORDER BY cost_usd DESC NULLS LAST, program
"""


def _burned(db: Path, imported: "Imported") -> dict[str, list[dict[str, Any]]]:
    """What the ledger has of the agents whose logs were imported: in the last thirty days, and in all."""
    from otel_burn_collector.reader import open_ledger  # noqa: PLC0415

    if not any(found.files for found in imported.logs.agents.values()):
        return {}
    month = datetime.now(UTC) - timedelta(days=30)
    with open_ledger(db) as ledger:
        return {
            name: ledger.query(BURNED, {"since": since.replace(tzinfo=None)}).to_pylist()
            for name, since in (("last 30 days", month), ("all", datetime(1970, 1, 1, tzinfo=UTC)))
        }


def _as_json(imported: "Imported", burned: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {
        "otlp": {
            "files": imported.files,
            "requests": imported.requests,
            "known": imported.known,
            "items": dict(imported.items),
            "other_files": imported.others,
            "skipped": [{"path": str(path), "reason": reason} for path, reason in imported.skipped],
        },
        "logs": {
            agent: {
                "files": found.files,
                "unchanged_files": found.unchanged,
                "sessions": len(found.sessions),
                "calls": found.calls,
                "tokens": dict(found.tokens),
                "left_out_by_the_agent": LEFT_OUT[agent],
            }
            for agent, found in sorted(imported.logs.agents.items())
        },
        "problems": [
            {"path": str(path), "line": problem.line, "reason": problem.reason, "passing": problem.passing}
            for path, problem in imported.logs.problems
        ],
        "more_problems": {str(path): count for path, count in imported.logs.more_problems.items()},
        "burned": burned,
    }


def _lines(
    imported: "Imported", burned: dict[str, list[dict[str, Any]]], db: Path, arguments: argparse.Namespace
) -> Iterable[str]:
    for path, reason in imported.skipped:
        yield f"skipped {path}: {reason}"
    for path, problem in imported.logs.problems:
        where = f"{path}:{problem.line}" if problem.line else f"{path}"
        yield f"{'note' if problem.passing else 'problem'} {where}: {problem.reason}"
    for path, count in imported.logs.more_problems.items():
        yield f"problem {path}: {count:,} more of the kind"
    if imported.files or imported.skipped or (arguments.paths and not imported.logs.agents):
        yield from _otlp_lines(imported, db)
    if imported.logs.agents:
        yield from _log_lines(imported, arguments, db)
        yield from _burned_lines(burned)
        if imported.others:
            yield f"Neither session logs nor OTLP: {plural(imported.others, 'other file')} beside them."
    elif not arguments.paths:
        yield (
            "No session logs of " + ", ".join(AGENTS) + " are in their usual places. Name a folder with some."
        )


def _otlp_lines(imported: "Imported", db: Path) -> Iterable[str]:
    items = ", ".join(plural(count, what.removesuffix("s")) for what, count in sorted(imported.items.items()))
    come = f"{plural(imported.requests, 'request')} from {plural(imported.files, 'file')}"
    yield f"Imported {items or 'nothing new'} in {come} into {db}."
    if imported.known:
        yield f"Known already, and counted once: {plural(imported.known, 'request')}."


def _log_lines(imported: "Imported", arguments: argparse.Namespace, db: Path) -> Iterable[str]:
    for agent, found in sorted(imported.logs.agents.items()):
        tokens = f"{found.tokens['input']:,} tokens in, {found.tokens['output']:,} out"
        new = f"{plural(found.calls, 'call')} in {plural(len(found.sessions), 'session')} ({tokens})"
        read = "Found" if arguments.dry_run else "Imported"
        unchanged = f", {found.unchanged:,} of them as before" if found.unchanged else ""
        yield f"{read} {agent}: {new if found.calls else 'nothing new'} from {plural(found.files, 'log')}{unchanged}."
        if found.calls:
            yield f"  Not in its logs: {LEFT_OUT[agent]}."
    if arguments.dry_run:
        yield "Nothing was written (--dry-run)."
    else:
        yield f"They are in {db}."


def _burned_lines(burned: dict[str, list[dict[str, Any]]]) -> Iterable[str]:
    if not burned.get("all"):
        return
    yield ""
    columns = ("agent", "sessions", "calls", "input", "from cache", "output", "API-equivalent")
    yield f"{'':14}{columns[0]:14}{columns[1]:>10}{columns[2]:>10}" + "".join(
        f"{each:>16}" for each in columns[3:]
    )
    for name, rows in burned.items():
        for row in rows or [{"program": "nothing"}]:
            yield f"{name:14}{_row(row)}"
    yield "API-equivalent: at the providers' list prices; who pays for a subscription pays that instead."
    if any(row["unpriced_calls"] for row in burned["all"]):
        yield "Some calls have no price, and are in no sum of dollars (+): `otel-burn report` says which models."
    yield "Next: otel-burn report --by project --since 30d, or in a browser: otel-burn explore"


def _row(row: dict[str, Any]) -> str:
    if "calls" not in row:
        return f"{row['program']:14}"
    usd = "no price" if row["cost_usd"] is None else f"${row['cost_usd']:,.2f}"
    tokens = "".join(f"{row[name]:>16,}" for name in ("input_tokens", "cache_read_tokens", "output_tokens"))
    unpriced = "+" if row["unpriced_calls"] and row["cost_usd"] is not None else ""
    return f"{row['program'].replace('_', '-'):14}{row['sessions']:>10,}{row['calls']:>10,}{tokens}{usd + unpriced:>16}"


IMPORT = Command(
    "import what agents logged on this machine, and OTLP files: protobuf, JSON, JSON lines, also gzipped",
    _configure,
    _run,
)
