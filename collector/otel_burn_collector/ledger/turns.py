"""Which logged calls does a turn's sum stand for? OpenClaw's telemetry tells of a turn, its session log of each call.

They share no id, on purpose (sessions stay out of its telemetry). But a turn ends after its last call, and the usage
that it tells is the sum of its calls', in both counts: so many tokens do not agree by chance.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from otel_burn_collector.ledger.joining import SLACK, Report

TURN: Final = "openclaw-turn"
CALL: Final = "openclaw-file"
SPAN: Final = "openclaw-call"
"""A model call in its telemetry, which has no tokens."""


def place_turns(reports: Sequence[Report]) -> Sequence[Report]:
    """*reports*, in which the calls of a turn stand below it, so that its sum is a roll-up of them, and the span of a
    call below what the log says of it."""
    turns = sorted((report for report in reports if report.dialect == TURN), key=lambda turn: turn.ended)
    above = _logged(reports)
    if not (turns or above):
        return reports
    calls = _by_session(reports)
    for turn in turns:
        free = ([call for call in session if call.report_id not in above] for session in calls)
        above |= next((found for session in free if (found := _part_of(turn, session))), {})
    return [report._replace(above=above.get(report.report_id, report.above)) for report in reports]


def _logged(reports: Sequence[Report]) -> dict[str, str]:
    """For each span of a model call the logged call that ended with it."""
    spans = [report for report in reports if report.dialect == SPAN]
    logged = [report for report in reports if report.dialect == CALL] if spans else []
    pairs = sorted(
        (abs(span.ended - call.ended), span.report_id, call.report_id)
        for span in spans
        for call in logged
        if span.request_model == call.request_model and abs(span.ended - call.ended) <= SLACK
    )
    found: dict[str, str] = {}
    for _, span_id, call_id in pairs:
        if span_id not in found and call_id not in found.values():
            found[span_id] = call_id
    return found


def _by_session(reports: Sequence[Report]) -> Sequence[Sequence[Report]]:
    """The logged calls of each session, each response once, the latest first."""
    told: dict[tuple[str | None, str], Report] = {}
    for report in reports:
        if report.dialect == CALL:
            key = report.session_id, report.response_id or report.report_id
            told[key] = min(told.get(key, report), report, key=lambda each: each.report_id)
    sessions: defaultdict[str | None, list[Report]] = defaultdict(list)
    for report in sorted(told.values(), key=lambda each: (-each.ended, each.report_id)):
        sessions[report.session_id].append(report)
    return [sessions[name] for name in sorted(sessions, key=str)]


def _part_of(turn: Report, session: Sequence[Report]) -> Mapping[str, str]:
    """The last calls of *session* before the *turn* ended, if they add up to it."""
    given = made = 0
    found: dict[str, str] = {}
    for call in _during(turn, session):
        given += call.input_tokens or 0
        made += call.output_tokens or 0
        found[call.report_id] = turn.report_id
        if (given, made) == (turn.input_tokens, turn.output_tokens):
            return found
    return {}


def _during(turn: Report, session: Sequence[Report]) -> Iterator[Report]:
    for call in session:
        within = turn.started - SLACK <= call.started and call.ended <= turn.ended + SLACK
        if within and call.request_model == turn.request_model:
            yield call
