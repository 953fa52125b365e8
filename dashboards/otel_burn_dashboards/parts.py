"""What do the pages have in common? The frame of a page, its empty states, figures, downloads, links."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import polars as pl
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from otel_burn_dashboards import burning, downloads, queries, source
from otel_burn_dashboards.figures import brief, clock, plain
from otel_burn_dashboards.presence import Presence
from otel_burn_dashboards.state import RANGE_NAMES, RANGES, View, filter_names, zones
from otel_burn_dashboards.summaries import Coverage, Figure

RECORD: Final = "otel-burn run -- python agent.py"
LOOK_SECONDS: Final = 3
HOURS: Final = [str(hour) for hour in range(24)]
NAMED: Final = 10
"""So many choices are named in a sentence."""
MISREAD: Final = "misread"
"""Where is written what of the address says nothing, and where the page says so."""
SELECTED: Final = ("session", "trace", "finding")
"""What a page can be about, as the address names it."""


def frame(title: str, *, filtered: bool = True) -> None:
    """The head of a page: its title, how fresh the numbers are, and the reader's time range, filters and clock."""
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    notes = st.empty()
    st.session_state[MISREAD] = [], st.empty()
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
        check("live", ("true", "false"))
        st.toggle("Live", key="live", bind="query-params", help="Ask again as soon as something has arrived")
    if filtered:
        misread(view().misread)


def misread(sentences: Sequence[str]) -> None:
    """Say what of the address says nothing."""
    said, place = st.session_state[MISREAD]
    said += [sentence for sentence in sentences if sentence not in said]
    if said:
        place.warning(plain(" ".join(said)), icon=":material/link_off:")


def check(key: str, options: Sequence[str]) -> None:
    """Say so when the address has something else than one of *options*: Streamlit takes it out and shows the first."""
    said = st.query_params.get(key, "")
    if said and said not in options:
        known = f"none of {', '.join(options)}" if len(options) <= NAMED else "none that there is"
        misread([f"The address says {key} {brief(said, most=60)}, which is {known}."])


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


def view() -> View:
    """What the reader has chosen; the URL says the same."""
    said = {
        name: st.session_state[name]
        for name in ("range", "zone", "begin", "end")
        if st.session_state.get(name)
    }
    where = st.session_state.get("where") or st.query_params.get_all("where")
    params = {name: st.query_params[name] for name in st.query_params if name != "where"}
    day = str(st.session_state.get("day", params.get("day", "0")))
    return View.of(
        {**params, **said, "where": where, "day": day, "live": "true" if st.session_state.get("live") else ""}
    )


