"""How do pages get their answers? From the ledger through the reader, kept a few seconds, errors as sentences."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import streamlit as st

from otel_burn import locations
from otel_burn.errors import BurnError
from otel_burn_collector.reader import Ledger, open_ledger
from otel_burn_dashboards.figures import plain

KEPT_SECONDS: Final = 5.0
"""Clicking around does not ask again; a reload soon shows what has arrived since."""

T = TypeVar("T")


def ask(question: Callable[..., T], **params: Any) -> T:
    """The answer to *question*, or its error as a sentence on the page, which ends there."""
    try:
        answer: T = _answer(question.__name__, str(locations.database()), params, question)
    except BurnError as error:
        refuse(error)
    return answer


def ledger() -> Ledger:
    """The ledger that the explorer was started on; it holds nothing open between questions."""
    return open_ledger(locations.database())


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


@st.cache_data(ttl=KEPT_SECONDS, max_entries=64, show_spinner=False)
def _answer(name: str, db: str, params: dict[str, Any], _question: Callable[..., Any]) -> Any:
    with open_ledger(Path(db)) as opened:
        return _question(opened, **params)
