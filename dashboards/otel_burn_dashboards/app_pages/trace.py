"""What called what, and what did each burn, itself and with all below it?"""

from datetime import timedelta

import streamlit as st

from otel_burn.wording import plural
from otel_burn_dashboards import columns, flame, parts, session_tables, source, span_layout, tracing
from otel_burn_dashboards.figures import lasting, money, plain, short
from otel_burn_dashboards.state import AXES, View

SHAPES = ("flame", "tree")


def show(trace: str, seen: View) -> None:
    """One trace."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        about = st.container(width="stretch")
        measure = parts.choice("By", AXES, key="axis")
        shape = parts.choice("As", SHAPES, key="shape")
        files = st.container(width="content")
    tree = source.ask(tracing.laid_out, trace=trace, measure=measure)
    if tree.spans.is_empty():
        st.warning(
            "Neither a span nor a call of this trace is in the ledger: the address names another ledger's, or "
            "retention has purged both. All traces has those that are here.",
            icon=":material/account_tree:",
        )
        return
    about.caption(plain(" · ".join(facts(tree))))
    with files:
        parts.export(source.later(tracing.spans, trace=trace), "trace")
    wanted = st.query_params.get("span", "") or (tree.spans["span_id"][0] if tree.whole == 1 else "")
    selected = tree.place(wanted)
    if not tree.spans["total"].max():
        st.info(f"No span of this trace has {measure}. Choose time.", icon=":material/visibility_off:")
        return
    chosen = flame.flame(tree, measure=measure, shape=shape, selected=selected, key=trace)
    ids = tree.spans["span_id"]
    if chosen is not None and 0 <= chosen < ids.len() and ids[chosen] != wanted:
        wanted = ids[chosen]
        st.query_params["span"] = wanted
    st.caption(
        "A click selects, a double click zooms, Escape shows everything. "
        + ("" if measure == "time" else "Solid is what a span burned itself, pale is Σ with all below it.")
    )
    if wanted:
        span_layout.show(trace, wanted, seen)


def facts(tree: tracing.Tree) -> list[str]:
    """What the trace is made of, how long it lasted and what it burned."""
    left_out = tree.whole - tree.spans.height
    lasted = timedelta(milliseconds=float(tree.spans["end"].max() or 0))  # type: ignore[arg-type]
    burned = [] if tree.tokens is None else [f"{short(tree.tokens)} tokens"]
    burned += [] if tree.usd is None else [money(tree.usd)]
    return [
        plural(tree.whole, "span") + (f", the {left_out:,} shortest are not drawn" if left_out else ""),
        plural(tree.calls, "LLM call"), lasting(lasted), *burned,
    ]  # fmt: skip


def choose(seen: View) -> None:
    """The traces to choose from."""
    listed = source.ask(tracing.traces, scope=seen.scope(source.now()))
    if listed.is_empty():
        parts.nothing(seen)
    if click := st.session_state.get(columns.OPENED):
        parts.go("trace", seen, trace=listed.item(click.row, "trace_id"))
    st.caption(f"{plural(listed.height, 'trace')} with LLM calls in this time, the most expensive first.")
    table, config = session_tables.traces(parts.local(listed, seen, "started_at"))
    parts.table(
        table, config, key="traces", name="Traces, the most expensive first", height=columns.height(table)
    )


seen = parts.view()
if chosen := st.query_params.get("trace", ""):
    parts.link("trace", "All traces", seen, back=True)
    show(chosen, seen)
else:
    choose(seen)
