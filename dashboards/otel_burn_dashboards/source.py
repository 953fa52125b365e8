"""How do pages get their answers? From the ledger through the reader, kept a few seconds, errors as sentences."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import streamlit as st

from otel_burn import locations
from otel_burn.errors import BurnError
from otel_burn_collector.reader import open_ledger
from otel_burn_dashboards.background import Asked
from otel_burn_dashboards.figures import plain

KEPT_SECONDS: Final = 30.0
"""Clicking around does not ask again; a reload soon shows what has arrived since, and live mode at once."""
KEPT_ANSWERS: Final = 128
RUNNING: Final = "running"
"""Where a reader's own question is kept: one at a time."""
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
    leave()


def running(about: object, question: Callable[..., T], *, again: bool = False, **params: Any) -> Asked[T]:
    """*question*, which may take long, being asked for this reader: the one known as *about*, or a new one."""
    asked: Asked[T] | None = st.session_state.get(RUNNING)
    if asked is None or again or asked.about != about:
        leave()
        asked = st.session_state[RUNNING] = Asked(about, question, locations.database(), **params)
    return asked


def leave() -> None:
    """Stop what is being asked for this reader, and forget its answer."""
    if RUNNING in st.session_state:
        st.session_state.pop(RUNNING).stop()


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
