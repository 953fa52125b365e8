"""Where does the canvas of a trace come from? One component of Streamlit's, made of the files beside this one."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import streamlit as st

from otel_burn_dashboards import colors
from otel_burn_dashboards.tracing import CATEGORIES, Tree

HTML: Final = (
    '<div class="flame"><div class="legend"></div>'
    '<canvas tabindex="0" role="application" aria-roledescription="trace"></canvas>'
    '<div class="tip" hidden></div><div class="said" aria-live="polite"></div></div>'
)


def flame(tree: Tree, *, measure: str, shape: str, selected: int, key: str) -> int | None:
    """Draw *tree*; the number of the span that the reader has selected, None at first."""
    data: Mapping[str, Any] = {
        **tree.data, "measure": measure, "shape": shape, "selected": selected, "key": f"{key} {measure} {shape}",
        "colors": [colors.SPANS[category] for category in CATEGORIES], "categories": CATEGORIES,
    }  # fmt: skip
    mounted = _component()(key="flame", data=data, on_span_change=lambda: None)
    chosen = mounted.get("span")
    return int(chosen) if isinstance(chosen, (int, float)) else None


def _component() -> Any:
    script = _text("flame_layout.js") + _text("flame.js")
    return st.components.v2.component("otel_burn_flame", html=HTML, css=_text("flame.css"), js=script)


def _text(name: str) -> str:
    return files("otel_burn_dashboards").joinpath(name).read_text(encoding="utf-8")
