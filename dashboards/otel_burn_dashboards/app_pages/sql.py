"""What else does somebody want to know? Any SELECT, with the schema beside it."""

import streamlit as st

from otel_burn_dashboards import downloads, parts, queries, readymade, source
from otel_burn_dashboards.figures import plain, plural

views = source.ask(queries.schema)
parts.heading("SQL", source.ask(queries.freshness))

st.html(
    "<style>.st-key-sql textarea { font-family: 'Source Code Pro', monospace; font-size: 0.85rem }</style>"
)
editor, schema = st.columns([3, 2], gap="large")
with editor:
    with st.container(horizontal=True):
        for name, sql in readymade.QUERIES.items():
            st.button(name, type="secondary", on_click=parts.write_sql, args=(sql,))
    with st.form("query", border=False):
        sql = st.text_area(
            "SQL", readymade.FIRST, key="sql", bind="query-params", height=230, label_visibility="collapsed",
            placeholder="SELECT …",
        )  # fmt: skip
        st.form_submit_button("Run", type="primary", icon=":material/play_arrow:", shortcut="Ctrl+Enter")
    st.caption(
        "One SELECT, read-only. The address of this page carries it: a link to the query is a link to its answer."
    )
with schema, st.container(height=390, border=False):
    for name, about, columns in queries.by_view(views):
        with st.expander(f"**{name}** · {plain(about)}"):
            st.dataframe(columns, hide_index=True, placeholder="", height="content")

if not str(sql or "").strip():
    st.info("Write a SELECT, or choose a ready one above.", icon=":material/edit:")
    st.stop()
answer = source.ask(queries.select, sql=str(sql or ""))
with st.container(horizontal=True, vertical_alignment="center"):
    st.markdown(f"**{plural(answer.height, 'row')}**", width="stretch")
    st.download_button(
        "CSV",
        lambda: downloads.csv(answer),
        "otel-burn.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )
    st.download_button(
        "Parquet", lambda: downloads.parquet(answer), "otel-burn.parquet", "application/vnd.apache.parquet",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip
st.dataframe(answer, placeholder="NULL", height="content" if answer.height < 20 else 600)
