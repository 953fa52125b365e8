"""How are findings laid out? As a line, as a card, and the offer to look for some."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl
import streamlit as st

from otel_burn_dashboards import judging, parts, source
from otel_burn_dashboards.colors import TIER_COLORS
from otel_burn_dashboards.figures import detector, plain, short, turns, usd_range
from otel_burn_dashboards.state import View

TIER_ICONS: Final = {
    "loop": ":material/repeat:",
    "waste": ":material/local_fire_department:",
    "warn": ":material/visibility:",
}
NEVER_SUMMED: Final = "Findings overlap: never add them up."


def first(found: pl.DataFrame, seen: View) -> None:
    """What to fix first, or the offer to look for it."""
    if found.is_empty():
        offer(seen)
        return
    more = found.item(0, "in_all") - found.height
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("What to fix first", anchor=False, help=NEVER_SUMMED, width="stretch")
        parts.link(
            "findings", f"All {found.item(0, 'in_all'):,} findings" if more > 0 else "Findings in full", seen
        )
    lines(found, seen)


def lines(found: pl.DataFrame, seen: View) -> None:
    """Findings under each other."""
    with st.container(gap="xsmall"):
        for one in found.to_dicts():
            line(one, seen)


def line(found: Mapping[str, Any], seen: View) -> None:
    """A finding in two lines, with the way to it."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="small"):
        badge(found["tier"])
        with st.container(gap=None, width="stretch"):
            name = plain(detector(found["detector"]).capitalize())
            st.markdown(f"**{name}** in {plain(found['agent'] or 'an unnamed agent')} · {waste(found)}")
            st.caption(plain(str(found["evidence"] or "").partition(". ")[0]))
        parts.link("findings", "Why", seen, finding=found["finding_id"])
        if found["session_id"]:
            parts.link("session", "Open session", seen, session=found["session_id"])


def card(found: Mapping[str, Any], *, number: int, members: Sequence[int]) -> None:
    """A finding with its evidence, what it wastes, and what to change."""
    with st.container(border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center"):
            badge(found["tier"])
            name = f"**{number} {plain(detector(found['detector']).capitalize())}**"
            marked = " · marked as expected" if found.get("expected") else ""
            st.markdown(f"{name} · {plain(turns(members))} · {waste(found)}{marked}", width="stretch")
        st.markdown(plain(found["evidence"] or ""))
        st.markdown(f"**Fix:** {plain(found['fix'] or '')}")


def offer(seen: View) -> None:
    """Say whether nothing was found or nobody has looked, and offer to look now."""
    looked = source.ask(judging.looked, scope=seen.scope(source.now()))
    if not looked.sessions:
        parts.nothing(seen)
    done = looked.judged == looked.sessions
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        icon = ":green[:material/check:]" if done else ":gray[:material/search_off:]"
        st.markdown(f"{icon} {plain(looked.told(seen.zone))}", width="stretch")
        if not done:
            st.caption("`otel-burn findings` does the same in a terminal.", width="content")
        label = "Look again" if done else "Look for findings"
        if st.button(label, type="tertiary" if done else "primary", icon=":material/search:"):
            with st.spinner("Judging every session in this time range …"):
                source.tell(judging.judge, scope=seen.scope(source.now()))
            st.rerun()


def badge(tier: str | None, *, width: Any = 84) -> None:
    """How urgent it is, in the tier's colour."""
    color: Any = TIER_COLORS.get(tier or "", "gray")
    st.badge(tier or "unknown", color=color, icon=TIER_ICONS.get(tier or ""), width=width)


def waste(found: Mapping[str, Any]) -> str:
    """Dollars, tokens and how sure that is."""
    dollars = usd_range(found["wasted_usd_low"], found["wasted_usd_high"])
    sure = "" if found["confidence"] is None else f" · {found['confidence'] * 100:.0f} % sure"
    return f"**{plain(dollars)}** wasted · {plain(short(found['wasted_tokens']) + ' tokens' + sure)}"
