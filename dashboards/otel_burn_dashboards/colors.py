"""Which colour means what? The same on every page, in light and in dark."""

from typing import Final

LIGHT: Final = {
    "primaryColor": "#BC3F0A",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F7F6F3",
    "textColor": "#1F1D1A",
    "borderColor": "#E4E1DA",
    "dataframeBorderColor": "#EAE7E1",
    "dataframeHeaderBackgroundColor": "#F7F6F3",
    "linkColor": "#BC3F0A",
}
DARK: Final = {
    "primaryColor": "#F76707",
    "backgroundColor": "#15161A",
    "secondaryBackgroundColor": "#1E2026",
    "textColor": "#ECEAE6",
    "borderColor": "#31343C",
    "dataframeBorderColor": "#2A2D34",
    "dataframeHeaderBackgroundColor": "#1E2026",
    "linkColor": "#FF922B",
}

TIERS: Final = {"loop": "#E03131", "waste": "#E8590C", "warn": "#B98000"}
"""How urgent a finding is: red, orange, yellow, and nothing else has these colours."""

TIER_COLORS: Final = {"loop": "red", "waste": "orange", "warn": "yellow"}
"""The same by the names of Streamlit's palette, for badges."""

KINDS: Final = {
    "tool_definition": "#8A63F2",
    "system": "#4C6EF5",
    "user": "#0FA277",
    "assistant": "#1098AD",
    "reasoning": "#E64980",
    "tool_call": "#6D9A10",
    "tool_result": "#BE4BDB",
    "image": "#2F8F4E",
    "document": "#94705A",
}
"""Kinds of context blocks, in the order in which providers put them into the prompt: bottom to top of a stack."""

TOKENS: Final = {
    "uncached input": "#1C66B4",
    "cache write": "#3485D9",
    "cache read": "#6296CC",
    "output": "#2B8A3E",
    "reasoning": "#5FA046",
}
"""Classes of tokens: blue goes in, green comes out."""

SERIES: Final = ("#5C7CFA", "#0FA277", "#BE4BDB", "#1098AD", "#E64980", "#6D9A10", "#7A55EA", "#A98467")
"""What has no meaning of its own: models, agents, sessions, from the most expensive down."""

INPUT: Final = KINDS | {name: TOKENS[name] for name in ("cache read", "cache write", "uncached input")}
"""What a call's input is made of: kinds of blocks, or classes of tokens where nobody listed the blocks."""

ORDINARY: Final = "#868E96"
"""What nothing is to be said of."""

TURNS: Final = {
    "failed": TIERS["loop"],
    "retried": "#8F6B7D",
    "cache missed": TOKENS["uncached input"],
    "context cut": "#4F8A8B",
    "ordinary": ORDINARY,
}
"""What is special about a turn, the worst first. Dull, so that none is taken for a kind of block below it."""

OTHER: Final = "#8B939B"
ERROR: Final = TIERS["loop"]

SPANS: Final = {
    "LLM call": TOKENS["uncached input"],
    "tool": KINDS["tool_result"],
    "agent": "#A98467",
    "other": ORDINARY,
    "failed": ERROR,
}
"""What a span of a trace is; blue is what tokens go into, as everywhere."""

CHANGES: Final = {"a whole side": OTHER, "costs more": "#C2255C", "costs less": "#0CA678"}
"""What makes one of two dearer or cheaper than the other."""
