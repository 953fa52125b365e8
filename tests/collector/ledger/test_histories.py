"""Does any history give the rows of one clean batch, however it arrives? Only what a batch changes is derived again."""

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("OTEL_BURN_HISTORIES", "6"))
"""A few in CI; `OTEL_BURN_HISTORIES=300` looks longer."""

KINDS = ("silent", "session", "framework", "native", "wire", "retried", "answering")
Node = tuple[int, str, int, int]


@st.composite
def histories(draw: st.DrawFn) -> list[Node]:
    """Spans as (parent, kind, start, twin): the parent is an earlier span or -1, twins share a response id."""
    size = draw(st.integers(4, 14))
    return [
        (
            draw(st.integers(-1, number - 1)),
            draw(st.sampled_from(KINDS)),
            draw(st.integers(0, 40)),
            draw(st.integers(0, 3)),
        )
        for number in range(size)
    ]


def _spans(world: Any, history: list[Node]) -> list[dict[str, Any]]:
    spans: list[dict[str, Any]] = []
    for number, (parent, kind, at, twin) in enumerate(history):
        options = {"parent": spans[parent] if parent >= 0 else None, "at": at + number / 100, "seconds": 3}
        if kind == "silent":
            spans.append(world.span("app", **options))
        elif kind == "session":
            spans.append(world.span("app", {"gen_ai.conversation.id": f"s{twin}"}, **options))
        else:
            said = {"gen_ai.usage.input_tokens": 1000 + number, "gen_ai.response.id": f"r{twin}"}
            spans.append(world.chat(_SCOPES[kind], attributes=said | _extras(kind, number, twin), **options))
    return spans


_SCOPES = {
    "framework": "pydantic-ai",
    "native": "com.anthropic.sdk.python",
    "wire": "otel_burn",
    "retried": "otel_burn",
    "answering": "otel_burn",
}


def _extras(kind: str, number: int, twin: int) -> dict[str, Any]:
    if kind == "retried":
        return {"burn.call.id": f"c{twin}", "burn.attempt.number": number + 1}
    if kind == "answering":
        return {
            "gen_ai.response.id": None,
            "burn.tool_calls.ids": [f"t{number}"],
            "burn.tool_calls.names": ["bash"],
            "burn.context.kinds": ["user", "tool_result"],
            "burn.context.hashes": [f"{twin:016x}", f"{number:016x}"],
            "burn.context.bytes": [7, 9],
            "burn.context.tool_call_ids": ["", f"t{max(0, number - 1)}"],
        }
    return {}


def _named_by_span(world: Any, shown: dict[str, list[str]]) -> dict[str, list[str]]:
    """The same with each call named by its best report: an id is made of the report that came first."""
    names = {row["call_id"]: f"{row['trace_id']}:{row['span_id']}" for row in world.calls()}
    renamed = {}
    for view, rows in shown.items():
        text = "\n".join(rows)
        for call_id, name in names.items():
            text = text.replace(call_id, name)
        renamed[view] = sorted(text.split("\n"))
    return renamed


CHECKS = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=CHECKS)
@given(history=histories(), order=st.randoms(use_true_random=False), batches=st.integers(2, 5))
def test_order_batches_and_repetition_change_nothing(
    empty_worlds: Any, picture: Any, history: list[Node], order: Any, batches: int
) -> None:
    """Whatever comes late, twice or is derived later ends in the rows of one batch, and a rebuild in the same again."""
    straight, shuffled = empty_worlds()
    spans = _spans(straight, history)
    straight.load(*spans)
    order.shuffle(spans)
    for number in range(batches):
        shuffled.load(*spans[number::batches], *spans[: number * 2], later=order.random() < 0.6)
    shuffled.settle()
    arrived = picture(shuffled)
    assert _named_by_span(shuffled, arrived) == _named_by_span(straight, picture(straight))
    shuffled.rebuild()
    assert picture(shuffled) == arrived
