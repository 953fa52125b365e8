"""What is a subcommand of `otel-burn`? Each part registers its own under `otel_burn.commands`."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A subcommand: its one-line summary, the arguments it adds, and what it does.

    `run` returns the exit code. It raises `otel_burn.errors.BurnError` for a user's mistake, which the
    dispatcher prints as one sentence with exit code 1. Heavy imports belong into `run`.
    """

    summary: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
