"""Which sessions are there, and what is the worst in each?"""

import streamlit as st

from otel_burn_dashboards import parts, queries, source, tables
from otel_burn_dashboards.figures import plural
from otel_burn_dashboards.state import View

ORDERS = ("dearest first", "newest first")


def show(seen: View) -> None:
    """The list."""
    order = parts.choice("Order", ORDERS, key="order")
    newest = order == ORDERS[1] or bool(seen.live)
    listed = source.ask(queries.sessions, scope=seen.scope(source.now()), newest=newest)
    if listed.is_empty():
        parts.nothing(seen)
    names = listed.get_column("session_id").to_list()
    if click := st.session_state.get(tables.OPENED):
        st.switch_page("app_pages/session.py", query_params=seen.to(session=names[click.row]))
    table, config = tables.sessions(parts.local(listed, seen, "started_at", "ended_at"))
    parts.table(table, config, key="sessions", height=tables.height(table))
    which = "newest" if newest else "most expensive"
    if (more := listed.item(0, "in_all") - len(names)) > 0:
        st.caption(
            f"The {len(names)} {which}; {plural(more, 'more session')} in this time. Filters narrow them down."
        )
    parts.export(listed.drop("tokens"), "sessions", key="sessions")


show(parts.view())
