"""Does any history give the rows of one clean batch, however it arrives? Only what a batch changes is derived again."""

import os
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("OTEL_BURN_HISTORIES", "6"))
"""A few in CI; `OTEL_BURN_HISTORIES=300` looks longer."""

KINDS = (
    "silent", "session", "framework", "native", "wire", "retried", "answering", "hollow", "failed", "event",
    "turn", "turns call",
)  # fmt: skip
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


class Pieces(NamedTuple):
    """What arrives: spans and log records, in any order."""

    spans: list[dict[str, Any]]
    logs: list[dict[str, Any]]


def _pieces(world: Any, history: list[Node]) -> list[Pieces]:
    places: list[Any] = []
    pieces = []
    for number, (parent, kind, at, twin) in enumerate(history):
        above = places[parent] if parent >= 0 else None
        if kind == "event":
            inside = {name: above and above[name] for name in ("trace_id", "span_id")}
            pieces.append(Pieces([], [world.log("somebody", EVENT, _used(number, twin), at=at) | inside]))
            places.append(above)
        else:
            places.append(_span(world, kind, number, twin, parent=above, at=at + number / 100, seconds=3))
            pieces.append(Pieces([places[-1]], []))
    return pieces


EVENT = "gen_ai.client.inference.operation.details"
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-opus-4-8"}


def _used(number: int, twin: int) -> dict[str, Any]:
    return CHAT | {"gen_ai.usage.input_tokens": 1000 + number, "gen_ai.response.id": f"r{twin}"}


def _span(world: Any, kind: str, number: int, twin: int, **options: Any) -> Any:
    match kind:
        case "silent":
            return world.span("app", **options)
        case "session":
            return world.span("app", {"gen_ai.conversation.id": f"s{twin}"}, **options)
        case "hollow" | "failed":
            status = "ERROR" if kind == "failed" else "UNSET"
            return world.span(f"peer{twin}", CHAT, status=status, **options)
        case "turn":
            used = CHAT | {"gen_ai.usage.input_tokens": 3000, "gen_ai.usage.output_tokens": 60}
            return world.span("openclaw", used, name="openclaw.model.usage", **options | {"seconds": 20})
        case "turns call":
            said = CHAT | {"openclaw.model_call.request_bytes": 7}
            return world.span("openclaw", said, name="openclaw.model.call", **options)
    said = {"gen_ai.usage.input_tokens": 1000 + number, "gen_ai.response.id": f"r{twin}"}
    return world.chat(_SCOPES[kind], attributes=said | _extras(kind, number, twin), **options)


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


def _load(world: Any, pieces: list[Pieces], **options: bool) -> None:
    world.load(
        *(span for each in pieces for span in each.spans),
        logs=[log for each in pieces for log in each.logs],
        **options,
    )


@settings(max_examples=EXAMPLES)
@given(history=histories(), order=st.randoms(use_true_random=False), batches=st.integers(2, 5))
def test_order_batches_and_repetition_change_nothing(
    empty_worlds: Any, picture: Any, history: list[Node], order: Any, batches: int
) -> None:
    """Whatever comes late, twice or is derived later ends in the rows of one batch, and a rebuild in the same again."""
    straight, shuffled = empty_worlds()
    pieces = _pieces(straight, history)
    _load(straight, pieces)
    order.shuffle(pieces)
    for number in range(batches):
        _load(shuffled, [*pieces[number::batches], *pieces[: number * 2]], later=order.random() < 0.6)
    shuffled.settle()
    arrived = picture(shuffled)
    assert _named_by_span(shuffled, arrived) == _named_by_span(straight, picture(straight))
    shuffled.rebuild()
    assert picture(shuffled) == arrived
