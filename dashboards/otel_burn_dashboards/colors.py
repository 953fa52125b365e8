"""Which colour means what? The same on every page, in light and in dark."""

from typing import Final

LIGHT: Final = {
    "primaryColor": "#D9480F",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F7F6F3",
    "textColor": "#1F1D1A",
    "borderColor": "#E4E1DA",
    "dataframeBorderColor": "#EAE7E1",
    "dataframeHeaderBackgroundColor": "#F7F6F3",
    "linkColor": "#C2410C",
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

TIERS: Final = {"loop": "#E03131", "waste": "#F76707", "warn": "#F59F00"}
"""How urgent a finding is: red, orange, yellow, and nothing else has these colours."""

TIER_COLORS: Final = {"loop": "red", "waste": "orange", "warn": "yellow"}
"""The same by the names of Streamlit's palette, for badges."""

KINDS: Final = {
    "tool_definition": "#9775FA",
    "system": "#4C6EF5",
    "user": "#12B886",
    "assistant": "#22B8CF",
    "reasoning": "#F783AC",
    "tool_call": "#94D82D",
    "tool_result": "#BE4BDB",
    "image": "#63E6BE",
    "document": "#66A80F",
}
"""Kinds of context blocks, in the order in which providers put them into the prompt: bottom to top of a stack."""

TOKENS: Final = {
    "uncached input": "#1971C2",
    "cache write": "#4DABF7",
    "cache read": "#A5D8FF",
    "output": "#2B8A3E",
    "reasoning": "#8CE99A",
}
"""Classes of tokens: blue goes in, green comes out."""

SERIES: Final = ("#5C7CFA", "#20C997", "#BE4BDB", "#15AABF", "#F06595", "#82C91E", "#7048E8", "#A98467")
"""What has no meaning of its own: models, agents, sessions, from the most expensive down."""

INPUT: Final = KINDS | {name: TOKENS[name] for name in ("cache read", "cache write", "uncached input")}
"""What a call's input is made of: kinds of blocks, or classes of tokens where nobody listed the blocks."""

TURNS: Final = {
    "failed": TIERS["loop"],
    "retried": "#E599F7",
    "cache missed": TOKENS["uncached input"],
    "context cut": "#3BC9DB",
    "ordinary": "#868E96",
}
"""What is special about a turn, the worst first."""

OTHER: Final = "#ADB5BD"
ERROR: Final = TIERS["loop"]

SPANS: Final = {
    "LLM call": TOKENS["uncached input"],
    "tool": KINDS["tool_result"],
    "agent": "#A98467",
    "other": "#868E96",
    "failed": ERROR,
}
"""What a span of a trace is; blue is what tokens go into, as everywhere."""

CHANGES: Final = {"a whole side": OTHER, "costs more": "#C2255C", "costs less": "#0CA678"}
"""What makes one of two dearer or cheaper than the other."""
