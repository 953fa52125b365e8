"""How is one span laid out? What it was, what it burned, and its attributes as received."""

from typing import Any, Final

import polars as pl
import streamlit as st

from otel_burn_dashboards import parts, source, tracing
from otel_burn_dashboards.figures import count, exact_usd, plain, usd
from otel_burn_dashboards.state import View
from otel_burn_dashboards.summaries import Figure

WITHOUT_SPAN: Final = (
    "A log record or a session log told it, or its span was purged: there are no attributes."
)


def show(trace: str, span: str, seen: View) -> None:
    """The selected span, or the call that stands for itself."""
    found, call = source.ask(tracing.span, trace=trace, span=span)
    if found.is_empty() and call.is_empty():
        st.info("The ledger no longer has this span as it was received.", icon=":material/history:")
        return
    about = found.row(0, named=True) if found.height else None
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            name = about["name"] or "unnamed span" if about else "LLM call without a span"
            st.subheader(plain(name), anchor=False, width="stretch")
            if call.height:
                where = call.row(0, named=True)
                turn = str(where["turn"])
                parts.link(
                    "session", f"Turn {turn} of its session", seen, session=where["session_id"], turn=turn
                )
        st.caption(plain(_facts(about)) if about else WITHOUT_SPAN)
        if call.height:
            parts.metrics(_burned(call))
        if about:
            _attributes(about["attributes"] or [])


def _facts(about: dict[str, Any]) -> str:
    """Who reported it, and how it ended."""
    said = ("service_name", "scope_name", "kind", "status", "status_message")
    return " · ".join(about[name] for name in said if about[name])


def _attributes(received: list[dict[str, Any]]) -> None:
    attributes = pl.DataFrame(
        [{"attribute": entry["key"], "value": entry["value"]} for entry in received],
        schema={"attribute": pl.String, "value": pl.String},
    ).sort("attribute")
    with st.expander(f"{attributes.height} attributes, as received"):
        st.dataframe(
            attributes, hide_index=True, height="content", placeholder="", alt="Attributes of the span"
        )


def _burned(call: pl.DataFrame) -> list[Figure]:
    one = call.row(0, named=True)
    return [
        Figure("Model", str(one["model"] or "unknown"), "The model that answered"),
        Figure("Cost", usd(one["cost_usd"]), f"{exact_usd(one['cost_usd'])}, {one['cost_status']}"),
        Figure("Input", count(one["input_tokens"]), "Tokens that the model read, cache included"),
        Figure("From cache", count(one["cache_read_tokens"]), "Of these, served by the provider's cache"),
        Figure("Output", count(one["output_tokens"]), "Tokens that the model wrote, reasoning included"),
    ]
