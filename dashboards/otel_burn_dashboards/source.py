"""How do pages get their answers? From the ledger through the reader, kept a few seconds, errors as sentences."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import streamlit as st

from otel_burn import locations
from otel_burn.errors import BurnError
from otel_burn_collector.reader import open_ledger
from otel_burn_dashboards.figures import plain

KEPT_SECONDS: Final = 30.0
"""Clicking around does not ask again; a reload soon shows what has arrived since, and live mode at once."""
KEPT_ANSWERS: Final = 128
KEPT_BYTES: Final = 256 << 20
_ARRIVED: Final = 'SELECT segment, "offset" FROM journal.position'

T = TypeVar("T")


def ask(question: Callable[..., T], **params: Any) -> T:
    """The answer to *question*, or its error as a sentence on the page, which ends there."""
    try:
        answer: T = _answer(
            question.__module__, question.__name__, str(locations.database()), params, question
        )
    except BurnError as error:
        refuse(error)
    return answer


def tell(command: Callable[..., Any], **params: Any) -> None:
    """Have something written, and forget what was answered before."""
    try:
        with open_ledger(locations.database()) as opened:
            command(opened, **params)
    except BurnError as error:
        refuse(error)
    forget()


def refuse(error: BurnError) -> None:
    """Show what is wrong and end the page."""
    st.error(plain(error), icon=":material/error:")
    st.stop()


def now() -> datetime:
    """This moment to the minute, so that a range like "the last hour" is the same question for a while."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def forget() -> None:
    """Ask the ledger again for everything."""
    _answer.clear()


@st.cache_data(ttl=KEPT_SECONDS, max_entries=KEPT_ANSWERS, max_size=KEPT_BYTES, show_spinner=False)
def _answer(module: str, name: str, db: str, params: dict[str, Any], _question: Callable[..., Any]) -> Any:
    with open_ledger(Path(db)) as opened, opened.together():
        return _question(opened, **params)


def arrived() -> str:
    """What tells that something new has arrived since: asked anew each time."""
    try:
        with open_ledger(locations.database()) as opened:
            return str(opened.query(_ARRIVED).to_pylist())
    except BurnError as error:
        return str(error)
