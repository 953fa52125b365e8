"""Which subcommand does the user want? The one command, `otel-burn`, finds it and runs it."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version

from otel_burn.command import Command
from otel_burn.errors import BurnError

GROUP = "otel_burn.commands"

ORDER = ("demo", "run", "report", "findings", "sql", "explore", "import", "collector", "doctor")
"""Subcommands in the order in which a newcomer needs them; those unknown here follow by name."""


def commands() -> dict[str, EntryPoint]:
    """Every registered subcommand by name, in the order of the help text."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    known = [name for name in ORDER if name in found]
    return {name: found[name] for name in known + sorted(set(found) - set(known))}


def load(name: str, entry: EntryPoint) -> Command:
    """The subcommand *name*, or a sentence on what to install when its part is missing."""
    try:
        command: Command = entry.load()
    except ModuleNotFoundError as error:
        part = entry.module.split(".")[0].removeprefix("otel_burn_")
        extra = part if part in ("collector", "analytics", "dashboards") else "all"
        raise BurnError(
            f"`otel-burn {name}` needs the package {error.name!r}, which is not installed here. "
            f"Install it with: pip install 'otel-burn[{extra}]'"
        ) from error
    return command


def dispatch(arguments: Sequence[str]) -> int:
    """Run one subcommand with its *arguments* and return its exit code. Errors are the caller's."""
    registered = commands()
    if not arguments or arguments[0] not in registered:
        return _overview(arguments, registered)
    name = arguments[0]
    command = load(name, registered[name])
    parser = argparse.ArgumentParser(prog=f"otel-burn {name}", description=command.summary)
    command.configure(parser)
    return command.run(parser.parse_args(arguments[1:]))


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
            summary = load(name, entry).summary
        except BurnError:
            summary = "(not installed)"
        lines.append(f"  {name:<10} {summary}")
    lines += ["", "`otel-burn COMMAND --help` tells more about each."]
    if wanted in ("--help", "-h", "help"):
        sys.stdout.write("\n".join(lines) + "\n")
        return 0
    sys.stderr.write(f"otel-burn: there is no command {wanted!r}.\n\n" + "\n".join(lines) + "\n")
    return 2
