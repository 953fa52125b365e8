"""Which id does a call keep? Whatever arrives later, the one that was published first."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

from otel_burn_collector.ledger.joining import Joined, Report


class Published(NamedTuple):
    """The call under which a report was published."""

    publication: int
    call_id: str


class Assignment(NamedTuple):
    """Which call each report belongs to (None: a roll-up), and which ids are now names of another."""

    calls: Mapping[str, Published | None]
    aliases: Sequence[tuple[str, str]]
    rules: Mapping[str, str]
    """By which rule a report came to the others of its call."""


def assign(
    reports: Sequence[Report],
    joined: Joined,
    published: Mapping[str, Published],
    last_publication: int,
) -> Assignment:
    """Give each group the id that its reports were published under first, or a new one."""
    members: dict[str, list[Report]] = {}
    for report in reports:
        group = joined.groups[report.report_id]
        if group is not None:
            members.setdefault(group, []).append(report)
    owners = _owners(members, published) if published else {}
    calls: dict[str, Published | None] = dict.fromkeys((report.report_id for report in reports), None)
    aliases = []
    firsts = {group: _first(reports) for group, reports in members.items()}
    for group in sorted(members, key=firsts.__getitem__):
        known = {
            published[report.report_id]
            for report in (members[group] if published else ())
            if report.report_id in published
        }
        mine = sorted(each for each in known if owners[each.call_id] == group) if known else []
        if mine:
            call = mine[0]
        else:
            last_publication += 1
            call = Published(last_publication, _free_call_id(firsts[group][1], owners))
        aliases += [(each.call_id, call.call_id) for each in mine[1:]]
        calls.update((report.report_id, call) for report in members[group])
    return Assignment(calls, aliases, joined.rules)


def _owners(members: Mapping[str, Sequence[Report]], published: Mapping[str, Published]) -> Mapping[str, str]:
    """Which group keeps a published id when its reports are in several: the one with the earliest of them."""
    claims: dict[str, list[tuple[int, str, str]]] = {}
    for group, reports in members.items():
        for report in reports:
            if report.report_id in published:
                claim = (report.started, report.report_id, group)
                claims.setdefault(published[report.report_id].call_id, []).append(claim)
    return {call_id: min(claim)[2] for call_id, claim in claims.items()}


def new_call_id(first_report_id: str) -> str:
    """An id from the call's earliest report, so that the same reports give the same id in any ledger."""
    return blake2b(first_report_id.encode(), digest_size=8).hexdigest()


def _free_call_id(first_report_id: str, owners: Mapping[str, str]) -> str:
    """A new id: another one where the report's own went along with those that it was one call with before."""
    tries = (f"{first_report_id}{'|' * number}" for number in itertools.count())
    return next(call_id for each in tries if (call_id := new_call_id(each)) not in owners)


def _first(reports: Iterable[Report]) -> tuple[int, str]:
    return min((report.started, report.report_id) for report in reports)
