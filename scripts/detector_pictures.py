"""What does a finding look like? Its calls as bars in the order of time, drawn from the example's own ledger."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from otel_burn_dashboards.colors import TIERS

WIDTH: Final = 720
HEIGHT: Final = 120
TOP: Final = 18
FOOT: Final = 40
MOST: Final = 120
"""Bars that can be told apart in this width."""
STYLE: Final = """
  text { font: 12px system-ui, sans-serif; fill: #1F1D1A }
  .other { fill: #C9C5BC }
  @media (prefers-color-scheme: dark) { text { fill: #ECEAE6 } .other { fill: #4A4E58 } }
"""
"""A picture in a page cannot ask the page for its colours: it asks the reader's system."""


def picture(finding: Mapping[str, Any], calls: Sequence[Mapping[str, Any]], *, what: str = "call") -> str:
    """The *calls* around a *finding* as SVG: as high as their tokens, its members in the colour of its tier."""
    shown = _around(finding, calls)
    members, room = set(finding["call_ids"]), WIDTH / max(len(shown), 1)
    highest = max(map(_tokens, shown), default=0) or 1
    bars = [
        _bar(call, number * room, room, highest, call["call_id"] in members)
        for number, call in enumerate(shown)
    ]
    places = [
        number for number, call in enumerate(shown) if call["call_id"] == finding["first_detectable_call_id"]
    ]
    marks = [f'<text x="{(at + 0.5) * room:.1f}" y="12" text-anchor="middle">▼</text>' for at in places]
    of = f"{len(members & {call['call_id'] for call in shown})} of {len(shown)} {what}s"
    one = "an attempt" if what == "attempt" else "a call"
    told = f"A bar is {one}, as high as its tokens, in and out ({highest:,} at most). Coloured: the finding's, {of}."
    hint = "▼ From here on it could be known." if marks else ""
    words = "".join(
        f'<text x="0" y="{TOP + HEIGHT + 16 * line}">{escape(text)}</text>'
        for line, text in enumerate((told, hint), start=1)
        if text
    )
    style = f"<style>{STYLE}  .member {{ fill: {TIERS[finding['tier']]} }}\n</style>"
    size = f'viewBox="0 0 {WIDTH} {TOP + HEIGHT + FOOT}" role="img" aria-label="{escape(told)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{"".join(bars)}{"".join(marks)}{words}</svg>\n'


def _around(finding: Mapping[str, Any], calls: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The calls of the finding's sessions, or of the agent that it judges as a whole; around the first member where
    they are too many."""
    members = set(finding["call_ids"])
    sessions = {call["session_id"] for call in calls if call["call_id"] in members}
    near = [call for call in calls if call["session_id"] in sessions or call["agent"] == finding["partition"]]
    first = next((number for number, call in enumerate(near) if call["call_id"] in members), 0)
    return near if len(near) <= MOST else near[max(first - 5, 0) :][:MOST]


def _tokens(call: Mapping[str, Any]) -> int:
    return (call["input_tokens"] or 0) + (call["output_tokens"] or 0)


def _bar(call: Mapping[str, Any], x: float, room: float, highest: int, member: bool) -> str:
    high = max(HEIGHT * _tokens(call) / highest, 2)
    kind = "member" if member else "other"
    said = f"call {call['turn']}: {call['input_tokens'] or 0:,} tokens in, {call['output_tokens'] or 0:,} out"
    return (
        f'<rect class="{kind}" x="{x + room * 0.08:.1f}" y="{TOP + HEIGHT - high:.1f}" width="{room * 0.84:.1f}" '
        f'height="{high:.1f}"><title>{escape(said)}</title></rect>'
    )
