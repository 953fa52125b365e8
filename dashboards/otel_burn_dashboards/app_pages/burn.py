"""What was burned, by whom, and how sure is that?"""

import polars as pl
import streamlit as st

from otel_burn_dashboards import (
    burn_tables,
    burning,
    colors,
    columns,
    findings_layout,
    parts,
    source,
    spoken,
    summaries,
    time_charts,
)
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
    height = time_charts.tall(burn.series["name"], colors.TOKENS)
    with left, st.container(gap=None):
        if measure == "dollars" and not burn.totals.cost_usd:
            st.info(
                "No call has a price, so there are no dollars to draw. Choose tokens.",
                icon=":material/money_off:",
            )
        else:
            title = f"{measure.capitalize()} over time, by {by}"
            series = parts.local(burn.series, seen, "bucket")
            head(title, series, "over-time")
            st.altair_chart(
                time_charts.over_time(series, measure, burn.step, height, zone=seen.zone),
                alt=spoken.amounts(title, series, "name", measure, unit=measure),
            )
    with right, st.container(gap=None):
        title = "Tokens over time, by class"
        classes = parts.local(burn.classes, seen, "bucket")
        head(title, classes, "token-classes")
        st.altair_chart(
            time_charts.token_classes(classes, burn.step, height, zone=seen.zone),
            alt=spoken.classes(title, classes, list(colors.TOKENS)),
        )


def head(title: str, shown: pl.DataFrame, name: str) -> None:
    """The head of one of two charts beside each other."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{title}**", width="stretch")
        parts.export(shown, name)


def groups(burn: burning.Burn, by: str, then: str) -> None:
    """The table beneath."""
    shown = {CLASS: burn_tables.bill, TOOL: burn_tables.tools}
    table, config = shown[by](burn.groups) if by in shown else burn_tables.groups(burn.groups, by, then)
    names = f"By {by}" + (f" and {then}" if then in DIMENSIONS and by not in shown else "")
    with parts.section(names):
        parts.export(burn.groups, "groups")
    parts.table(table, config, key="groups", name=names, height=columns.height(table))
    if by not in shown and (more := burn.groups.item(0, "groups") - burn.groups.height) > 0:
        st.caption(f"The {burn.groups.height} most expensive; {more:,} more in this time.")


show(parts.view())
