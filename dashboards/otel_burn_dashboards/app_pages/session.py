"""What happened in a session, turn by turn?"""

import streamlit as st

from otel_burn_dashboards import charts, parts, queries, source, summaries, tables
from otel_burn_dashboards.figures import plain, plural
from otel_burn_dashboards.state import WHOLE_SESSION, View


def show(name: str) -> None:
    """One session."""
    head = st.container()
    found = source.ask(queries.session, session=name)
    if found.session.is_empty():
        st.warning(plain(f"The ledger has no session {name!r}. The list above has those it knows."))
        st.stop()
    about = found.session.row(0, named=True)
    with head:
        parts.heading(plain(name), found.freshness)
        st.caption(" · ".join(plain(fact) for fact in summaries.session_facts(about)))
    parts.headline(summaries.session_figures(about), summaries.session_coverage(found.turns))
    findings(found)
    context(found)
    blocks(name, found)
    st.subheader("Turns", anchor=False)
    table, config = tables.turns(found.turns, found.members)
    st.dataframe(
        table, column_config=config, hide_index=True, placeholder="unknown", height=tables.height(table)
    )


def findings(found: queries.Session) -> None:
    """What the detectors say about the session as it is now."""
    st.subheader("Findings", anchor=False, help="Findings overlap: never add them up.")
    if found.findings.is_empty():
        st.success(
            "The detectors found no loop and no bloated context in this session.", icon=":material/check:"
        )
    if found.unseen:
        st.caption(
            f"What {plural(found.unseen, 'call')} carried was not recorded: bloat in their context cannot be seen."
        )
    for number, one in enumerate(found.findings.to_dicts(), start=1):
        parts.finding(one, number=number, members=queries.turns_of(found.members, number))


def context(found: queries.Session) -> None:
    """The chart of the session: findings, context and tool calls by turn."""
    st.subheader("Context, turn by turn", anchor=False)
    if found.context.is_empty():
        st.info("No call of this session reported its input.", icon=":material/visibility_off:")
        return
    if found.step > 1:
        st.caption(f"Each bar is the average of {found.step} turns.")
    st.altair_chart(
        charts.session(found.context, found.members, found.tool_calls, found.step),
        alt="Findings, context by kind of block and tool calls, by turn",
    )


def blocks(name: str, found: queries.Session) -> None:
    """The content that cost most."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Most expensive blocks", anchor=False, width="stretch")
        st.markdown("of turn", width="content")
        turn = st.selectbox(
            "Turn",
            [WHOLE_SESSION, *map(str, found.turns.get_column("turn"))],
            key="turn",
            bind="query-params",
            width=120,
            label_visibility="collapsed",
        )
    costly = source.ask(queries.blocks, session=name, turn=int(turn) if turn.isdigit() else None)
    if costly.is_empty():
        st.info("The calls' emitter listed no context blocks.", icon=":material/visibility_off:")
        return
    table, config = tables.blocks(costly)
    st.dataframe(table, column_config=config, hide_index=True, placeholder="unknown", height="content")


st.page_link("app_pages/sessions.py", label="All sessions", icon=":material/arrow_back:")
if chosen := View.of(st.query_params).session:
    show(chosen)
else:
    st.info("The address names no session. Choose one from the list.", icon=":material/forum:")
