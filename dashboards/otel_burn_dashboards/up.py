"""What does `otel-burn up` do? Starts the collector where none runs, and the explorer beside it; ends both together."""

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from otel_burn import locations
from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn_dashboards import command as explorer

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0
"""The collector writes what it has before it ends."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `otel-burn up`: both listen on loopback only. Others belong to `otel-burn collector`."""
    database = f"the database (default: $OTEL_BURN_DB, else {locations.database()})"
    parser.add_argument("--db", type=Path, metavar="FILE", help=database)
    parser.add_argument("--port", type=int, default=0, help="the explorer's port (default: a free one)")
    parser.add_argument(
        "--http-port", type=int, default=4318, help="the collector's OTLP/HTTP (default: 4318)"
    )
    parser.add_argument(
        "--grpc-port", type=int, default=4317, help="the collector's OTLP/gRPC (default: 4317)"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")


def run(options: argparse.Namespace) -> int:
    """Serve both until Ctrl-C or SIGTERM."""
    db = (options.db or locations.database()).absolute()
    with explorer.ending_by_signal(), collecting(db, options.http_port, options.grpc_port) as url:
        sys.stdout.write(f"Collector: {url} fills {db}\n")
        sys.stdout.flush()
        return explorer.run(
            argparse.Namespace(db=db, host="127.0.0.1", port=options.port, no_browser=options.no_browser)
        )


@contextmanager
def collecting(db: Path, http_port: int, grpc_port: int) -> Iterator[str]:
    """A collector of *db*: the one that runs, else one of our own that ends with the block. Gives its URL."""
    from otel_burn_collector.reader import find_collector  # noqa: PLC0415 - `--help` needs no DuckDB

    if (running := find_collector(db)) is not None:
        yield running.http_url
        return
    ports = ["--http-port", str(http_port), "--grpc-port", str(grpc_port)]
    command = [sys.executable, "-m", "otel_burn", "collector", "--db", str(db), *ports]
    # A session of its own: Ctrl-C is ours, and reaches it as SIGTERM once the explorer is gone.
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as child:
        try:
            yield _serving(child, db)
        finally:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def _serving(child: "subprocess.Popen[bytes]", db: Path) -> str:
    """The URL of a collector that was just started."""
    from otel_burn_collector.reader import find_collector  # noqa: PLC0415

    deadline = time.monotonic() + START_SECONDS
    while (running := find_collector(db)) is None:
        if child.poll() is not None or time.monotonic() > deadline:
            raise BurnError(
                f"The collector of {db} did not start; what it said stands above. If its ports are taken, choose "
                "others with --http-port and --grpc-port (0: free ones)."
            )
        time.sleep(0.05)
    return running.http_url


UP: Final = Command("start the collector and the explorer together", configure, run)
