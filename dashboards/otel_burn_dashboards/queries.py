"""What do the pages ask the ledger? One question a page: SQL from `sql/` in, frames out. No Streamlit here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

import polars as pl

from otel_burn.errors import BurnError
from otel_burn_analytics import findings as detection
from otel_burn_analytics.queries import Scope, rows
from otel_burn_analytics.queries import sql as analytics_sql
from otel_burn_analytics.report import Totals, urgent
from otel_burn_collector.reader import Freshness, Ledger
from otel_burn_dashboards.answers import readable

SERIES_SHOWN: Final = 6
"""Names that get a colour of their own in a chart over time."""
GROUPS_SHOWN: Final = 100
SESSIONS_SHOWN: Final = 500
FINDINGS_SHOWN: Final = 5
BLOCKS_SHOWN: Final = 20
BARS: Final = 60
"""At most so many bars over time: more cannot be told apart on a laptop."""
TURN_BARS: Final = 150
"""At most so many turns as bars of their own; longer sessions show averages of several."""

STEPS: Final = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 604800, 2592000)
"""Widths of a bar over time, in seconds: those that people count in."""


@dataclass(frozen=True)
class Burn:
    """Everything on the burn page."""

    freshness: Freshness
    totals: Totals
    unpriced: pl.DataFrame
    step: int
    series: pl.DataFrame
    classes: pl.DataFrame
    groups: pl.DataFrame
    findings: pl.DataFrame


@dataclass(frozen=True)
class Sessions:
    """Everything on the list of sessions."""

    freshness: Freshness
    sessions: pl.DataFrame


@dataclass(frozen=True)
class Session:
    """Everything about one session; no row in `session` when the ledger does not know it."""

    freshness: Freshness
    session: pl.DataFrame
    turns: pl.DataFrame
    step: int
    context: pl.DataFrame
    tool_calls: pl.DataFrame
    findings: pl.DataFrame
    unseen: int
    """Calls that no detector of contexts can judge, as nobody recorded what they carried."""
    members: pl.DataFrame


def burn(ledger: Ledger, *, since: datetime | None, by: str) -> Burn:
    """What was burned since a moment, and by whom."""
    scope = Scope(since=since)
    totals = Totals(**rows(ledger, "totals", scope.params)[0])
    step = bar_seconds(totals.first_at, totals.last_at)
    over_time = {"since": since, "step": step}
    grouped = {**scope.params, "by": by, "top": GROUPS_SHOWN}
    return Burn(
        freshness=ledger.freshness(),
        totals=totals,
        unpriced=ask(ledger, "unpriced", {"since": since}),
        step=step,
        series=ask(ledger, "series", {**over_time, "by": by, "top": SERIES_SHOWN}),
        classes=ask(ledger, "classes", over_time),
        groups=frame(ledger, analytics_sql("groups"), grouped),
        findings=ask(ledger, "findings", {"since": since, "top": FINDINGS_SHOWN}),
    )


def sessions(ledger: Ledger, *, since: datetime | None) -> Sessions:
    """The sessions since a moment, the most expensive first."""
    return Sessions(ledger.freshness(), ask(ledger, "sessions", {"since": since, "top": SESSIONS_SHOWN}))


def session(ledger: Ledger, *, session: str) -> Session:
    """One session, turn by turn."""
    named = {"session": session}
    turns = ask(ledger, "turns", named)
    step = -(-max(turns.height, 1) // TURN_BARS)
    judged = detection.judge(ledger, session=session, store=False)
    found = urgent(judged.findings)
    return Session(
        freshness=ledger.freshness(),
        session=ask(ledger, "session", named),
        turns=turns,
        step=step,
        context=ask(ledger, "context", {**named, "step": step}),
        tool_calls=ask(ledger, "tool_calls", named),
        findings=found,
        unseen=judged.calls - judged.calls_with_context,
        members=members(found, turns),
    )


def blocks(ledger: Ledger, *, session: str, turn: int | None) -> pl.DataFrame:
    """The most expensive blocks of a session, in one *turn* or in all of them."""
    return ask(ledger, "blocks", {"session": session, "turn": turn, "top": BLOCKS_SHOWN})


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


def judge(ledger: Ledger, *, since: datetime | None) -> int:
    """Have every session since a moment judged and the findings stored; returns how many there are."""
    judgement = detection.judge(ledger, Scope(since=since))
    if judgement.unstored:
        raise BurnError(f"The findings could not be stored: {judgement.unstored}")
    return judgement.findings.height


def select(ledger: Ledger, *, sql: str) -> pl.DataFrame:
    """The answer to a user's own SELECT."""
    return readable(ledger.query(sql))


def by_view(schema: pl.DataFrame) -> list[tuple[str, str, pl.DataFrame]]:
    """Each view with what it is about and its columns."""
    parts = schema.partition_by("view", maintain_order=True)
    return [
        (part.item(0, "view"), part.item(0, "about") or "", part.select("name", "comment", "type"))
        for part in parts
    ]


def freshness(ledger: Ledger) -> Freshness:
    """How new the answers are."""
    return ledger.freshness()


def schema(ledger: Ledger) -> pl.DataFrame:
    """The views that can be asked, with their columns and what those mean."""
    return ask(ledger, "schema", {})


def ask(ledger: Ledger, name: str, params: Mapping[str, object]) -> pl.DataFrame:
    """The answer to the query *name*."""
    return frame(ledger, statement(name), params)


def frame(ledger: Ledger, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
    """The answer to *sql* as a frame."""
    return pl.DataFrame(ledger.query(sql, params))


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return files("otel_burn_dashboards").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def bar_seconds(first: datetime | None, last: datetime | None) -> int:
    """How wide a bar over time is, so that there are few enough of them."""
    span = (last - first if first and last else timedelta()).total_seconds()
    return next((step for step in STEPS if span / step <= BARS), STEPS[-1])
