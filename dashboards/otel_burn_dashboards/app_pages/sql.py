"""What else does somebody want to know? Any SELECT, with the schema beside it."""

import streamlit as st

from otel_burn_dashboards import asking_sql, charts, downloads, parts, source
from otel_burn_dashboards.figures import plain, plural

MONOSPACE = (
    "<style>.st-key-sql textarea { font-family: 'Source Code Pro', monospace; font-size: 0.85rem }</style>"
)


def fill() -> None:
    """Put the chosen ready question into the editor."""
    chosen = str(st.session_state.get("ready"))
    if chosen in asking_sql.ready():
        st.session_state["sql"] = asking_sql.ready()[chosen]
        st.session_state["ready"] = None


def editor() -> str:
    """The SELECT, as the reader wrote it."""
    questions = asking_sql.ready()
    st.selectbox(
        "Ready questions",
        list(questions),
        index=None,
        key="ready",
        placeholder="Ready questions …",
        on_change=fill,
        label_visibility="collapsed",
    )
    with st.form("query", border=False):
        sql = st.text_area(
            "SQL", questions[asking_sql.FIRST], key="sql", bind="query-params", height=250,
            label_visibility="collapsed", placeholder="SELECT …",
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center"):
            st.form_submit_button("Run", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter")
            st.caption(
                "One SELECT, read-only, as at the collector's endpoint. Parameters such as `$since` are NULL. "
                "The address carries the query."
            )
    return str(sql or "").strip()


def schema() -> None:
    """Every view, its columns and what they mean."""
    with st.container(height=390, border=False):
        for name, about, columns in asking_sql.by_view(source.ask(asking_sql.schema)):
            with st.expander(f"**{name}** · {plain(about)}"):
                st.dataframe(columns, hide_index=True, placeholder="", height="content")


def answered(sql: str) -> None:
    """The rows, as a table, a chart and files."""
    with st.spinner("Asking …", show_time=True):
        answer = source.ask(asking_sql.select, sql=sql)
    rows = answer.rows
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        limit = " · the first of more: add a LIMIT, or ask with `otel-burn sql`" if answer.more else ""
        st.markdown(f"**{plural(rows.height, 'row')}**{limit}", width="stretch")
        shown = parts.choice("Show", ("table", "chart"), key="as")
        st.download_button(
            "CSV",
            lambda: downloads.csv(rows),
            "otel-burn.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Parquet", lambda: downloads.parquet(rows), "otel-burn.parquet", "application/vnd.apache.parquet",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
    if shown == "chart":
        drawn = charts.answer(rows)
        if drawn is not None:
            st.altair_chart(drawn, alt="The answer as bars")
            return
        st.info(
            "A chart needs a column of numbers beside the one that names them.",
            icon=":material/bar_chart_off:",
        )
    st.dataframe(rows, placeholder="NULL", height="content" if rows.height < 20 else 600, key="answer")


st.html(MONOSPACE)
left, right = st.columns([3, 2], gap="large")
with left:
    sql = editor()
with right:
    schema()
if not sql:
    st.info("Write a SELECT, or choose a ready one above.", icon=":material/edit:")
    st.stop()
answered(sql)
