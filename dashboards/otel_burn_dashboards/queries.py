"""What do the pages about sessions ask the ledger? The list, one session, its blocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

from otel_burn_analytics import findings as detection
from otel_burn_analytics.report import urgent
from otel_burn_collector.reader import Freshness, Ledger
from otel_burn_dashboards.asking import ask, ask_spent
from otel_burn_dashboards.scope import Scope

SESSIONS_SHOWN: Final = 200
BLOCKS_SHOWN: Final = 200
"""Rectangles of a treemap, and rows of its table."""
TURN_BARS: Final = 150
"""At most so many turns as bars of their own; longer sessions show averages of several."""


@dataclass(frozen=True)
class Session:
    """Everything about one session; no row in `session` when the ledger does not know it."""

    session: pl.DataFrame
    turns: pl.DataFrame
    step: int
    context: pl.DataFrame
    tool_calls: pl.DataFrame
    children: pl.DataFrame
    findings: pl.DataFrame
    members: pl.DataFrame
    judged_at: datetime | None
    """When its findings were stored; None: they are those of this moment."""

    @property
    def unseen(self) -> int:
        """Answered calls of which nobody recorded what they carried."""
        named = self.context.filter(pl.col("fresh").is_not_null()).height if self.context.height else 0
        return 0 if named else self.turns.height


def sessions(ledger: Ledger, *, scope: Scope, newest: bool) -> pl.DataFrame:
    """The sessions in *scope*, the most expensive first, or the *newest*, each with how its input grew."""
    listed = ask_spent(ledger, "sessions", scope, newest=newest, top=SESSIONS_SHOWN)
    if listed.is_empty():
        return listed.with_columns(tokens=pl.lit(None, pl.List(pl.Float64)))
    asked = {
        "sessions": listed["session_id"].to_list(),
        "from": listed["started_at"].min(),
        "to": listed["ended_at"].max(),
    }
    return listed.join(ask(ledger, "sparks", asked), on="session_id", how="left", maintain_order="left")


def session(ledger: Ledger, *, session: str) -> Session:
    """One session, turn by turn."""
    about = ask(ledger, "session", {"session": session})
    named = {"session": session, **times(about)}
    turns = ask(ledger, "turns", named)
    step = -(-max(turns.height, 1) // TURN_BARS)
    judged_at = ask(ledger, "judged", {"session": session}).item()
    found = _findings(ledger, session, about, judged_at)
    return Session(
        session=about,
        turns=turns,
        step=step,
        context=ask(ledger, "context", {**named, "step": step}),
        tool_calls=ask(ledger, "tool_calls", named),
        children=ask(ledger, "children", {"session": session}),
        findings=found,
        members=members(found, turns),
        judged_at=judged_at,
    )


def blocks(ledger: Ledger, *, session: str, turn: int | None) -> pl.DataFrame:
    """The most expensive blocks of a session, in one *turn* or in all of them."""
    about = ask(ledger, "session", {"session": session})
    return ask(ledger, "blocks", {"session": session, "turn": turn, "top": BLOCKS_SHOWN, **times(about)})


def block(ledger: Ledger, *, session: str, hash: str) -> pl.DataFrame:
    """Each turn of a session that sent the block with a *hash*, and what it paid for it."""
    about = ask(ledger, "session", {"session": session})
    return ask(ledger, "block", {"session": session, "hash": hash, **times(about)})


def times(about: pl.DataFrame) -> Mapping[str, Any]:
    """Between when a session's calls began: so only that part of the ledger is read."""
    if about.is_empty() or about.item(0, "started_at") is None:
        return {"from": datetime(1970, 1, 1), "to": datetime(2200, 1, 1)}  # noqa: DTZ001 - UTC, as the ledger has it
    ended = about.item(0, "ended_at") or about.item(0, "started_at")
    return {"from": about.item(0, "started_at"), "to": ended + timedelta(seconds=1)}


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


def freshness(ledger: Ledger) -> Freshness:
    """How new the answers are."""
    return ledger.freshness()


def _findings(ledger: Ledger, session: str, about: pl.DataFrame, judged_at: datetime | None) -> pl.DataFrame:
    """What was found in a session; where nobody has judged it yet, what is found in it now, and not stored."""
    stored = ask(ledger, "session_findings", {"session": session})
    if stored.height or judged_at is not None:
        return stored
    if about.is_empty() or about.item(0, "started_at") is None:
        return stored
    one = about.select("calls", "started_at", "ended_at").row(0, named=True)
    judged = urgent(detection.judge_session(ledger, session=session, **one))
    return judged.with_columns(expected=pl.lit(False))
