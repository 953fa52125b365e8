"""Which arguments do the collector's commands share?"""

import argparse
from pathlib import Path

from otel_burn import locations


def add_db(parser: argparse.ArgumentParser) -> None:
    """The option that names the database."""
    parser.add_argument(
        "--db",
        type=Path,
        metavar="FILE",
        help=f"the database (default: $OTEL_BURN_DB, else {locations.database()})",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option for programs."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def examples(parser: argparse.ArgumentParser, *lines: str) -> None:
    """Show *lines* under the help of *parser*."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(("examples:", *(f"  {line}" for line in lines)))
