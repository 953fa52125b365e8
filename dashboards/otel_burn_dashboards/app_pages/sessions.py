"""Which sessions are there, and what is the worst in each?"""

import streamlit as st

from otel_burn.wording import plural
from otel_burn_dashboards import columns, parts, queries, session_tables, source
from otel_burn_dashboards.state import View

ORDERS = ("dearest first", "newest first")


def show(seen: View) -> None:
    """The list."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        order = parts.choice("Order", ORDERS, key="order")
        above = st.container(width="content")
    newest = order == ORDERS[1] or bool(seen.live)
    listed = source.ask(queries.sessions, scope=seen.scope(source.now()), newest=newest)
    if listed.is_empty():
        parts.nothing(seen)
    with above:
        parts.export(listed.drop("tokens"), "sessions")
    names = listed.get_column("session_id").to_list()
    if click := st.session_state.get(columns.OPENED):
        parts.go("session", seen, session=names[click.row])
    table, config = session_tables.sessions(parts.local(listed, seen, "started_at", "ended_at"))
    parts.table(table, config, key="sessions", name=f"Sessions, {order}", height=columns.height(table))
    which = "newest" if newest else "most expensive"
    if (more := listed.item(0, "in_all") - len(names)) > 0:
        st.caption(
            f"The {len(names)} {which}; {plural(more, 'more session')} in this time. Filters narrow them down."
        )


show(parts.view())
