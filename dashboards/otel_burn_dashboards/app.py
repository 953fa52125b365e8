"""Which pages does the explorer have, and what do they have in common?"""

from pathlib import Path

import streamlit as st

from otel_burn_dashboards import parts, reading, source

PAGES = Path(__file__).parent / "app_pages"

st.set_page_config(page_icon=str(PAGES.parent / "flame.svg"), layout="wide")
st.html(PAGES.parent / "explorer.css")
st.logo(str(PAGES.parent / "logo.svg"), size="large")
page = st.navigation(
    [
        st.Page(PAGES / "burn.py", title="Burn", icon=":material/local_fire_department:", default=True),
        st.Page(PAGES / "findings.py", title="Findings", icon=":material/troubleshoot:", url_path="findings"),
        st.Page(PAGES / "sessions.py", title="Sessions", icon=":material/forum:", url_path="sessions"),
        st.Page(PAGES / "session.py", title="Session", url_path="session", visibility="hidden"),
        st.Page(PAGES / "trace.py", title="Trace", icon=":material/account_tree:", url_path="trace"),
        st.Page(PAGES / "compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
        st.Page(PAGES / "sql.py", title="SQL", icon=":material/database:", url_path="sql"),
    ],
    position="top",
)
st.set_page_config(page_title=parts.tab(page.title))
parts.address(page.title)
with reading.once():
    # The reader's frame belongs to no page: so it stays what it is from page to page, in the address as well.
    parts.frame(page.title, filtered=page.title != "SQL")
    if page.title != "SQL":
        source.leave()
    page.run()
