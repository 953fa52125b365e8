"""How is one finding laid out? Its evidence, the turns, what repeats and where it could have been stopped."""

from datetime import UTC
from decimal import Decimal
from typing import Any, Final

import polars as pl
import streamlit as st

from otel_burn.wording import plural
from otel_burn_dashboards import columns, finding_tables, findings_layout, judging, loop_graph, parts, source
from otel_burn_dashboards.figures import clock, detector, exact_usd, plain, short, usd, usd_range
from otel_burn_dashboards.state import View
from otel_burn_dashboards.summaries import Figure

LAP: Final = "What it cost at most, for each of its calls after the first"
PARAGRAPHS: Final = ("Rule", "Dollars", "Blind spots")
"""What a reader of a finding wants to know of its detector."""


def show(finding: str, seen: View) -> None:
    """The page of one finding."""
    parts.link("findings", "All findings", seen, back=True)
    found = source.ask(judging.finding, finding=finding)
    if found.about is None:
        st.warning("The ledger has no such finding any more: a detector has judged its session again since.")
        return
    about = found.about
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        findings_layout.badge(about["tier"], width="content")
        name = plain(detector(about["detector"]).capitalize())
        st.subheader(
            f"{name} in {plain(about['agent'] or 'an unnamed agent')}", anchor=False, width="stretch"
        )
        if about["session_id"]:
            parts.link("session", "Open session", seen, session=about["session_id"])
        _mark(about)
    _figures(about, found.turns, seen)
    st.markdown(plain(about["evidence"] or ""))
    st.success(f"**Fix:** {plain(about['fix'] or '')}", icon=":material/build:")
    _rule(about)
    _pattern(found, about)
    _turns(found, about, seen)


def _rule(about: dict[str, Any]) -> None:
    """By which rule it was found, under which assumption it could have been cheaper, and what is not seen."""
    told = judging.rule(about["detector"])
    if told:
        with st.expander("By which rule, and how it is counted", icon=":material/rule:"):
            for title, text in told.items():
                if title.startswith(PARAGRAPHS):
                    st.markdown(f"**{title}.** {text}".replace("$", "\\$"))


def _mark(about: dict[str, Any]) -> None:
    """Mark it as expected, or take the mark back."""
    expected = bool(about["expected"])
    if st.button(
        "Not expected after all" if expected else "Mark as expected",
        icon=":material/undo:" if expected else ":material/check:",
        help="It no longer counts among what to fix. The mark stays when the detector runs again.",
    ):
        source.tell(judging.mark, finding=about["finding_id"], expected=not expected)
        st.rerun()


def _figures(about: dict[str, Any], turns: pl.DataFrame, seen: View) -> None:
    low, high = about["wasted_usd_low"], about["wasted_usd_high"]
    calls = len(about["call_ids"] or [])
    sure = "unknown" if about["confidence"] is None else f"{about['confidence'] * 100:.0f} %"
    figures = [
        Figure("Wasted", usd_range(low, high), f"Between {exact_usd(low)} and {exact_usd(high)}"),
        Figure(
            "Tokens for nothing", short(about["wasted_tokens"]), f"{about['wasted_tokens'] or 0:,} tokens"
        ),
        Figure("Confidence", sure, "How sure the detector is that nothing was won by it"),
        Figure("LLM calls", f"{calls:,}", "The calls that are part of it"),
        *([Figure("A lap costs", _lap(high, calls), LAP)] if _is_loop(about) else []),
        Figure("Could have stopped", _stop(about, turns), "The first turn at which it could have been known"),
    ]
    with st.container(border=True):
        parts.metrics(figures)
        zone = seen.zone
        st.caption(
            plain(f"From {clock(_utc(about['first_at']), zone)} to {clock(_utc(about['last_at']), zone)}")
            + (plain(f" · work item {about['work_id']}") if about["work_id"] else "")
        )


def _is_loop(about: dict[str, Any]) -> bool:
    return about["tier"] == "loop" or str(about["detector"]).startswith("loop")


def _lap(high: Decimal | None, calls: int) -> str:
    return usd(high / (calls - 1)) if high is not None and calls > 1 else "unknown"


def _stop(about: dict[str, Any], turns: pl.DataFrame) -> str:
    at = turns.filter(pl.col("call_id") == about["first_detectable_call_id"]) if turns.height else turns
    return f"turn {at.item(0, 'turn')}" if at.height else "unknown"


def _pattern(found: judging.Finding, about: dict[str, Any]) -> None:
    """What a loop goes through again and again."""
    if found.pattern.is_empty() or not _is_loop(about):
        return
    laps = judging.laps(found.pattern)
    with parts.section("What repeats"):
        parts.export(found.pattern, "pattern")
    st.markdown("  →  ".join(f"**{plain(name)}** ({plural(times, 'time')})" for name, times in laps))
    if found.pattern["tool_name"].n_unique() > 1:
        chart = loop_graph.graph(found.pattern)
        said = ", then ".join(f"{name} ({plural(times, 'time')})" for name, times in laps)
        st.echarts_chart(chart, height=320, alt=f"Which tool call follows which: {said}")


def _turns(found: judging.Finding, about: dict[str, Any], seen: View) -> None:
    """The very turns, each with the way to it."""
    with parts.section("The turns"):
        parts.export(found.turns, "finding-turns")
    if found.turns.is_empty():
        st.info("None of its calls is in the ledger any more.", icon=":material/history:")
        return
    table, config = finding_tables.members(
        parts.local(found.turns, seen, "started_at"), about["first_detectable_call_id"]
    )
    if click := st.session_state.get(columns.OPENED):
        row = found.turns.row(click.row, named=True)
        parts.go("session", seen, session=row["session_id"], turn=str(row["turn"]))
    parts.table(table, config, key="members", name="The turns of this finding", height=columns.height(table))
    st.caption(f"{plural(found.turns.height, 'turn')}. A click opens the turn in its session.")


def _utc(at: Any) -> Any:
    return None if at is None else at.replace(tzinfo=UTC)
