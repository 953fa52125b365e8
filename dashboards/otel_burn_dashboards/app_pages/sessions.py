"""Which sessions are there, and what is the worst in each?"""

import streamlit as st

from otel_burn_dashboards import parts, queries, source, tables
from otel_burn_dashboards.figures import plural
from otel_burn_dashboards.state import View

head = st.container()
view = parts.range_control()

listed = source.ask(queries.sessions, since=view.since(source.now()))

with head:
    parts.heading("Sessions", listed.freshness)
if listed.sessions.is_empty():
    parts.nothing(view)

names = listed.sessions.get_column("session_id").to_list()
if click := st.session_state.get(tables.OPENED):
    st.switch_page("app_pages/session.py", query_params=View(session=names[click.row]).params)

table, config = tables.sessions(listed.sessions)
st.dataframe(table, column_config=config, hide_index=True, placeholder="unknown", height=tables.height(table))
if (more := listed.sessions.item(0, "in_all") - len(names)) > 0:
    st.caption(f"The {len(names)} most expensive; {plural(more, 'more session')} in this time range.")
