"""What was burned, by whom, and how sure is that?"""

import streamlit as st

from otel_burn_dashboards import burning, charts, findings_layout, parts, source, summaries, tables
from otel_burn_dashboards.scope import DIMENSIONS
from otel_burn_dashboards.state import BY, CLASS, MEASURES, THEN, TOOL, View


def show(seen: View) -> None:
    """The page."""
    sums = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader("Where it went", anchor=False, width="stretch")
        measure = parts.choice("Measure", MEASURES, key="measure")
        st.markdown("by", width="content")
        by = parts.pick("By", BY, key="by", width=140)
        st.markdown("and", width="content")
        then = parts.pick("And", THEN, key="then", width=150)
    now = source.now()
    burn = source.ask(burning.burn, scope=seen.scope(now), by=by, then=then, now=now)
    if burn.totals.calls == 0:
        parts.nothing(seen)
    with sums:
        parts.headline(summaries.burn_figures(burn), summaries.burn_coverage(burn))
        findings_layout.first(burn.findings, seen)
    over_time(burn, measure, by if by in DIMENSIONS else "model", seen)
    groups(burn, by, then)


def over_time(burn: burning.Burn, measure: str, by: str, seen: View) -> None:
    """The two charts over time."""
    left, right = st.columns(2, gap="medium")
    with left:
        if measure == "dollars" and not burn.totals.cost_usd:
            st.info(
                "No call has a price, so there are no dollars to draw. Choose tokens.",
                icon=":material/money_off:",
            )
        else:
            title = f"{measure.capitalize()} over time, by {by}"
            series = parts.local(burn.series, seen, "bucket")
            st.altair_chart(
                charts.over_time(series, measure, burn.step, title=title, zone=seen.zone), alt=title
            )
            parts.export(series, "over-time", key="series")
    with right:
        title = "Tokens over time, by class"
        classes = parts.local(burn.classes, seen, "bucket")
        st.altair_chart(charts.token_classes(classes, burn.step, title=title, zone=seen.zone), alt=title)
        parts.export(classes, "token-classes", key="classes")


def groups(burn: burning.Burn, by: str, then: str) -> None:
    """The table beneath."""
    shown = {CLASS: tables.bill, TOOL: tables.tools}
    table, config = shown[by](burn.groups) if by in shown else tables.groups(burn.groups, by, then)
    parts.table(table, config, key="groups", height=tables.height(table))
    if by not in shown and (more := burn.groups.item(0, "groups") - burn.groups.height) > 0:
        st.caption(f"The {burn.groups.height} most expensive; {more:,} more in this time.")


show(parts.view())
