"""What can a user do with the collector from the shell? Run it, ask SQL."""

import argparse
import os
import sys
from pathlib import Path

from otel_burn import locations
from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn_collector.options import add_options, as_arguments, options_of
from otel_burn_collector.parsing import add_db
from otel_burn_collector.settings import KEEP_CONTENT_VARIABLE


def _configure_collector(parser: argparse.ArgumentParser) -> None:
    add_db(parser)
    add_options(parser)
    parser.add_argument("--detach", action="store_true", help="run in the background; return once it serves")
    parser.add_argument(
        "--keep-content",
        action="store_true",
        help=f"store what emitters say of prompts, answers and tools, too (the same: {KEEP_CONTENT_VARIABLE}=true)",
    )


def _run_collector(arguments: argparse.Namespace) -> int:
    # The processes that need these start later: said here, a missing one is a sentence and not their end.
    import duckdb  # noqa: F401, PLC0415
    import grpc  # noqa: F401, PLC0415
    import uvicorn  # noqa: F401, PLC0415

    from otel_burn_collector.daemon import start_detached  # noqa: PLC0415 - heavy, and `--help` needs none of it
    from otel_burn_collector.supervisor import run_collector  # noqa: PLC0415

    if arguments.keep_content:
        os.environ[KEEP_CONTENT_VARIABLE] = "true"  # read by the process that stores, wherever it is started
    options = options_of(arguments, arguments.db or locations.database())
    if arguments.detach:
        running = start_detached(as_arguments(options), db=options.db, data_dir=options.data_dir)
        sys.stdout.write(f"Collector: {running.http_url} → {running.db} (process {running.pid})\n")
        return 0
    run_collector(options)
    return 0


def _configure_sql(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sql",
        nargs="?",
        metavar="SELECT",
        help="one SELECT; `SHOW TABLES` lists what there is, docs/tables.md says what",
    )
    parser.add_argument("--list", action="store_true", help="show the ready queries")
    parser.add_argument("--query", metavar="NAME", help="ask a ready query instead of a SELECT")
    parser.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="bind $NAME in the SELECT or the ready query (repeatable)",
    )
    parser.add_argument("--format", choices=["table", "json", "csv", "parquet", "arrow"], default="table")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there instead of standard output")
    add_db(parser)


def _run_sql(arguments: argparse.Namespace) -> int:
    from otel_burn_collector.formats import BINARY, FORMATS  # noqa: PLC0415
    from otel_burn_collector.questions import listing  # noqa: PLC0415
    from otel_burn_collector.reader import open_ledger  # noqa: PLC0415

    if arguments.list:
        sys.stdout.write(listing())
        return 0
    if arguments.format in BINARY and arguments.output is None and sys.stdout.isatty():
        raise BurnError(
            f"{arguments.format} is not for a terminal. Name a file with --output, or pipe it on."
        )
    with open_ledger(arguments.db) as ledger:
        data = FORMATS[arguments.format](ledger.query(*_asked(arguments)))
    if arguments.output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return 0
    try:
        arguments.output.write_bytes(data)
    except OSError as error:
        raise BurnError(
            f"{arguments.output} cannot be written ({error.strerror}). Choose another --output."
        ) from error
    return 0


def _asked(arguments: argparse.Namespace) -> tuple[str, dict[str, object]]:
    """The SELECT that is meant, and its parameters."""
    from otel_burn_collector.questions import question  # noqa: PLC0415

    if (arguments.sql is None) == (arguments.query is None):
        raise BurnError("Give one SELECT, or the name of a ready one with --query (`otel-burn sql --list`).")
    given = dict(_parameter(text) for text in arguments.param)
    if arguments.query is None:
        return arguments.sql, dict(given)
    ready = question(arguments.query)
    return ready.sql, ready.bind(given)


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise BurnError(f"--param {text!r} is not NAME=VALUE.")
    return name.removeprefix("$"), value


COLLECTOR = Command("receive OTLP, keep the ledger, answer SQL", _configure_collector, _run_collector)
SQL = Command("ask the ledger in SQL", _configure_sql, _run_sql)
