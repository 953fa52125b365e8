"""How do pages get their answers? From the ledger through the reader, kept a few seconds, errors as sentences."""

from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import streamlit as st

from otel_burn import locations
from otel_burn.errors import BurnError
from otel_burn_collector.reader import open_ledger
from otel_burn_dashboards import reading
from otel_burn_dashboards.background import Asked
from otel_burn_dashboards.figures import plain
from otel_burn_dashboards.kept import Answer, Kept
from otel_burn_dashboards.presence import Presence, look
from otel_burn_dashboards.scope import Scope
from otel_burn_dashboards.state import View

KEPT_SECONDS: Final = 30.0
"""Clicking around does not ask again; a reload soon shows what has arrived since, and live mode at once."""
KEPT_ANSWERS: Final = 128
RUNNING: Final = "running"
"""Where a reader's own question is kept: one at a time."""
KEPT_BYTES: Final = 256 << 20
PRESENCE: Final = "presence"
"""Where is written who answers, as this run of the page found it."""
AS_OF: Final = "as of"
"""Where is written, in live mode, what had arrived when this run of the page began: its answers are no older."""
STALE: Final = "stale"
"""Where is written that a reader's own question is to be asked again."""
REFUSED: Final = "refused"
"""Where is written that this run was refused an answer."""
_ARRIVED: Final = 'SELECT segment, "offset" FROM journal.position'

T = TypeVar("T")


def begin(notes: Any) -> Presence:
    """See who answers in this run of a page; *notes* is where it is told when nobody does."""
    before: Presence | None = st.session_state.get(PRESENCE)
    found = look(locations.database())
    if before is not None and before.state != found.state:
        ask_again()
    st.session_state[PRESENCE] = found
    st.session_state[AS_OF] = arrived() if is_live() and not found.silent else None
    st.session_state[REFUSED] = False
    st.session_state["notes"] = notes
    return found


def is_live() -> bool:
    """Whether this reader wants to see what arrives."""
    return bool(st.session_state.get("live", st.query_params.get("live") == "true"))


def ask(question: Callable[..., T], **params: Any) -> T:
    """The answer to *question*; where nobody gives one the last one, and where there is none the page ends with a
    sentence about why."""
    db = str(locations.database())
    name = (db, question.__module__, question.__name__)
    try:
        if st.session_state[PRESENCE].silent:
            raise BurnError(st.session_state[PRESENCE].sentence)
        answer: T = _answer(*name, _timeless(params, _chosen()), st.session_state[AS_OF], params, question)
    except BurnError as error:
        before = _kept().last((*name, _timeless(params, _chosen())))
        answer = _noted(error, before)
    return answer


def prepare(question: Callable[..., Any], **params: Any) -> None:
    """Have the answer to *question*, of all time, ready for whoever asks it soon; an error is for that page to say."""
    db = locations.database()
    timeless = _timeless(params, [View().range, "", ""])
    with suppress(BurnError):
        if not look(db).silent:
            _answer(str(db), question.__module__, question.__name__, timeless, None, params, question)


def later(question: Callable[..., T], **params: Any) -> Callable[[], T]:
    """What asks *question* when it is called, after this run of the page: for what only a few readers want."""
    db = locations.database()

    def asked() -> T:
        with reading.ledger(db) as opened:
            return question(opened, **params)

    return asked


def _noted(error: BurnError, before: Answer | None) -> Any:
    """What was answered *before*, and a note that it is; without one the page ends."""
    silent = st.session_state[PRESENCE].silent
    # A question that is wrong or too large stays so: only where no question is answered, asking again may help.
    waits = st.session_state[REFUSED] = silent or arrived() is None
    text = str(error) if silent else plain(error)
    if before is not None:
        text += f" Below is what was answered at {before.at:%H:%M:%S} UTC."
    if waits:
        text += " This page goes on by itself."
    with st.session_state["notes"]:
        if before is None:
            st.error(text, icon=":material/cloud_off:" if waits else ":material/error:")
            st.stop()
        st.warning(text, icon=":material/cloud_off:")
    return before.value


def _chosen() -> list[str]:
    """The time range, as this reader has chosen it."""
    return [str(st.session_state.get(name, "")) for name in ("range", "begin", "end")]


def _timeless(params: dict[str, Any], chosen: list[str]) -> Hashable:
    """What *params* ask, whenever they ask it: a *chosen* range such as the last hour moves on."""
    said = {name: value for name, value in params.items() if name != "now"}
    if isinstance(scope := said.get("scope"), Scope):
        said["scope"] = (*chosen, replace(scope, since=None, until=None))
    return repr(sorted(said.items()))


def tell(command: Callable[..., Any], **params: Any) -> None:
    """Have something written, and forget what was answered before."""
    try:
        if st.session_state[PRESENCE].silent:
            raise BurnError(st.session_state[PRESENCE].sentence)
        reading.release()
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
    """Ask the ledger again for everything; a reader's own question once somebody can be asked."""
    _answer.clear()
    renew()


def ask_again() -> None:
    """Ask the ledger again, but not a reader's own question that was answered."""
    _answer.clear()
    asked = st.session_state.get(RUNNING)
    if asked is not None and asked.failed:
        leave()


def renew() -> None:
    """Have a reader's own question asked again."""
    st.session_state[STALE] = True


def running(about: object, question: Callable[..., T], **params: Any) -> Asked[T]:
    """*question*, which may take long, being asked for this reader: the one known as *about*, or a new one."""
    asked: Asked[T] | None = st.session_state.get(RUNNING)
    silent = st.session_state[PRESENCE].silent
    again = st.session_state.get(STALE, False)
    if asked is None or asked.about != about or (again and not silent):
        if silent:
            st.stop()  # its note says why, and the page goes on by itself
        st.session_state[STALE] = False
        leave()
        asked = st.session_state[RUNNING] = Asked(about, question, locations.database(), **params)
    return asked


def leave() -> None:
    """Stop what is being asked for this reader, and forget its answer."""
    if RUNNING in st.session_state:
        st.session_state.pop(RUNNING).stop()


@st.cache_data(ttl=KEPT_SECONDS, max_entries=KEPT_ANSWERS, max_size=KEPT_BYTES, show_spinner=False)
def _answer(
    db: str,
    module: str,
    name: str,
    _timeless: Hashable,
    as_of: str | None,
    params: dict[str, Any],
    _question: Callable[..., Any],
) -> Any:
    with reading.ledger(Path(db)) as opened:
        answer = _question(opened, **params)
    _kept().keep((db, module, name, _timeless), answer)
    return answer


@st.cache_resource(show_spinner=False)
def _kept() -> Kept:
    return Kept()


def has_news() -> bool:
    """Whether something has arrived since this run of the page began, where its reader wants to see it."""
    if not is_live() or st.session_state[PRESENCE].silent:
        return False
    return (now := arrived()) is not None and now != st.session_state[AS_OF]


def returned() -> bool:
    """Whether it is time to show the page again: somebody answers who did not, or no longer does."""
    found, before = look(locations.database()), st.session_state[PRESENCE]
    if found.state != before.state:
        return True
    return bool(st.session_state[REFUSED]) and not found.silent and arrived() is not None


def arrived() -> str | None:
    """What tells that something new has arrived since: asked anew each time; None where nobody says."""
    try:
        with open_ledger(locations.database()) as opened:
            return str(opened.query(_ARRIVED).to_pylist())
    except BurnError:
        return None
