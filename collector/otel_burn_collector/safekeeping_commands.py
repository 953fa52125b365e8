"""What can a user do for the safety of a ledger from the shell? Back it up, and restore it."""

import argparse
import json
import sys
import time
from pathlib import Path

from otel_burn import locations
from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn_collector import keeping
from otel_burn_collector.parsing import add_db, add_json, examples


def _configure_backup(parser: argparse.ArgumentParser) -> None:
    examples(
        parser,
        "otel-burn backup                     # among the collector's own backups",
        "otel-burn backup /mnt/nas/burn/      # a new file in that folder",
        "otel-burn backup burn-may.duckdb",
    )
    parser.add_argument(
        "path",
        nargs="?",
        type=Path,
        metavar="PATH",
        help="a new file, or a folder (default: beside the database)",
    )
    add_db(parser)
    add_json(parser)


def _run_backup(arguments: argparse.Namespace) -> int:
    from otel_burn_collector import safekeeping  # noqa: PLC0415 - heavy, and `--help` needs none of it
    from otel_burn_collector.store import backups  # noqa: PLC0415

    backup = safekeeping.back_up((arguments.db or locations.database()).absolute(), arguments.path)
    if arguments.json:
        sys.stdout.write(json.dumps(backups.to_json(backup)) + "\n")
        return 0
    rows = sum(backup.contents.rows.values())
    sys.stdout.write(f"Backed up to {backup.sentence}. All {rows:,} rows of the copy were read.\n")
    return 0


def _configure_restore(parser: argparse.ArgumentParser) -> None:
    examples(
        parser,
        "otel-burn restore ~/.otel-burn/burn.duckdb.d/backups/burn-20261120T030000.000000.duckdb",
        "otel-burn restore burn-may.duckdb --db may.duckdb",
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="a backup")
    add_db(parser)


def _run_restore(arguments: argparse.Namespace) -> int:
    from otel_burn_collector import safekeeping  # noqa: PLC0415

    db = (arguments.db or locations.database()).absolute()
    restored = safekeeping.restore(db, arguments.path.absolute())
    sys.stdout.write(
        f"Restored {db} from {arguments.path}: {restored.spans:,} spans, "
        f"{restored.loaded:,} of them from the journal.\n"
    )
    if restored.aside:
        sys.stdout.write(f"What was there before is in {restored.aside}.\n")
    for sentence in restored.missing:
        sys.stdout.write(f"Not restored: {sentence}\n")
    return 0


def _configure_retain(parser: argparse.ArgumentParser) -> None:
    examples(
        parser,
        "otel-burn retain --spans 7           # spans, logs and metrics as received: the last week",
        "otel-burn retain --calls 365         # calls and sessions: a year; daily sums stay",
    )
    parser.add_argument(
        "--spans", type=keeping.amount, metavar="DAYS", help="keep spans, logs and metrics this long"
    )
    parser.add_argument(
        "--calls", type=keeping.amount, metavar="DAYS", help="keep calls and sessions this long"
    )
    add_db(parser)


def _run_retain(arguments: argparse.Namespace) -> int:
    from otel_burn_collector import safekeeping  # noqa: PLC0415

    days = {"spans": arguments.spans, "calls": arguments.calls}
    before = {
        layer: time.time_ns() - int(count * 86_400 * 10**9)
        for layer, count in days.items()
        if count is not None
    }
    if not before:
        raise BurnError(
            "Say how many days to keep: --spans, --calls, or both. `otel-burn collector --keep-spans` does it always."
        )
    db = (arguments.db or locations.database()).absolute()
    safekeeping.retain(db, before)
    sys.stdout.write(
        f"Deleted from {db}: {', '.join(before)} of more than {' and '.join(_days(days))} days ago.\n"
    )
    return 0


def _days(days: dict[str, float | None]) -> list[str]:
    return [f"{count:g}" for count in days.values() if count is not None]


def _configure_forget(parser: argparse.ArgumentParser) -> None:
    examples(
        parser,
        "otel-burn forget --user ada@example.com",
        "otel-burn forget --session 0198c2 --yes",
        "otel-burn forget --project /home/ada/secret",
        "",
        "Every trace that names it goes as a whole, from the database, the journal and the collector's own backups.",
        "The database is written anew, and backed up as the only copy that is left; a collector goes on taking in",
        "meanwhile. Backups elsewhere are yours to delete. What is sent again of those traces makes no rows.",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    for field in ("user", "session", "project"):
        which.add_argument(f"--{field}", metavar="ID", help=f"forget this {field}")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_db(parser)


def _run_forget(arguments: argparse.Namespace) -> int:
    from otel_burn_collector import safekeeping  # noqa: PLC0415

    db = (arguments.db or locations.database()).absolute()
    ((field, value),) = [
        (field, getattr(arguments, field))
        for field in ("user", "session", "project")
        if getattr(arguments, field) is not None
    ]
    if not arguments.yes and not _sure(
        f"Forget the {field} {value!r} in {db}, its journal and its backups, for ever?"
    ):
        raise BurnError("Nothing was forgotten. Say --yes where nobody can be asked.")
    found = safekeeping.forget(db, field, value)
    said = ", ".join(f"{count:,} {what}" for what, count in found.items())
    sys.stdout.write(
        f"Forgot the {field}: {said}. The database was written anew and backed up; older copies are gone.\n"
    )
    return 0


def _sure(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


FORGET = Command("delete a user, a session or a project, from every copy", _configure_forget, _run_forget)
BACKUP = Command("copy the ledger, verified, while the collector runs", _configure_backup, _run_backup)
RETAIN = Command("delete what is older than some days, once", _configure_retain, _run_retain)
RESTORE = Command("put a backup in the ledger's place", _configure_restore, _run_restore)
