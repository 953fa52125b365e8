"""How do logs get into the ledger? Read one after the other, as requests of some megabytes, each response once."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from otel_burn_collector.doors import Door
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.session_logs.calls import LoggedCall, Problem
from otel_burn_collector.session_logs.reading import calls_in
from otel_burn_collector.session_logs.remembering import REMEMBERED, Fresh, fresh, remembered
from otel_burn_collector.session_logs.spans import Telling, request, telling
from otel_burn_collector.session_logs.telling import DATABASE, Log
from otel_burn_collector.store import commands

BODY_BYTES: Final = 4 << 20
REMEMBERED_AT_ONCE: Final = 10_000
"""Logs in one command: a megabyte or two."""
MOST_PROBLEMS: Final = 20
"""That are told of one file; of more, how many."""
_AHEAD_NS: Final = 24 * 3600 * 10**9


@dataclass
class Found:
    """What was in the logs of one agent."""

    files: int = 0
    unchanged: int = 0
    sessions: set[str] = field(default_factory=set)
    calls: int = 0
    tokens: Counter[str] = field(default_factory=Counter)


@dataclass
class Taken:
    """What was in logs."""

    agents: dict[str, Found] = field(default_factory=dict)
    problems: list[tuple[Path, Problem]] = field(default_factory=list)
    more_problems: Counter[Path] = field(default_factory=Counter)

    def of(self, agent: str) -> Found:
        """What was in the logs of *agent*."""
        return self.agents.setdefault(agent, Found())


class Taking:
    """Takes logs to a door; without one it only looks."""

    def __init__(self, door: Door | None, *, since_ns: int, now_ns: int) -> None:
        self._door = door
        self._since_ns, self._now_ns = since_ns, now_ns
        self._known = {row["path"]: row for row in door.rows(REMEMBERED)} if door else {}
        self._told: dict[int, Telling] = {}
        """By a response's name, the best telling of it so far: copies that say less need not be sent."""
        self._body: list[bytes] = []
        self._size = 0
        self._read: list[dict[str, Any]] = []
        self.taken = Taken()

    def fresh(self, logs: Iterable[Log]) -> list[Fresh]:
        """Those of *logs* with something new, the oldest first: what is forked comes before its forks."""
        found = []
        for log in logs:
            try:
                one = fresh(log, self._known.get(str(log.path)), self._since_ns)
            except OSError as error:
                self.problem(log.path, Problem(0, f"it cannot be read ({error.strerror})"))
                continue
            of_agent = self.taken.of(log.agent)
            of_agent.files += 1
            of_agent.unchanged += one is None
            found += [one] if one is not None else []
        return sorted(found, key=lambda one: (one.state.mtime_ns, str(one.log.path)))

    def take(self, one: Fresh) -> None:
        """Take what is new in *one*."""
        position = one.position
        broken: list[Problem] = []

        def report(problem: Problem) -> None:
            if problem.line == 0 and not problem.passing:
                broken.append(problem)
            self.problem(one.log.path, problem)

        for call in calls_in(one.log, report, one.position if one.log.form == DATABASE else 0):
            end = call.ended_ns if one.log.form == DATABASE else call.end
            if end <= one.position and end:
                if call.context is not None:
                    call.context.listing()  # an earlier import listed it
                continue
            position = max(position, end)
            if call.ended_ns >= self._since_ns:
                self._take(call, one.log)
        if not broken:  # else the next import shall try again
            self._remember(one, position)

    def _take(self, call: LoggedCall, log: Log) -> None:
        found = self.taken.of(log.agent)
        if call.ended_ns > self._now_ns + _AHEAD_NS:
            self.problem(log.path, Problem(0, f"a call is dated {_date(call.ended_ns)}, in the future", True))
        name, mine = telling(call)
        best = self._told.get(name)
        if best is not None and best <= mine:
            if call.context is not None:
                call.context.listing()
            return
        self._told[name] = mine
        found.sessions.add(call.session.id)
        if best is None:
            found.calls += 1
            usage = call.response.usage
            found.tokens["input"] += (usage and usage.input_tokens) or 0
            found.tokens["output"] += (usage and usage.output_tokens) or 0
        data = request(call)
        self._body.append(data)
        self._size += len(data)
        if self._size >= BODY_BYTES:
            self.flush()

    def _remember(self, one: Fresh, position: int) -> None:
        try:
            self._read.append(remembered(one, position, self._since_ns))
        except OSError:
            return  # it went away, and is not remembered

    def flush(self) -> None:
        """Send the calls that wait."""
        if self._door is not None and self._body:
            self._door.put(Kind.TRACES, Encoding.PLAIN, b"".join(self._body))
        self._body, self._size = [], 0

    def finish(self) -> None:
        """Send what is left, and behind all calls how far the logs are read: a command ends a batch of the loader."""
        self.flush()
        while self._door is not None and self._read:
            rows, self._read = self._read[:REMEMBERED_AT_ONCE], self._read[REMEMBERED_AT_ONCE:]
            self._door.put(Kind.COMMAND, Encoding.JSON, commands.imported(rows))

    def problem(self, path: Path, problem: Problem) -> None:
        """Note a *problem* in the file at *path*."""
        if sum(each == path for each, _ in self.taken.problems[-MOST_PROBLEMS:]) < MOST_PROBLEMS:
            self.taken.problems.append((path, problem))
        else:
            self.taken.more_problems[path] += 1


def _date(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 10**9, UTC).date().isoformat()
