"""What stands at the head of each page? How fresh its numbers are, and the reader's time range, filters and clock."""

from typing import Final

import streamlit as st

from otel_burn_dashboards import burning, parts, queries, source
from otel_burn_dashboards.figures import brief, clock, plain
from otel_burn_dashboards.presence import Presence
from otel_burn_dashboards.state import RANGES, filter_names, zones

LOOK_SECONDS: Final = 3
HOURS: Final = [str(hour) for hour in range(24)]
SELECTED: Final = ("session", "trace", "finding")
"""What a page can be about, as the address names it."""


def frame(title: str, *, filtered: bool = True) -> None:
    """The head of a page: its title, how fresh the numbers are, and the reader's time range, filters and clock."""
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    notes = st.empty()
    st.session_state[parts.MISREAD] = [], st.empty()
    _watch(source.begin(notes))
    with line:
        st.title(title, anchor=False, width="stretch")
        _freshness()
    below = st.container(horizontal=True, vertical_alignment="center", gap="small") if filtered else line
    with below:
        if filtered:
            chosen = _range()
            _where()
            if chosen == "custom":
                _custom()
        _clock()
        parts.check("live", ("true", "false"))
        st.toggle("Live", key="live", bind="query-params", help="Ask again as soon as something has arrived")
    if filtered:
        parts.misread(parts.view().misread)


def tab(title: str) -> str:
    """What the browser's tab says: what is chosen first, as tabs are narrow."""
    chosen = next((st.query_params[name] for name in SELECTED[:2] if st.query_params.get(name)), "")
    return " · ".join(part for part in (brief(chosen), title, "otel-burn") if part)


def address(page: str) -> None:
    """Have the browser's address say what the page is about: a link from a page to itself leaves it as it was, and
    the next click would take the reader back."""
    about = (page, *(st.query_params.get(name, "") for name in SELECTED))
    before = st.session_state.get("about", about)
    st.session_state["about"] = about
    if before == about or before[0] != page:
        return
    for name, chosen in zip(SELECTED, about[1:], strict=True):
        # Only what is set is told to the browser, so what is gone has to come first.
        st.query_params[name] = chosen or "-"
        if not chosen:
            st.query_params.pop(name, None)


def _freshness() -> None:
    fresh = source.ask(queries.freshness)
    zone = parts.view().zone
    at = "Nothing received yet" if fresh.as_of is None else f"Data as of {clock(fresh.as_of, zone)}"
    found: Presence = st.session_state[source.PRESENCE]
    icon = ":material/cloud_off:" if found.away else ":material/bolt:"
    through = "from the file, no collector runs" if found.away else "through the collector"
    if found.silent:
        through = "the collector does not answer"
    waits = "waits in the journal" if found.away else "is being loaded"
    told = f"{icon} {plain(at)} · {through}" + (f" · newer telemetry {waits}" if fresh.waiting else "")
    told = f":orange[{told}]" if fresh.waiting or found.silent else told
    st.caption(told, width="content", help=plain(fresh.sentence))
    st.button(
        "Refresh",
        icon=":material/refresh:",
        type="tertiary",
        on_click=source.forget,
        shortcut="u",
        help="Ask again now",
    )


def _range() -> str:
    parts.check("range", list(RANGES))
    chosen = st.segmented_control(
        "Time range", list(RANGES), default="all", required=True, key="range", bind="query-params",
        label_visibility="collapsed",
    )  # fmt: skip
    return str(chosen)


def _where() -> None:
    known = filter_names(source.ask(burning.names))
    typed = [text for text in st.query_params.get_all("where") if text not in known]
    st.multiselect(
        "Filters", [*known, *typed], key="where", bind="query-params", label_visibility="collapsed",
        placeholder="Filter: model, agent, project, user …", accept_new_options=True, select_all=False,
    )  # fmt: skip


def _custom() -> None:
    for key, label in (("begin", "From"), ("end", "Until")):
        st.text_input(
            label, key=key, bind="query-params", placeholder=f"{label} 2026-11-01 09:00", label_visibility="collapsed",
            width=190,
        )  # fmt: skip


def _clock() -> None:
    seen = parts.view()
    with st.popover(
        f"{seen.zone} · day from {int(seen.day):02}:00", icon=":material/schedule:", type="tertiary"
    ):
        parts.check("zone", zones())
        st.selectbox("Time zone", zones(), key="zone", bind="query-params")
        parts.check("day", HOURS)
        st.selectbox("A day begins at", HOURS, key="day", bind="query-params")
        st.caption("Times, bars and days on every page go by this clock. It is part of the address.")


def _watch(found: Presence) -> None:
    """Say when the collector went while this reader looked on, and see whether anything changes."""
    if found.state == "answers":
        st.session_state["seen"] = True
    elif not found.silent and (st.session_state.get("seen") or found.state == "ended"):
        st.warning(f"{found.sentence} This page goes on by itself.", icon=":material/cloud_off:")
    _pulse()


@st.fragment(run_every=LOOK_SECONDS)
def _pulse() -> None:
    """Show the page again when somebody answers who did not, or in live mode when something has arrived."""
    if source.returned():
        source.ask_again()
        st.rerun()
    if source.has_news():
        source.renew()
        st.rerun()
