"""What happened in a session, turn by turn?"""

from datetime import UTC

import polars as pl
import streamlit as st

from otel_burn.wording import plural
from otel_burn_dashboards import (
    block_layout,
    columns,
    findings_layout,
    judging,
    parts,
    queries,
    session_chart,
    session_tables,
    source,
    spoken,
    summaries,
    treemap,
)
from otel_burn_dashboards.figures import clock, plain
from otel_burn_dashboards.state import WHOLE_SESSION, View

SIZED = {
    "cost_usd": "The larger, the dearer: a block's share of the input's price {when}, and the calls that carried it.",
    "tokens": "The larger, the more tokens: a block's share of the billed input {when}, and the calls that carried it.",
    "sent_bytes": "The larger, the more bytes were sent {when}. No call's context is known as a whole, as in session "
    "logs, so no block's share of the bill is.",
}
"""What a rectangle's size says, by the measure."""


def show(name: str, seen: View) -> None:
    """One session."""
    found = source.ask(queries.session, session=name)
    if found.session.is_empty():
        st.warning(
            plain(
                f"The ledger has no session {name!r}: the address names another ledger's, or retention has purged it. "
                "All sessions has those that are here."
            ),
            icon=":material/forum:",
        )
        st.stop()
    about = found.session.row(0, named=True)
    st.header(plain(name), anchor=False)
    st.caption(" · ".join(plain(fact) for fact in summaries.session_facts(about, seen.zone)))
    parts.headline(summaries.session_figures(about), summaries.session_coverage(found.turns))
    related(found, about, seen)
    # Detectors that judge a session now take longer than all that stands above: it is read meanwhile.
    judged = source.ask(judging.session, session=name)
    members = judging.members(judged.findings, found.turns)
    findings(found, judged, members, seen)
    context(found, members)
    blocks(name, found, seen)
    turns(found, members, seen)


def related(found: queries.Session, about: dict[str, object], seen: View) -> None:
    """The session that it branched off, and those that branched off it."""
    with st.container(horizontal=True, gap="small"):
        if about["parent_session_id"]:
            parts.link("session", "Parent session", seen, session=str(about["parent_session_id"]))
        for child in found.children.head(6).to_dicts():
            label = plain(
                f"Branch of {child['agent'] or 'an unnamed agent'}, {plural(child['calls'], 'call')}"
            )
            parts.link("session", label, seen, session=child["session_id"])


def when(judged: judging.Judged, seen: View) -> str:
    """When the detectors judged the session, and which."""
    if judged.at is not None:
        return f"as of {clock(judged.at.replace(tzinfo=UTC), seen.zone)}."
    return "judged just now by those that look at one session alone; otel-burn findings runs them all."


def findings(found: queries.Session, judged: judging.Judged, members: pl.DataFrame, seen: View) -> None:
    """What the detectors say about the session."""
    st.subheader("Findings", anchor=False, help=findings_layout.NEVER_SUMMED)
    if judged.findings.is_empty():
        st.success(
            f"The detectors found nothing to change in this session, {plain(when(judged, seen))}",
            icon=":material/check:",
        )
    if found.unseen:
        st.caption(
            f"What {plural(found.unseen, 'call')} carried was not recorded: bloat in their context cannot be seen."
        )
    for number, one in enumerate(judged.findings.to_dicts(), start=1):
        findings_layout.card(one, number=number, members=judging.turns_of(members, number))


def context(found: queries.Session, members: pl.DataFrame) -> None:
    """The chart of the session: agents, findings, context and tool calls by turn."""
    with parts.section("Turn by turn"):
        parts.export(found.context, "context")
    if found.context.is_empty():
        st.info("No call of this session reported its input.", icon=":material/visibility_off:")
        return
    if found.step > 1:
        st.caption(f"Each bar is the average of {found.step} turns.")
    lanes = session_chart.Lanes(found.turns, members, found.context, found.tool_calls)
    st.altair_chart(
        session_chart.session(lanes, found.step),
        alt=spoken.context(found.context, found.turns.height),
    )


def blocks(name: str, found: queries.Session, seen: View) -> None:
    """The content that cost most: as a map, and as a table."""
    line = parts.section("What the context was made of")
    with line:
        st.markdown("in turn", width="content")
        numbers = [WHOLE_SESSION, *map(str, found.turns.get_column("turn"))]
        turn = parts.pick("Turn", numbers, key="turn", width=120)
    costly = source.ask(queries.blocks, session=name, turn=int(turn) if turn.isdigit() else None)
    if costly.is_empty():
        st.info("The calls' emitter listed no context blocks.", icon=":material/visibility_off:")
        return
    with line:
        parts.export(costly, "blocks")
    when = "over the whole session" if turn == WHOLE_SESSION else f"in turn {turn}"
    st.caption(SIZED[treemap.measured(costly)].format(when=when))
    st.echarts_chart(treemap.context(costly), height=380, alt=blocks_aloud(costly))
    if click := st.session_state.get(columns.BLOCK):
        st.query_params["block"] = costly.item(click.row, "hash")
    if block := st.query_params.get("block", ""):
        block_layout.show(name, block, seen)
    table, config = session_tables.blocks(costly)
    parts.table(
        table,
        config,
        key="blocks",
        name="Blocks of context, the dearest first",
        height=320 if table.height > 8 else "content",
    )


def blocks_aloud(costly: pl.DataFrame) -> str:
    """The map of blocks in a sentence."""
    named = costly.with_columns(kind=pl.col("kind").str.replace_all("_", " "))
    amount = treemap.measured(costly)
    unit = {"cost_usd": "dollars", "tokens": "tokens", "sent_bytes": "bytes"}[amount]
    return spoken.amounts("What the context was made of", named, "kind", amount, unit=unit)


def turns(found: queries.Session, members: pl.DataFrame, seen: View) -> None:
    """Every turn, each with the way to its trace."""
    with parts.section("Turns"):
        parts.export(found.turns.with_columns(pl.col("cost_usd").cast(pl.String)), "turns")
    if click := st.session_state.get(columns.OPENED):
        row = found.turns.sort("turn").row(click.row, named=True)
        parts.go("trace", seen, trace=row["trace_id"], span=row["span_id"] or row["call_id"])
    table, config = session_tables.turns(parts.local(found.turns, seen, "started_at"), members)
    parts.table(table, config, key="turns", name="Turns", height=columns.height(table))


seen = parts.view()
chosen = st.query_params.get("session", "")
with st.container(horizontal=True, gap="small"):
    parts.link("sessions", "All sessions", seen, back=True)
    if chosen:
        parts.link("compare", "Compare with another session", seen, left=chosen)
if chosen:
    show(chosen, seen)
else:
    st.info("The address names no session. Choose one from the list.", icon=":material/forum:")
