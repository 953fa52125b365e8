"""What does `otel-burn explore` do? Checks the ledger, serves the explorer and says where."""

import argparse
import os
import signal
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from otel_burn import locations
from otel_burn.command import Command


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of `otel-burn explore`."""
    parser.add_argument(
        "--db",
        type=Path,
        metavar="FILE",
        help=f"the database (default: $OTEL_BURN_DB, else {locations.database()})",
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="the port to listen at (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")


def run(options: argparse.Namespace) -> int:
    """Serve the explorer until Ctrl-C or SIGTERM."""
    # Streamlit and DuckDB take a second to import, and `--help` needs neither.
    from otel_burn_collector.reader import open_ledger  # noqa: PLC0415
    from otel_burn_dashboards import server  # noqa: PLC0415

    db = (options.db or locations.database()).absolute()
    open_ledger(db).close()
    os.environ["OTEL_BURN_DB"] = str(db)  # how the pages know; they run in threads of this process
    if options.host not in server.LOOPBACK:
        _warn(options.host)

    def serving(url: str) -> None:
        sys.stdout.write(f"Explorer: {url}\n")
        sys.stdout.flush()
        if not options.no_browser and _has_screen():
            webbrowser.open(url)

    with ending_by_signal():
        server.serve(options.host, options.port, serving=serving)
    return 0


@contextmanager
def ending_by_signal() -> Iterator[None]:
    """Ctrl-C and SIGTERM are how the explorer ends, not an error. Who dispatched us may have a handler of its own."""
    before = signal.getsignal(signal.SIGTERM)
    if before == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)


def _warn(host: str) -> None:
    sys.stderr.write(
        f"otel-burn: the explorer listens at {host} and asks nobody for a password: whoever reaches the port can read "
        "the whole ledger. Put a proxy with a login before it, or use an SSH tunnel to 127.0.0.1.\n"
    )


def _has_screen() -> bool:
    """Whether a browser would open a window, not take over the terminal."""
    if not sys.stdout.isatty():
        return False
    return sys.platform == "darwin" or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))


EXPLORE = Command("show what the agents burned, in a browser", configure, run)
