"""How is one span laid out? What it was, what it burned, and its attributes as received."""

import polars as pl
import streamlit as st

from otel_burn_dashboards import parts, source, tracing
from otel_burn_dashboards.figures import count, exact_usd, plain, usd
from otel_burn_dashboards.state import View
from otel_burn_dashboards.summaries import Figure


def show(trace: str, span: str, seen: View) -> None:
    """The selected span."""
    found, call = source.ask(tracing.span, trace=trace, span=span)
    if found.is_empty():
        st.info("The ledger no longer has this span as it was received.", icon=":material/history:")
        return
    about = found.row(0, named=True)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(plain(about["name"] or "unnamed span"), anchor=False, width="stretch")
            if call.height:
                where = call.row(0, named=True)
                turn = str(where["turn"])
                parts.link(
                    "session", f"Turn {turn} of its session", seen, session=where["session_id"], turn=turn
                )
        said = (
            about["service_name"],
            about["scope_name"],
            about["kind"],
            about["status"],
            about["status_message"],
        )
        st.caption(" · ".join(plain(fact) for fact in said if fact))
        if call.height:
            parts.metrics(_burned(call))
        attributes = pl.DataFrame(
            [{"attribute": entry["key"], "value": entry["value"]} for entry in about["attributes"] or []],
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
