"""How does a page begin? With the navigation and the reader's frame, which all pages have in common."""

from pathlib import Path

import streamlit as st

from otel_burn_dashboards import head, reading, source
from otel_burn_dashboards.pages import FIRST, PAGES, SQL

HERE = Path(__file__).parent

st.set_page_config(page_icon=str(HERE / "flame.svg"), layout="wide")
st.html(HERE / "explorer.css")
st.logo(str(HERE / "logo.svg"), size="large")
page = st.navigation(
    [
        st.Page(
            HERE / "app_pages" / f"{one.name}.py", title=one.title, icon=one.icon, url_path=one.name,
            default=one.name == FIRST, visibility="visible" if one.icon else "hidden",
        )
        for one in PAGES
    ],
    position="top",
)  # fmt: skip
st.set_page_config(page_title=head.tab(page.title))
head.address(page.title)
with reading.once():
    # The reader's frame belongs to no page: so it stays what it is from page to page, in the address as well.
    head.frame(page.title, filtered=page.url_path != SQL)
    if page.url_path != SQL:
        source.leave()
    page.run()
