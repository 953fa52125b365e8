"""How is one block of content laid out? What it is, in which turns it was sent, and what each of them paid for it."""

from decimal import Decimal

import polars as pl
import streamlit as st

from otel_burn.wording import plural
from otel_burn_dashboards import by_turn, parts, queries, source
from otel_burn_dashboards.figures import exact_usd, phrase, plain, turns, usd
from otel_burn_dashboards.state import View
from otel_burn_dashboards.summaries import Figure


def show(session: str, block: str, seen: View) -> None:
    """The chosen block of a session."""
    sent = source.ask(queries.block, session=session, hash=block)
    with st.container(border=True, key="block"):
        if sent.is_empty():
            st.info(f"No call of this session sent the block {plain(block)}.", icon=":material/history:")
            return
        about = sent.row(0, named=True)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            name = " ".join(filter(None, (phrase(about["kind"]).capitalize(), about["tool"])))
            st.subheader(plain(name), anchor=False, width="stretch")
            if about["trace_id"]:
                first = f"Turn {about['turn']} in its trace"
                parts.link("trace", first, seen, trace=about["trace_id"], span=about["span_id"] or "")
            parts.export(sent, "block")
        parts.metrics(_figures(sent, about["bytes"]))
        st.caption(plain(f"Sent in {turns(sent['turn'])} · hash {block}{_failed(about['error'])}"))
        if sent.height > 1:
            st.altair_chart(
                by_turn.carried(sent), alt=f"What each of {plural(sent.height, 'turn')} paid for the block"
            )


def _figures(sent: pl.DataFrame, size: int | None) -> list[Figure]:
    """What it cost, and what of that was for sending it again."""
    again = sent.filter(~pl.col("fresh"))
    cost, carried = _sum(sent), _sum(again) if again.height else Decimal(0)
    tokens = sent["tokens"].sum() if sent["tokens"].count() else None
    return [
        Figure("Cost", usd(cost), f"Its share of the input's price in every turn: {exact_usd(cost)}"),
        Figure("Of it carried along", usd(carried), f"After the first time: {exact_usd(carried)}"),
        Figure("Sent", plural(sent.height, "time"), "Turns whose context it was in"),
        Figure("Tokens", "unknown" if tokens is None else f"{tokens:,}", "Its share of the billed input, by bytes"),
        Figure("Size", "unknown" if size is None else f"{size:,} B", "Of its content as UTF-8"),
    ]  # fmt: skip


def _sum(sent: pl.DataFrame) -> Decimal | None:
    known = sent.get_column("cost_usd").drop_nulls().to_list()
    return sum(known, Decimal(0)) if known else None


def _failed(error: str | None) -> str:
    return f" · the tool failed: {error}" if error else ""