def choice(label: str, options: Sequence[str], *, key: str) -> str:
    """One of *options*, the first unless the URL says otherwise."""
    check(key, options)
    chosen = st.segmented_control(
        label, options, default=options[0], required=True, key=key,
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    return str(chosen)


def pick(label: str, options: Sequence[str], *, key: str, width: int | Literal["stretch"] = 170) -> str:
    """One of many *options*, the first unless the URL says otherwise."""
    check(key, options)
    return str(
        st.selectbox(
            label, options, key=key, bind="query-params", label_visibility="collapsed", width=width, help=None
        )
    )


def headline(figures: Sequence[Figure], sure: Coverage) -> None:
    """The numbers at a glance, and how sure they are."""
    with st.container(border=True, key="headline"):
        metrics(figures)
        st.caption(" · ".join(plain(sentence) for sentence in sure.sentences))
        if sure.warning:
            st.warning(plain(sure.warning), icon=":material/money_off:")


def metrics(figures: Sequence[Figure]) -> None:
    """Numbers in a row; what is said in words gets more room."""
    widths = [max(1.0, len(figure.value) / 9) for figure in figures]
    for column, figure in zip(st.columns(widths, gap="small"), figures, strict=True):
        column.metric(
            figure.label, figure.value, delta=figure.change, delta_color="inverse" if figure.bad_up else "off",
            help=plain(figure.about),
        )  # fmt: skip


def nothing(seen: View) -> None:
    """Say that there is nothing to show and what to do about it; the page ends here."""
    if seen.where:
        chosen = plain(", ".join(seen.where))
        found = f"No LLM call of {chosen} in {RANGE_NAMES[seen.range]}."
        st.info(f"{found} Remove a filter, or choose a longer time range.", icon=":material/filter_alt_off:")
    elif seen.range == "all":
        st.info(
            "Nothing has been recorded yet. Run an agent instrumented, then refresh.", icon=":material/inbox:"
        )
        st.code(RECORD, language="sh")
    else:
        st.info(
            f"No LLM call in {RANGE_NAMES[seen.range]}. Choose a longer time range.", icon=":material/inbox:"
        )
    st.stop()


def link(page: str, label: str, seen: View, *, back: bool = False, **changes: Any) -> None:
    """A link to a page about something else, in the reader's frame."""
    icon = ":material/arrow_back:" if back else ":material/arrow_forward:"
    st.page_link(
        f"app_pages/{page}.py", label=label, icon=icon, icon_position="left" if back else "right",
        query_params=seen.to(**changes),
    )  # fmt: skip


def go(page: str, seen: View, **changes: Any) -> None:
    """Go to a page about something else, in the reader's frame: what a click in a table does."""
    params = seen.to(**changes)
    context = get_script_run_ctx()
    if context is not None:
        with context.session_state.query_params() as known:
            # Streamlit lets nobody set what a widget is bound to, also where that widget is left behind.
            for bound in filter(None, map(known.get_binding_for_param, params)):
                known.unbind_widget(bound.widget_id)
    st.switch_page(f"app_pages/{page}.py", query_params=params)


def section(title: str, *, about: str | None = None) -> Any:
    """The head of a part of a page: a line with room for controls at its end."""
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    line.subheader(title, anchor=False, help=about, width="stretch")
    return line


def export(table: pl.DataFrame | Callable[[], pl.DataFrame], name: str) -> None:
    """What a chart or a table shows, as a file with all digits; what is callable is asked for by the click."""

    def file() -> bytes:
        return downloads.csv(table() if callable(table) else table)

    st.download_button(
        "CSV", file, f"otel-burn-{name}.csv", "text/csv", key=f"csv-{name}",
        type="tertiary", icon=":material/download:", on_click="ignore", help="These numbers as a file, exact",
    )  # fmt: skip


def table(
    shown: pl.DataFrame, config: Mapping[str, Any], *, key: str, name: str, height: Any = "content", **options: Any
) -> Any:  # fmt: skip
    """A table for eyes; *name* is what a screen reader calls it."""
    return st.dataframe(
        shown,
        column_config=dict(config),
        hide_index=True,
        placeholder="unknown",
        height=height,
        key=key,
        alt=name,
        **options,
    )


def local(frame: pl.DataFrame, seen: View, *columns: str) -> pl.DataFrame:
    """*frame* with times on the reader's clock."""
    return frame.with_columns(
        pl.col(column).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC").dt.convert_time_zone(seen.zone)
        .dt.replace_time_zone(None, ambiguous="earliest", non_existent="null")
        for column in columns if column in frame.columns
    )  # fmt: skip


def _freshness() -> None:
    fresh = source.ask(queries.freshness)
    at = "Nothing received yet" if fresh.as_of is None else f"Data as of {clock(fresh.as_of, view().zone)}"
    found: Presence = st.session_state[source.PRESENCE]
    through = {
        "answers": "through the collector",
        "silent": "the collector does not answer",
        "loading": "the collector does not answer",
    }.get(found.state, "from the file, no collector runs")
    icon = ":material/cloud_off:" if found.away else ":material/bolt:"
    more = " · newer telemetry is being loaded" if fresh.waiting and not found.away else ""
    more += " · newer telemetry waits in the journal" if fresh.waiting and found.away else ""
    told = f"{icon} {plain(at)} · {through}{more}"
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
    check("range", list(RANGES))
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
    seen = view()
    with st.popover(
        f"{seen.zone} · day from {int(seen.day):02}:00", icon=":material/schedule:", type="tertiary"
    ):
        check("zone", zones())
        st.selectbox("Time zone", zones(), key="zone", bind="query-params")
        check("day", HOURS)
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
