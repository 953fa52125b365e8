"""What was burned, by whom, and how sure is that?"""

import streamlit as st

from otel_burn_dashboards import charts, parts, queries, source, summaries, tables
from otel_burn_dashboards.figures import plural
from otel_burn_dashboards.state import DIMENSIONS, MEASURES

head = st.container()
view = parts.range_control()
sums = st.container()
st.space("xsmall")
with st.container(horizontal=True, vertical_alignment="bottom"):
    st.subheader("Where it went", anchor=False, width="stretch")
    measure = parts.choice("Measure", MEASURES, key="measure")
    by = parts.choice("By", DIMENSIONS, key="by")

burn = source.ask(queries.burn, since=view.since(source.now()), by=by)

with head:
    parts.heading("Burn", burn.freshness)
if burn.totals.calls == 0:
    parts.nothing(view)

with sums:
    parts.headline(summaries.burn_figures(burn.totals), summaries.burn_coverage(burn))
    if burn.findings.is_empty():
        parts.look_for_findings(view)
    else:
        st.subheader("What to fix first", anchor=False, help="Findings overlap: never add them up.")
        for found in burn.findings.to_dicts():
            parts.finding_line(found)
        if (more := burn.findings.item(0, "in_all") - burn.findings.height) > 0:
            st.caption(
                f"{plural(more, 'more finding')} in the sessions. The list of sessions names the worst in each."
            )

left, right = st.columns(2, gap="medium")
with left:
    if measure == "dollars" and not burn.totals.cost_usd:
        st.info(
            "No call has a price, so there are no dollars to draw. Choose tokens.",
            icon=":material/money_off:",
        )
    else:
        title = f"{measure.capitalize()} over time, by {by}"
        st.altair_chart(charts.over_time(burn.series, measure, burn.step, title=title), alt=title)
with right:
    title = "Tokens over time, by class"
    st.altair_chart(charts.token_classes(burn.classes, burn.step, title=title), alt=title)

table, config = tables.groups(burn.groups, by)
st.dataframe(table, column_config=config, hide_index=True, placeholder="unknown")
