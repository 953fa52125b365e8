"""Which subcommand does the user want? The one command, `otel-burn`, finds it and runs it."""

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points, version

from otel_burn.command import Command
from otel_burn.errors import BurnError

GROUP = "otel_burn.commands"

ORDER = (
    "demo",
    "run",
    "report",
    "findings",
    "check",
    "sql",
    "up",
    "explore",
    "price",
    "import",
    "collector",
    "doctor",
)
"""Subcommands in the order in which a newcomer needs them; those unknown here follow by name."""


def commands() -> dict[str, EntryPoint]:
    """Every registered subcommand by name, in the order of the help text."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    known = [name for name in ORDER if name in found]
    return {name: found[name] for name in known + sorted(set(found) - set(known))}


EXTRAS = ("collector", "analytics", "dashboards")
"""The extras that are named like the package that needs them; every other package needs `all`."""


@contextlib.contextmanager
def _missing_parts_named(entry: EntryPoint) -> Iterator[None]:
    """Turn a missing package into a sentence on what to install: commands import theirs when they load or run."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "otel_burn").startswith("otel_burn"):
            raise  # a part of our own that is missing is a defect of ours
        part = entry.module.split(".")[0].removeprefix("otel_burn_")
        raise BurnError(
            f"`otel-burn {entry.name}` needs the package {error.name!r}, which is not installed here. "
            f"Install it with: pip install 'otel-burn[{part if part in EXTRAS else 'all'}]'"
        ) from error


def load(entry: EntryPoint) -> Command:
    """The subcommand of *entry*, or a sentence on what to install when its part is missing."""
    with _missing_parts_named(entry):
        command: Command = entry.load()
    return command


def dispatch(arguments: Sequence[str]) -> int:
    """Run one subcommand with its *arguments* and return its exit code. Errors are the caller's."""
    registered = commands()
    if not arguments or arguments[0] not in registered:
        return _overview(arguments, registered)
    entry = registered[arguments[0]]
    command = load(entry)
    parser = argparse.ArgumentParser(prog=f"otel-burn {entry.name}", description=command.summary)
    command.configure(parser)
    options = parser.parse_args(arguments[1:])
    with _missing_parts_named(entry):
        return command.run(options)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `otel-burn` as the shell does: a user's mistake is one sentence on standard error, exit code 1."""
    try:
        return dispatch(sys.argv[1:] if arguments is None else arguments)
    except BurnError as error:
        sys.stderr.write(f"otel-burn: {error}\n")
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


def _overview(arguments: Sequence[str], registered: dict[str, EntryPoint]) -> int:
    wanted = arguments[0] if arguments else "--help"
    if wanted in ("--version", "-V"):
        sys.stdout.write(f"otel-burn {version('otel-burn')}\n")
        return 0
    lines = ["usage: otel-burn COMMAND …", "", "Explains what LLM agents burn.", ""]
    for name, entry in registered.items():
        try:
            summary = load(entry).summary
        except BurnError:
            summary = "(not installed)"
        lines.append(f"  {name:<10} {summary}")
    lines += ["", "`otel-burn COMMAND --help` tells more about each."]
    if wanted in ("--help", "-h", "help"):
        sys.stdout.write("\n".join(lines) + "\n")
        return 0
    sys.stderr.write(f"otel-burn: there is no command {wanted!r}.\n\n" + "\n".join(lines) + "\n")
    return 2
