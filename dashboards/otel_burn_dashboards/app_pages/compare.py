"""Why did one cost more than the other? Two sessions, agents, models or periods side by side."""

from collections.abc import Sequence

import streamlit as st

from otel_burn_dashboards import (
    columns,
    compare_tables,
    compared,
    comparing,
    parts,
    periods,
    source,
    waterfall,
)
from otel_burn_dashboards.figures import brief, plain
from otel_burn_dashboards.state import PAIRS, PERIOD, View

SIDES = ("left", "right")


def show(seen: View) -> None:
    """The page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        pair = parts.pick("Compare", PAIRS, key="pair", width=140)
        known = source.ask(comparing.choices, pair=pair, scope=seen.scope(source.now()))
        left, right = choose(pair, known)
    if pair == PERIOD:
        st.caption("Periods are on the clock above. They take the place of the time range; filters hold.")
    if not left or not right:
        too_few(pair, left or right, seen)
    if left == right:
        st.info("Both sides are the same. Choose another one.", icon=":material/compare_arrows:")
        st.stop()
    found = source.ask(
        comparing.compare, pair=pair, left=left, right=right, scope=seen.scope(source.now()), now=source.now()
    )
    if found is None:
        st.warning(
            f"That is no period. Choose one, or write it as `{periods.EXAMPLE}`.",
            icon=":material/event_busy:",
        )
        st.stop()
    told(found, pair, seen)


def choose(pair: str, known: Sequence[str]) -> tuple[str, str]:
    """Both sides; what was not chosen yet is the next that is there, and the address says both."""
    if st.session_state.get("compared", pair) != pair:
        for side in SIDES:
            st.session_state.pop(side, None)
            st.query_params.pop(side, None)
    st.session_state["compared"] = pair
    wanted = {side: st.session_state.get(side) or st.query_params.get(side, "") for side in SIDES}
    for side in SIDES:
        taken = set(wanted.values())
        wanted[side] = wanted[side] or next((name for name in known if name not in taken), "")
    options = list(dict.fromkeys([*known, *filter(None, wanted.values())]))
    for side in SIDES:
        _side(side, wanted[side], options, pair)
        if side == "left":
            st.button(
                "Swap", icon=":material/swap_horiz:", on_click=swap, args=(wanted,), help="Left to right"
            )
        if wanted[side]:
            st.query_params[side] = wanted[side]
    return wanted["left"], wanted["right"]


def _side(side: str, name: str, options: list[str], pair: str) -> None:
    st.session_state[side] = name or None
    st.selectbox(
        side.capitalize(), options, index=None, key=side, accept_new_options=True, label_visibility="collapsed",
        placeholder=periods.EXAMPLE if pair == PERIOD else f"Which {pair}?",
    )  # fmt: skip


def swap(wanted: dict[str, str]) -> None:
    """Left to right, and right to left."""
    for side, other in zip(SIDES, reversed(SIDES), strict=True):
        st.session_state[side] = wanted[other]


def too_few(pair: str, only: str, seen: View) -> None:
    """There are no two to compare; the page ends here."""
    if not only:
        parts.nothing(seen)
    st.info(
        f"There is only one {pair} in this time, {plain(only)}: nothing to compare it with. "
        "Choose a longer time range, or compare something else.",
        icon=":material/compare_arrows:",
    )
    st.stop()


def told(found: comparing.Comparison, pair: str, seen: View) -> None:
    """Why they differ: a sentence, the steps, the numbers, and what they consist of."""
    when = "" if pair == PERIOD else " in this time"
    for side in (found.left, found.right):
        if not side.totals.calls:
            st.warning(f"No LLM call of the {pair} {plain(side.name)}{when}.", icon=":material/inbox:")
    if not found.left.totals.calls and not found.right.totals.calls:
        st.stop()
    sure = compared.coverage(found)
    with st.container(border=True, key="headline"):
        st.markdown(f"**{plain(compared.sentence(found))}**")
        st.caption(" · ".join(plain(sentence) for sentence in sure.sentences))
        if sure.warning:
            st.warning(plain(sure.warning), icon=":material/money_off:")
        if pair == "session":
            with st.container(horizontal=True, gap="small"):
                for side in (found.left, found.right):
                    parts.link("session", f"Open {plain(brief(side.name))}", seen, session=side.name)
    numbers(found)
    consists(found)


def numbers(found: comparing.Comparison) -> None:
    """The steps from one cost to the other, and what they rest on."""
    with parts.section("Why they differ", about=compared.METHOD):
        parts.export(compared.exact(found), "compare")
    table, config = compare_tables.factors(compared.rows(found), found.left.name, found.right.name)
    if found.effects is None:
        st.info("One side has no priced call, so no dollars are compared.", icon=":material/money_off:")
    else:
        st.altair_chart(
            waterfall.waterfall(found),
            alt=f"What each factor adds to the cost, from left to right. {compared.sentence(found)}",
        )
    parts.table(table, config, key="factors", name="Why they differ")


def consists(found: comparing.Comparison) -> None:
    """What both sides consist of."""
    with parts.section(f"By {found.by}"):
        parts.export(found.parts, f"compare-{found.by}")
    table, config = compare_tables.beside(found.parts, found.by, found.left.name, found.right.name)
    parts.table(table, config, key="parts", name=f"By {found.by}", height=columns.height(table))


show(parts.view())
