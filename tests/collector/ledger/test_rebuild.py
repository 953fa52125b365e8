"""Are the rows the same whatever order spans arrive in, however often, and after a rebuild?"""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def _without_ids(shown: dict[str, list[str]], world: Any) -> dict[str, list[str]]:
    """The same with each call named by its span: an id is made of the report that came first."""
    names = {row["call_id"]: row["span_id"] for row in world.calls()}
    renamed = {}
    for view, rows in shown.items():
        text = "\n".join(rows)
        for call_id, span_id in names.items():
            text = text.replace(call_id, f"call of {span_id}")
        renamed[view] = sorted(text.split("\n"))
    return renamed


def _history(world: Any) -> list[dict[str, Any]]:
    """Two sessions: nested reports, a roll-up, retries, tools, a shared context, a late root."""
    spans: list[dict[str, Any]] = []
    for number, session in enumerate(("s1", "s2")):
        root = world.span("app", {"gen_ai.conversation.id": session, "gen_ai.agent.name": "a"}, seconds=99)
        spans.append(root)
        for turn in range(3):
            at = 10.0 * turn + number
            outer = world.chat("pydantic-ai", parent=root, at=at, seconds=4)
            said: dict[str, Any] = {
                "gen_ai.response.id": f"{session}{turn}",
                "burn.request.id": f"r{session}{turn}",
            }
            said |= {"burn.call.id": f"c{session}{turn}", "burn.tool_calls.names": ["bash"]}
            said |= {"burn.tool_calls.ids": [f"t{turn}"], "burn.tool_calls.args_hashes": ["x"]}
            hashes = [f"{block:016x}" for block in range(turn + 1)]
            said |= {"burn.context.hashes": hashes, "burn.context.kinds": ["tool_result"] * len(hashes)}
            said |= {"burn.context.bytes": [7] * len(hashes)}
            said |= {"burn.context.tool_call_ids": ["", "t0", "t1"][: len(hashes)]}
            refused: dict[str, Any] = {"gen_ai.usage.input_tokens": None, "gen_ai.usage.output_tokens": None}
            refused |= {"burn.call.id": f"c{session}{turn}", "error.type": "429", "burn.attempt.number": 1}
            spans += [
                outer,
                world.chat(parent=outer, at=at + 0.1, attributes=refused, seconds=0.1),
                world.chat(parent=outer, at=at + 1, attributes=said | {"burn.attempt.number": 2}),
                world.chat(
                    "com.anthropic.sdk.python",
                    at=at + 1,
                    attributes={"gen_ai.response.id": f"{session}{turn}"},
                ),
            ]
        roll_up = world.chat("framework", parent=root, at=60, seconds=9)
        spans += [
            roll_up,
            *(
                world.chat(parent=roll_up, at=at, attributes={"burn.call.id": f"{session}{at}"})
                for at in (61, 63)
            ),
        ]
    return spans


@settings(max_examples=6)
@given(seed=st.integers(0, 10**6), batches=st.integers(2, 9))
def test_any_order_and_any_repetition_give_the_same_rows(
    empty_worlds: Any, picture: Any, seed: int, batches: int
) -> None:
    """Shuffled, cut into batches, some delivered twice, some derived later: the rows are those of one clean batch."""
    straight, shuffled = empty_worlds()
    spans = _history(straight)
    straight.load(*spans)
    dice = random.Random(seed)
    dice.shuffle(spans)
    for number in range(batches):
        part = spans[number::batches]
        shuffled.load(*part, later=dice.random() < 0.6)
        if number % 3 == 0:
            shuffled.load(*part, later=dice.random() < 0.6)
    shuffled.settle()
    assert _without_ids(picture(shuffled), shuffled) == _without_ids(picture(straight), straight)


def test_a_rebuild_gives_the_same_rows(world: Any, picture: Any) -> None:
    """Ids too: they are published facts."""
    spans = _history(world)
    for number in range(5):
        world.load(*spans[number::5])
    before = picture(world)
    world.rebuild()
    assert picture(world) == before


@pytest.mark.parametrize("others", [0, 3])
def test_unrelated_traces_change_nothing(make_world: Any, others: int) -> None:
    """A call looks the same in an empty ledger and among others."""
    world = make_world()
    for number in range(others):
        world.load(world.chat(at=number, attributes={"gen_ai.conversation.id": f"other-{number}"}))
    world.load(
        world.chat(trace_id="f" * 32, span_id="f" * 16, at=1, attributes={"gen_ai.conversation.id": "mine"})
    )
    (call,) = world.rows("FROM llm_calls WHERE session_id = 'mine'")
    assert (call["turn"], call["input_tokens"], call["span_id"]) == (1, 1000, "f" * 16)
