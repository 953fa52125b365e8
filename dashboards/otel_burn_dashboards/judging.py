"""What does the findings page ask? The findings, one of them in full, and where content costs across sessions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import polars as pl

from otel_burn.errors import BurnError
from otel_burn.wording import plural
from otel_burn_analytics import findings as detection
from otel_burn_analytics.queries import Scope as Time
from otel_burn_analytics.registry import DETECTORS
from otel_burn_analytics.report import urgent
from otel_burn_collector.reader import Ledger
from otel_burn_dashboards.asking import ask, ask_spent, frame, statement
from otel_burn_dashboards.figures import clock
from otel_burn_dashboards.scope import Scope, naive
from otel_burn_dashboards.state import ANY

FINDINGS_SHOWN: Final = 50
MEMBERS_SHOWN: Final = 500
ROWS_SHOWN: Final = 100
CALLS_READ: Final = 2_000
"""Of the most expensive sessions, so many calls' contexts are read."""
READS_READ: Final = 200_000
"""Likewise of so many calls the tool calls, which are narrower."""
FEW_CALLS: Final = 200_000
"""In a ledger of so many calls, every context is unfolded in a tenth of a second."""
SESSIONS_READ: Final = 20
"""In a larger one contexts are looked for session by session: so many at most, at 0.05 s of CPU each in ten million."""

_AT_ONCE: Final = """SELECT * FROM context_blocks
SEMI JOIN (SELECT unnest($sessions::VARCHAR[]) AS session_id) AS wanted USING (session_id)"""
_OF_ONE: Final = """SELECT * FROM context_blocks
WHERE session_id = ${0}::VARCHAR AND session_key = md5_number_lower(${0}::VARCHAR)"""

TABLES: Final[Mapping[str, str]] = {
    "blocks": "costly_blocks",
    "unused tools": "unused_tools",
    "bootstraps": "bootstraps",
    "repeated reads": "repeated_reads",
}
"""Where content costs across sessions: what the page calls it, and the SQL."""


@dataclass(frozen=True)
class Findings:
    """The findings in a time range, and what detectors and tiers there are to choose from."""

    findings: pl.DataFrame
    detectors: pl.DataFrame


@dataclass(frozen=True)
class Finding:
    """One finding: its turns, and the tool calls that they repeat. `None` about it where nobody knows it."""

    about: dict[str, Any] | None
    turns: pl.DataFrame
    pattern: pl.DataFrame


class Judged(NamedTuple):
    """What was found in one session, and when that was stored; None: it is found in it now, and not stored."""

    findings: pl.DataFrame
    at: datetime | None


class Looked(NamedTuple):
    """How far anybody has looked: of so many sessions so many were judged as they are, and when the last time."""

    sessions: int
    judged: int
    as_of: datetime | None
    expected: int
    """Findings that somebody has marked as expected."""

    def told(self, zone: str) -> str:
        """The same in a sentence: nothing was found, or nobody has looked."""
        if self.as_of is None:
            return f"No detector has looked at {_of(self.sessions)} in this time yet."
        when = clock(self.as_of.replace(tzinfo=UTC), zone)
        marked = f" {plural(self.expected, 'finding')} marked as expected." if self.expected else ""
        if self.judged == self.sessions:
            return f"Judged, and nothing to fix found in {plural(self.sessions, 'session')}, as of {when}.{marked}"
        rest = self.sessions - self.judged
        new = f"{plural(rest, 'session is', 'sessions are')} new or went on since"
        return f"Judged {when}: nothing to fix found in {plural(self.judged, 'session')}; {new}.{marked}"


def _of(sessions: int) -> str:
    return "the one session" if sessions == 1 else f"the {sessions:,} sessions"


class Across(NamedTuple):
    """What content costs across sessions, and of how many sessions contexts were read."""

    rows: pl.DataFrame
    sessions: int


def findings(ledger: Ledger, *, scope: Scope, tier: str, detector: str, expected: bool) -> Findings:
    """The findings in *scope*; of filters, those by agent and session apply."""
    times: dict[str, object] = {"since": naive(scope.begin), "until": naive(scope.end)}
    asked: dict[str, object] = {
        "tier": None if tier == ANY else tier,
        "detector": None if detector == ANY else detector,
        "expected": expected,
        "top": FINDINGS_SHOWN,
    }
    return Findings(ask(ledger, "findings", asked | scope.found), ask(ledger, "detectors", times))


def looked(ledger: Ledger, *, scope: Scope) -> Looked:
    """How far anybody has looked for findings in *scope*."""
    (row,) = ask(ledger, "looked", scope.found).to_dicts()
    return Looked(**row)


