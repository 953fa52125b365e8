"""What do the pages have in common? Heading, time range, coverage, findings: layout that is used more than once."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from otel_burn_collector.reader import Freshness
from otel_burn_dashboards import queries, source
from otel_burn_dashboards.colors import TIER_COLORS
from otel_burn_dashboards.figures import detector, plain, short, turns, usd_range
from otel_burn_dashboards.state import RANGE_NAMES, View
from otel_burn_dashboards.summaries import Coverage, Figure

TIER_ICONS: Final = {
    "loop": ":material/repeat:",
    "waste": ":material/local_fire_department:",
    "warn": ":material/visibility:",
}

RECORD: Final = "otel-burn run -- python agent.py"


def heading(title: str, freshness: Freshness) -> None:
    """The page's title, and beside it how fresh the numbers are."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title(title, anchor=False, width="stretch")
        sentence = plain(freshness.sentence)
        shown = f":orange[:material/hourglass_top: {sentence}]" if freshness.waiting else sentence
        st.caption(shown, width="content", text_alignment="right")
        st.button("Refresh", icon=":material/refresh:", type="tertiary", on_click=source.forget)


def range_control() -> View:
    """The control of the time range, and the view that it selects."""
    chosen = st.segmented_control(
        "Time range",
        list(RANGE_NAMES),
        default="all",
        required=True,
        key="range",
        bind="query-params",
        label_visibility="collapsed",
    )
    return View(range=str(chosen))


def choice(label: str, options: Sequence[str], *, key: str) -> str:
    """One of *options*, the first unless the URL says otherwise."""
    chosen = st.segmented_control(
        label, options, default=options[0], required=True, key=key,
        bind="query-params", label_visibility="collapsed",
    )  # fmt: skip
    return str(chosen)


def headline(figures: Sequence[Figure], sure: Coverage) -> None:
    """The numbers at a glance, and how sure they are."""
    with st.container(border=True):
        for column, figure in zip(st.columns(len(figures)), figures, strict=True):
            column.metric(figure.label, figure.value, help=plain(figure.about))
        st.caption(" · ".join(plain(sentence) for sentence in sure.sentences))
        if sure.warning:
            st.warning(plain(sure.warning), icon=":material/money_off:")


def nothing(view: View) -> None:
    """Say that there is nothing to show and what to do about it; the page ends here."""
    if view.range == "all":
        st.info(
            "Nothing has been recorded yet. Run an agent instrumented, then refresh.", icon=":material/inbox:"
        )
        st.code(RECORD, language="sh")
    else:
        st.info(
            f"No LLM call in {RANGE_NAMES[view.range]}. Choose a longer time range.",
            icon=":material/inbox:",
        )
    st.stop()


def finding_line(found: Mapping[str, Any]) -> None:
    """A finding in two lines, with the way to its session."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        _badge(found["tier"])
        with st.container(gap=None, width="stretch"):
            name = plain(detector(found["detector"]).capitalize())
            st.markdown(f"**{name}** in {plain(found['agent'] or 'an unnamed agent')} · {_waste(found)}")
            st.caption(plain(str(found["evidence"] or "").partition(". ")[0]))
        if found["session_id"]:
            st.page_link(
                "app_pages/session.py",
                label="Open session",
                icon=":material/arrow_forward:",
                icon_position="right",
                query_params=View(session=found["session_id"]).params,
            )


def finding(found: Mapping[str, Any], *, number: int, members: Sequence[int]) -> None:
    """A finding with its evidence, what it wastes, and what to change."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            _badge(found["tier"])
            name = f"**{number} {plain(detector(found['detector']).capitalize())}**"
            st.markdown(f"{name} · {plain(turns(members))} · {_waste(found)}", width="stretch")
        st.markdown(plain(found["evidence"] or ""))
        st.markdown(f"**Fix:** {plain(found['fix'] or '')}")


def look_for_findings(view: View) -> None:
    """Say that no finding is stored, and offer to look for some now."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown("No findings are stored for this time range.", width="stretch")
        if st.button("Look for loops and bloated contexts", icon=":material/search:"):
            with st.spinner("Judging every session in this time range …"):
                source.ask(queries.judge, since=view.since(source.now()))
            source.forget()
            st.rerun()


def write_sql(sql: str) -> None:
    """Put a ready query into the editor."""
    st.session_state["sql"] = sql


def _badge(tier: str | None) -> None:
    color: Any = TIER_COLORS.get(tier or "", "gray")
    st.badge(tier or "unknown", color=color, icon=TIER_ICONS.get(tier or ""), width=90)


def _waste(found: Mapping[str, Any]) -> str:
    dollars = usd_range(found["wasted_usd_low"], found["wasted_usd_high"])
    sure = "" if found["confidence"] is None else f" · {found['confidence'] * 100:.0f} % sure"
    return f"**{plain(dollars)}** wasted · {plain(short(found['wasted_tokens']) + ' tokens' + sure)}"
