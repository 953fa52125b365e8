"""What is taken out of logs? Read one after the other, they become requests of some megabytes, each response once."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from otel_burn_collector.backlog import Progress, unseen
from otel_burn_collector.session_logs.calls import LoggedCall, Problem
from otel_burn_collector.session_logs.reading import calls_in
from otel_burn_collector.session_logs.remembering import Fresh, fresh, remembered
from otel_burn_collector.session_logs.spans import Telling, request, telling
from otel_burn_collector.session_logs.telling import DATABASE, Log

BODY_BYTES: Final = 4 << 20
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

    def note(self, path: Path, problem: Problem) -> None:
        """Note a *problem* in the file at *path*."""
        if sum(each == path for each, _ in self.problems[-MOST_PROBLEMS:]) < MOST_PROBLEMS:
            self.problems.append((path, problem))
        else:
            self.more_problems[path] += 1


class Sink(Protocol):
    """Where goes what is taken?"""

    def requests(self, body: bytes) -> None:
        """Have some OTLP requests, one behind the other."""

    def logs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Have, behind all requests, the rows that say how far logs are read."""

    def progress(self, done: int, everything: int) -> None:
        """Hear how many bytes of logs are read, and how many there are."""


@dataclass
class Looking:
    """A sink for whoever only looks."""

    progress: Progress = unseen

    def requests(self, body: bytes) -> None:
        """Nothing is kept."""

    def logs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Nothing is remembered."""


def fresh_logs(
    logs: Iterable[Log], known: Mapping[str, Mapping[str, Any]], taken: Taken, since_ns: int
) -> list[Fresh]:
    """Those of *logs* with something new, the oldest first: what is forked comes before its forks."""
    found = []
    for log in logs:
        try:
            one = fresh(log, known.get(str(log.path)), since_ns)
        except OSError as error:
            taken.note(log.path, Problem(0, f"it cannot be read ({error.strerror})"))
            continue
        of_agent = taken.of(log.agent)
        of_agent.files += 1
        of_agent.unchanged += one is None
        found += [one] if one is not None else []
    return sorted(found, key=lambda one: (one.state.mtime_ns, str(one.log.path)))


def take_logs(found: Sequence[Fresh], sink: Sink, taken: Taken, *, since_ns: int, now_ns: int) -> Taken:
    """Take what is new in the logs that were *found* to *sink*; returns *taken* with what that was."""
    taking = _Taking(sink, taken, since_ns=since_ns, now_ns=now_ns)
    read, everything = 0, sum(one.state.size for one in found)
    for one in found:
        sink.progress(read, everything)
        taking.take(one)
        read += one.state.size
    sink.progress(everything, everything)
    taking.finish()
    return taken


class _Taking:
    def __init__(self, sink: Sink, taken: Taken, *, since_ns: int, now_ns: int) -> None:
        self._sink, self._taken = sink, taken
        self._since_ns, self._now_ns = since_ns, now_ns
        self._told: dict[int, Telling] = {}
        """By a response's name, the best telling of it so far: copies that say less need not be sent."""
        self._body: list[bytes] = []
        self._size = 0
        self._read: list[dict[str, Any]] = []

    def take(self, one: Fresh) -> None:
        """Take what is new in *one*."""
        position = one.position
        broken: list[Problem] = []

        def report(problem: Problem) -> None:
            if problem.line == 0 and not problem.passing:
                broken.append(problem)
            self._taken.note(one.log.path, problem)

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
        found = self._taken.of(log.agent)
        if call.ended_ns > self._now_ns + _AHEAD_NS:
            reason = f"a call is dated {_date(call.ended_ns)}, in the future"
            self._taken.note(log.path, Problem(call.line, reason, passing=True))
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
            self._flush()

    def _remember(self, one: Fresh, position: int) -> None:
        try:
            self._read.append(remembered(one, position, self._since_ns))
        except OSError:
            return  # it went away, and is not remembered

    def finish(self) -> None:
        """Send what is left, and behind all calls how far the logs are read."""
        self._flush()
        self._sink.logs(self._read)

    def _flush(self) -> None:
        if self._body:
            self._sink.requests(b"".join(self._body))
        self._body, self._size = [], 0


def _date(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns / 10**9, UTC).date().isoformat()
