"""Which reports are one call? Decides over a few reports at a time, the same way whatever order they came in."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple


class Report(NamedTuple):
    """What joining needs to know of a report. Times are nanoseconds."""

    report_id: str
    emitter: str
    logical_call: str | None
    response_id: str | None
    above: str | None
    """The nearest report among its ancestors."""
    started: int
    ended: int
    dialect: str = ""
    session_id: str | None = None
    request_model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    inside: bool = False
    """A log record within the very span of the report above it."""
    parent: str | None = None
    """What the span ran in: spans of two instrumentations that do not nest are siblings."""
    hollow: bool = False
    """It neither says usage nor names the response: it may be what another report says more of."""
    failed: bool = False


class Link(NamedTuple):
    """Two reports that name the same thing: an id, or a session and its usage."""

    gap: int
    """Nanoseconds between their starts; of two candidates the nearer one is it."""
    left: str
    right: str
    rule: str = ""
    """What they share, in words."""


class Joined(NamedTuple):
    """Which call each report belongs to, and by which rule it came to the others."""

    groups: Mapping[str, str | None]
    """None for a roll-up of several calls."""
    rules: Mapping[str, str]


SLACK = 1_000_000_000
"""Clocks within a host agree, but emitters stop theirs at different moments: headers, last chunk, parsed body."""


class Groups:
    """A union-find whose members may refuse: see `may_join`."""

    def __init__(self, reports: Iterable[Report]) -> None:
        self._parent = {report.report_id: report.report_id for report in reports}
        self._members = {report.report_id: [report] for report in reports}
        self.rules: dict[str, str] = {}
        """By which rule each report came to one that was there."""

    def find(self, report_id: str) -> str:
        while self._parent[report_id] != report_id:
            self._parent[report_id] = report_id = self._parent[self._parent[report_id]]
        return report_id

    def members(self, report_id: str) -> Sequence[Report]:
        return self._members[self.find(report_id)]

    def may_join(self, left: str, right: str) -> bool:
        """Whether two groups can be one call: no emitter reports it twice, and no two response ids meet."""
        ours, theirs = self.members(left), self.members(right)
        if {report.emitter for report in ours} & {report.emitter for report in theirs}:
            return False
        our_ids = {report.response_id for report in ours} - {None}
        their_ids = {report.response_id for report in theirs} - {None}
        return not our_ids or not their_ids or bool(our_ids & their_ids)

    def join(self, left: str, right: str, rule: str) -> None:
        kept, gone = sorted((self.find(left), self.find(right)))
        if kept != gone:
            self._parent[gone] = kept
            self._members[kept] += self._members.pop(gone)
            for report_id in (left, right):
                self.rules.setdefault(report_id, rule)


def join(reports: Sequence[Report], links: Iterable[Link]) -> Joined:
    """The group of each report by the counting rule."""
    groups = Groups(reports)
    _join_attempts(groups, reports)
    _join_repetitions(groups, reports)
    for link in sorted(links):
        if groups.may_join(link.left, link.right):
            groups.join(link.left, link.right, link.rule)
    rolled_up = _join_paths(groups, reports)
    _join_siblings(groups, [report for report in reports if report.report_id not in rolled_up])
    found = {
        report.report_id: None if report.report_id in rolled_up else groups.find(report.report_id)
        for report in reports
    }
    return Joined(found, groups.rules)


def _join_attempts(groups: Groups, reports: Iterable[Report]) -> None:
    """Attempts of one logical call are one, whatever their response ids (a broken stream and its retry have two).

    So are the tellings of one response in a log that is still written, or copied.
    """
    first: dict[tuple[str, str], str] = {}
    for report in reports:
        if report.logical_call is not None:
            one = first.setdefault((report.emitter, report.logical_call), report.report_id)
            groups.join(one, report.report_id, "the same call, by the id that its emitter gives it")


def _join_repetitions(groups: Groups, reports: Iterable[Report]) -> None:
    """Log records of one emitter within one span of a call repeat each other, unless they name two responses."""
    first: dict[tuple[str, str], Report] = {}
    for report in sorted(reports):
        if report.inside and report.above is not None:
            one = first.setdefault((report.emitter, report.above), report)
            if None in (one.response_id, report.response_id) or one.response_id == report.response_id:
                groups.join(one.report_id, report.report_id, "events of one span")


def _join_siblings(groups: Groups, reports: Iterable[Report]) -> None:
    """Join what says next to nothing with what another instrumentation says of the same time in the same place."""
    at: dict[str, list[Report]] = {}
    for report in reports:
        if report.parent is not None:
            at.setdefault(report.parent, []).append(report)
    pairs = [
        (abs(one.started - two.started), one.report_id, two.report_id)
        for siblings in at.values()
        for one in siblings
        if one.hollow
        for two in siblings
        # A failure is not what another call, that went well, says more of.
        if two is not one and two.failed >= one.failed and _within(two, one)
    ]
    for _, hollow, other in sorted(pairs):
        if len(groups.members(hollow)) == 1 and groups.may_join(hollow, other):
            groups.join(hollow, other, "same place and time, and one of them says no more")


def _within(inner: Report, outer: Report) -> bool:
    return outer.started - SLACK <= inner.started and inner.ended <= outer.ended + SLACK


def _join_paths(groups: Groups, reports: Sequence[Report]) -> set[str]:
    """Join reports along paths, from the leaves up; returns the roll-ups, which report several calls below them."""
    by_id = {report.report_id: report for report in reports}
    below: dict[str | None, list[str]] = {}
    rolled_up: set[str] = set()
    for report in sorted(reports, key=lambda each: (-_depth(each, by_id), each.report_id)):
        children = below.get(report.report_id, [])
        others = {groups.find(child) for child in children} - {groups.find(report.report_id)}
        joined_one = len(others) < len({groups.find(child) for child in children})
        if len(others) > 1 and not joined_one:
            rolled_up.update(member.report_id for member in groups.members(report.report_id))
            below.setdefault(report.above, []).extend(children)
            continue
        for child in others:
            if _overlap(report, groups.members(child)) and groups.may_join(report.report_id, child):
                groups.join(report.report_id, child, "one runs in the other")
        below.setdefault(report.above, []).append(report.report_id)
    return rolled_up


def _depth(report: Report, by_id: Mapping[str, Report]) -> int:
    depth, seen = 0, {report.report_id}
    while report.above is not None and report.above in by_id and report.above not in seen:
        report = by_id[report.above]
        seen.add(report.report_id)
        depth += 1
    return depth


def _overlap(report: Report, members: Sequence[Report]) -> bool:
    return any(
        report.started <= member.ended + SLACK and member.started <= report.ended + SLACK
        for member in members
    )
