"""What do the pages about sessions ask the ledger? The list, one session, its blocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl

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
    """One session, turn by turn; no row in `session` when the ledger does not know it."""

    session: pl.DataFrame
    turns: pl.DataFrame
    step: int
    context: pl.DataFrame
    tool_calls: pl.DataFrame
    children: pl.DataFrame

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
    return Session(
        session=about,
        turns=turns,
        step=step,
        context=ask(ledger, "context", {**named, "step": step}),
        tool_calls=ask(ledger, "tool_calls", named),
        children=ask(ledger, "children", {"session": session}),
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


def freshness(ledger: Ledger) -> Freshness:
    """How new the answers are."""
    return ledger.freshness()
