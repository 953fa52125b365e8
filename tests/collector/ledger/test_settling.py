"""Are calls that are derived while the next batches are loaded the calls of one clean batch?"""

import random
from typing import Any

import pytest

from otel_burn_collector.journal.records import Position
from otel_burn_collector.store import settling

SESSIONS, TURNS, BATCH = 4, 4, 5


def history(world: Any) -> list[dict[str, Any]]:
    """Sessions whose root is late, whose calls two instrumentations report, and whose contexts grow."""
    spans: list[dict[str, Any]] = []
    for session in range(SESSIONS):
        root = world.span("app", {"gen_ai.conversation.id": f"s{session}"}, seconds=99)
        spans.append(root)
        for turn in range(TURNS):
            at = 10.0 * turn + session
            outer = world.chat("pydantic-ai", parent=root, at=at, seconds=4)
            hashes = [f"{block:016x}" for block in range(turn + 1)]
            said = {
                "gen_ai.response.id": f"{session}-{turn}",
                "burn.tool_calls.ids": [f"t{turn}"],
                "burn.tool_calls.names": ["bash"],
                "burn.context.hashes": hashes,
                "burn.context.kinds": ["tool_result"] * len(hashes),
                "burn.context.bytes": [7] * len(hashes),
                "burn.context.tool_call_ids": ["", *(f"t{number}" for number in range(turn))],
            }
            spans += [outer, world.chat(parent=outer, at=at + 1, attributes=said)]
    return spans


@pytest.mark.parametrize("seed", range(2))
def test_deriving_beside_loading_gives_the_same_rows(
    empty_worlds: Any, picture: Any, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parents, twins and repetitions arrive while the calls of what came before are derived; a rebuild agrees."""
    monkeypatch.setattr(settling, "LONGEST", 0.0)  # each batch is derived while the next ones are loaded
    straight, beside = empty_worlds()
    spans = history(straight)
    straight.load(*spans)
    dice = random.Random(seed)
    dice.shuffle(spans)
    work = settling.Settling(beside.con, Position(0, 0))
    overlapped = 0
    for number in range(0, len(spans), BATCH):
        beside.load(*spans[number : number + BATCH], *dice.sample(spans[: number + 1], 1), later=True)
        work.look()
        work.step(Position(1, number), more_comes=True)
        overlapped += not work.is_done
    work.step(Position(2, 0), more_comes=False)
    work.close()
    assert overlapped
    assert (work.is_done, work.settled) == (True, Position(2, 0))
    calls = [(row["response_id"], row["session_id"], row["sources"], row["turn"]) for row in straight.calls()]
    assert [
        (row["response_id"], row["session_id"], row["sources"], row["turn"]) for row in beside.calls()
    ] == calls
    assert len(calls) == SESSIONS * TURNS
    arrived = picture(beside)
    beside.rebuild()
    assert picture(beside) == arrived
