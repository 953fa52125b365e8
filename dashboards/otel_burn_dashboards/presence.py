"""Does the collector answer, and what is to be done if not? Asked in moments, before any question that would wait."""

import os
from pathlib import Path
from typing import Final, Literal, NamedTuple

from otel_burn_collector.discovery import announced, healthz, status

SECONDS: Final = 3.0
"""How long a look waits for either of the collector's processes; one that loads a large batch may take two."""

State = Literal["answers", "absent", "ended", "silent", "loading"]


class Presence(NamedTuple):
    """Whether a collector answers: one does, none runs, one was killed, one is silent, its store is being started."""

    state: State
    pid: int = 0

    @property
    def silent(self) -> bool:
        """Whether a collector has the database and does not answer: nobody can be asked."""
        return self.state in ("silent", "loading")

    @property
    def away(self) -> bool:
        """Whether no collector answers."""
        return self.state != "answers"

    @property
    def sentence(self) -> str:
        """What is the matter, and what to do about it."""
        return _SENTENCES[self.state].format(pid=self.pid)


_SENTENCES: Final = {
    "answers": "The collector answers.",
    "absent": "The collector was stopped. What is shown comes from the file; what agents send now is not among it. "
    "Start it again: `otel-burn collector`.",
    "ended": "The collector ended without a word. What is shown comes from the file; what it had accepted and not "
    "loaded waits in its journal. Start it again: `otel-burn collector`.",
    "silent": "The collector (process {pid}) does not answer, and nobody else can read its database. If that lasts, "
    "see `collector.log` beside the database, end the process, and start it again: `otel-burn collector`.",
    "loading": "The collector (process {pid}) accepts telemetry, but its database does not answer: it is being "
    "started, or busy. If that lasts, see `collector.log` beside the database.",
}


def look(db: Path) -> Presence:
    """Whether a collector answers for *db*."""
    said = announced(db)
    if said is None:
        return Presence("absent")
    if not healthz(said.http_url, patience=SECONDS):
        return Presence("silent" if _lives(said.pid) else "ended", said.pid)
    if not status(said.sql_url, patience=SECONDS):
        return Presence("loading", said.pid)
    return Presence("answers", said.pid)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
