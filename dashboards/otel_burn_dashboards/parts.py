"""What are the pages made of? Controls that stand in the address, empty states, figures, tables, downloads, links."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

import polars as pl
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from otel_burn_dashboards import downloads
from otel_burn_dashboards.figures import brief, plain
from otel_burn_dashboards.state import RANGE_NAMES, View
from otel_burn_dashboards.summaries import Coverage, Figure

RECORD: Final = "otel-burn run -- python agent.py"
NAMED: Final = 10
"""So many choices are named in a sentence."""
MISREAD: Final = "misread"
"""Where is written what of the address says nothing, and where the page says so."""


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
