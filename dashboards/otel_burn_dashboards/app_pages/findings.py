"""Where do tokens go for nothing, how sure is that, and what should be changed?"""

import streamlit as st

from otel_burn.wording import plural
from otel_burn_dashboards import (
    columns,
    finding_layout,
    finding_tables,
    findings_layout,
    judging,
    parts,
    source,
)
from otel_burn_dashboards.state import ANY, View

SHOWN = ("findings", *judging.TABLES)
TIERS = (ANY, "loop", "waste", "warn")
RANKED = "act on loop and waste, look at warn; each by what it cost at most."


def show(seen: View) -> None:
    """The list of findings, or a table of what content costs across sessions."""
    shown = parts.choice("Show", SHOWN, key="show")
    if shown == "findings":
        ranked(seen)
    else:
        across(shown, seen)


def ranked(seen: View) -> None:
    """The findings, the most urgent first."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        tier = parts.choice("Tier", TIERS, key="tier")
        known = source.ask(
            judging.findings, scope=seen.scope(source.now()), tier=ANY, detector=ANY, expected=False
        )
        st.markdown("by detector", width="content")
        names = sorted(set(known.detectors["detector"])) if known.detectors.height else []
        kind = parts.pick("Detector", [ANY, *names], key="detector", width=230)
        parts.check("expected", ("true", "false"))
        expected = st.toggle(
            "Expected", key="expected", bind="query-params", help="Those marked as expected instead"
        )
    found = source.ask(
        judging.findings, scope=seen.scope(source.now()), tier=tier, detector=kind, expected=expected
    ).findings
    if found.is_empty():
        none(expected or tier != ANY or kind != ANY, seen)
        return
    st.caption(f"{plural(found.item(0, 'in_all'), 'finding')}: {RANKED} {findings_layout.NEVER_SUMMED}")
    findings_layout.lines(found, seen)
    if (more := found.item(0, "in_all") - found.height) > 0:
        st.caption(f"The first {found.height}; {more:,} more. Narrow down by tier, detector, agent or time.")


def none(narrowed: bool, seen: View) -> None:
    """Nothing to show: by the filters, or because nobody has looked."""
    if narrowed:
        st.info("No finding of this kind in this time range.", icon=":material/filter_alt_off:")
    else:
        findings_layout.offer(seen)


def across(name: str, seen: View) -> None:
    """What content costs across sessions."""
    with st.spinner("Reading the contexts of the most expensive sessions …"):
        found, sessions = source.ask(judging.table, scope=seen.scope(source.now()), name=name)
    read = f" Read: the {plural(sessions, 'most expensive session')} in this time."
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(finding_tables.about(name, found) + read, width="stretch")
        parts.export(found, name.replace(" ", "-"))
    if found.is_empty():
        st.info(finding_tables.NONE[name], icon=":material/check:")
        return
    table, config = finding_tables.across(name, found)
    if click := st.session_state.get(columns.OPENED):
        block = found.item(click.row, "hash") if name == "blocks" else ""
        parts.go("session", seen, session=found.item(click.row, "session_id"), block=block)
    parts.table(
        table,
        config,
        key=f"across-{name}",
        name=f"{name.capitalize()} across sessions",
        height=columns.height(table),
    )


seen = parts.view()
if chosen := st.query_params.get("finding", ""):
    finding_layout.show(chosen, seen)
else:
    show(seen)