def finding(ledger: Ledger, *, finding: str) -> Finding:
    """One finding."""
    found = ask(ledger, "finding", {"finding": finding}).to_dicts()
    if not found:
        return Finding(None, pl.DataFrame(), pl.DataFrame())
    (about,) = found
    # The ledger's times are finer than ours.
    members = {
        "calls": about["call_ids"],
        "from": about["first_at"],
        "to": about["last_at"] and about["last_at"] + timedelta(seconds=1),
        "top": MEMBERS_SHOWN,
    }
    return Finding(about, ask(ledger, "members", members), ask(ledger, "pattern", members))


def session(ledger: Ledger, *, session: str) -> Judged:
    """What was found in one session; where nobody has judged it, by the detectors that look at one session alone."""
    at = ask(ledger, "judged", {"session": session}).item()
    stored = ask(ledger, "session_findings", {"session": session})
    about = ask(ledger, "session", {"session": session}).drop_nulls("started_at")
    if stored.height or at is not None or about.is_empty():
        return Judged(stored, at)
    one = about.select("calls", "started_at", "ended_at").row(0, named=True)
    found = urgent(detection.judge_session(ledger, session=session, **one))
    return Judged(found.with_columns(expected=pl.lit(False)), None)


def members(findings: pl.DataFrame, turns: pl.DataFrame) -> pl.DataFrame:
    """A row for each finding and each turn that is part of it."""
    return (
        findings.lazy()
        .with_row_index("finding")
        .select("finding", "finding_id", "detector", "tier", pl.col("call_ids").alias("call_id"))
        .explode("call_id")
        .join(turns.lazy().select("call_id", "turn"), on="call_id")
        .sort("finding", "turn")
        .collect()
    )


def turns_of(members: pl.DataFrame, number: int) -> list[int]:
    """The turns that are part of the finding with a *number*, counted from 1."""
    return members.filter(pl.col("finding") == number - 1).get_column("turn").to_list()


def table(ledger: Ledger, *, scope: Scope, name: str) -> Across:
    """One of `TABLES`."""
    if name == "repeated reads":
        heavy = ask_spent(ledger, "heavy", scope, calls=READS_READ, few=0, most=READS_READ)[
            "session_id"
        ].to_list()
        times = {"since": naive(scope.begin), "until": naive(scope.end)}
        asked = {"sessions": heavy, "top": ROWS_SHOWN}
        return Across(ask(ledger, TABLES[name], asked | times), len(heavy))
    found = ask_spent(ledger, "heavy", scope, calls=CALLS_READ, few=FEW_CALLS, most=SESSIONS_READ)
    heavy = found["session_id"].to_list()
    each = dict(enumerate(heavy)) if found["one_by_one"].any() else {}
    named = {f"session_{number}": session for number, session in each.items()}
    sql = _carried(named) + statement(TABLES[name])
    return Across(frame(ledger, sql, {"sessions": heavy, "top": ROWS_SHOWN, **named}), len(heavy))


def _carried(one_by_one: Iterable[str]) -> str:
    """A `WITH carried AS (…)` of the contexts of `$sessions`; in a large ledger each by an equality of its own: with a
    list of them DuckDB unfolds every context first (5 s of CPU on ten million calls)."""
    parts = "\nUNION ALL\n".join(_OF_ONE.format(name) for name in one_by_one)
    return f"WITH carried AS (\n{parts or _AT_ONCE}\n)\n"


def judge(ledger: Ledger, *, scope: Scope) -> int:
    """Have every session in *scope* judged and the findings stored; returns how many there are."""
    judgement = detection.judge(ledger, Time(since=scope.begin))
    if judgement.unstored:
        raise BurnError(f"The findings could not be stored: {judgement.unstored}")
    return judgement.findings.height


def mark(ledger: Ledger, *, finding: str, expected: bool) -> None:
    """Say whether a finding is expected."""
    ledger.mark(finding, expected=expected)


def rule(detector: str) -> dict[str, str]:
    """What a detector says of itself, by paragraph (`Rule`, `Dollars`, `Blind spots` …); nothing of an unknown one."""
    page = next((one.page for one in DETECTORS if one.name == detector), "")
    parted = (paragraph.replace("\n", " ").partition(": ") for paragraph in page.split("\n\n"))
    return {title: text[:1].upper() + text[1:] for title, _, text in parted if text}


def laps(pattern: pl.DataFrame) -> list[tuple[str, int]]:
    """The tool calls of a finding as the sequence that repeats, with how often: the shortest one that covers all."""
    calls = [(row["tool_name"], row["args_hash"]) for row in pattern.to_dicts()]
    for length in range(1, len(calls) // 2 + 1):
        if all(call == calls[place % length] for place, call in enumerate(calls)):
            return [(name or "unnamed tool", len(calls) // length) for name, _ in calls[:length]]
    counted: dict[str, int] = {}
    for name, _ in calls:
        counted[name or "unnamed tool"] = counted.get(name or "unnamed tool", 0) + 1
    return list(counted.items())
