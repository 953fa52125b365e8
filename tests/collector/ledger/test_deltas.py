"""Is a context that goes on from another one whole, whichever came first?"""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

NAMED = {"gen_ai.conversation.id": "s1"}


def _history(world: Any, emitter: Any, block: Any, seed: int, *, named: bool) -> list[tuple[Any, list[Any]]]:
    """Calls of a session that grows, forks, starts again from a summary and repeats itself, with their contexts."""
    dice = random.Random(seed)
    head = [block("system", "5" * 16, 40), block("tool_definition", "d" * 16, 20, "read")]
    context, seen, made = [*head, block("user", "0" * 16)], [], []
    for number in range(dice.randint(2, 14)):
        name = f"{dice.randint(0, 6):016x}"
        asked = block("tool_call", name, 7, "read", f"t{number % 5}")
        answer = [block("reasoning", "e" * 16), asked] if dice.random() < 0.3 else [asked]
        said = emitter.said(context, None if dice.random() < 0.2 else answer)
        said |= {"burn.tool_calls.names": ["read"], "burn.tool_calls.ids": [asked.tool_call_id]}
        span = world.chat(at=10.0 * number, attributes=(NAMED if named else {}) | said)
        made.append((span, context))
        seen.append(context)
        result = block(
            "tool_result", f"{dice.randint(0, 3):016x}", 30, "read", asked.tool_call_id, "", "abcd"
        )
        match dice.randint(0, 9):
            case 0:
                context = [*head, block("user", f"5{number:015x}")]
            case 1 | 2:
                fork = dice.choice(seen)
                context = [*fork[: dice.randint(1, len(fork))], block("user", f"f{number:015x}")]
            case 3:
                pass
            case _:
                context = [*context, *(each for each in answer if dice.random() < 0.9), result]
    return made


def _contexts(world: Any) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = {}
    rows = world.rows(
        "SELECT span_id, block.* FROM context_blocks AS block JOIN llm_calls USING (call_id) ORDER BY span_id, position"
    )
    for row in rows:
        found.setdefault(row["span_id"], []).append(
            tuple(
                row[name] or ""
                for name in ("kind", "hash", "bytes", "tool_name", "tool_call_id", "error_class", "sketch")
            )
        )
    return found


def _load_shuffled(world: Any, spans: list[Any], seed: int, batches: int) -> None:
    """In batches, some of which are derived later."""
    dice = random.Random(seed)
    dice.shuffle(spans)
    for number in range(batches):
        if part := spans[number::batches]:
            world.load(*part, later=dice.random() < 0.6)
    world.settle()


@settings(max_examples=4)
@given(seed=st.integers(0, 10**6), batches=st.integers(1, 6), named=st.booleans())
def test_any_order_rebuilds_every_context(
    empty_worlds: Any, make_emitter: Any, block: Any, picture: Any, seed: int, batches: int, named: bool
) -> None:
    """Each call has the blocks that were sent, in one batch and in any, and after a rebuild."""
    straight, shuffled = empty_worlds()
    made = _history(straight, make_emitter(seed), block, seed, named=named)
    straight.load(*(span for span, _ in made))
    assert _contexts(straight) == {span["span_id"]: [tuple(each) for each in sent] for span, sent in made}
    assert {call["context_status"] for call in straight.calls()} == {"full"}
    _load_shuffled(shuffled, [span for span, _ in made], seed, batches)
    assert picture(shuffled) == picture(straight)
    shuffled.rebuild()
    assert picture(shuffled) == picture(straight)


@settings(max_examples=4)
@given(seed=st.integers(0, 10**6), batches=st.integers(2, 6), lost=st.integers(0, 13))
def test_what_a_lost_context_leaves_open_does_not_depend_on_the_order(
    empty_worlds: Any, make_emitter: Any, block: Any, picture: Any, seed: int, batches: int, lost: int
) -> None:
    """Whatever never arrives: the rest is the same rows in any order, and what is there was sent."""
    straight, shuffled = empty_worlds()
    made = _history(straight, make_emitter(seed), block, seed, named=True)
    del made[lost % len(made)]
    straight.load(*(span for span, _ in made))
    _load_shuffled(shuffled, [span for span, _ in made], seed, batches)
    assert picture(shuffled) == picture(straight)
    whole = {call["span_id"] for call in straight.calls() if call["context_status"] == "full"}
    found = _contexts(straight)
    for span, sent in made:
        shown, rest = found.get(span["span_id"], []), [tuple(each) for each in sent]
        assert shown == rest if span["span_id"] in whole else shown == rest[len(rest) - len(shown) :]


def _grown(world: Any, emitter: Any, block: Any) -> list[Any]:
    """Three calls, each of which goes on from the one before, eight days apart."""
    blocks = [block("user", f"{number:016x}", 100) for number in range(3)]
    spans = [emitter.said(blocks[:1]), emitter.said(blocks[:2]), emitter.said(blocks)]
    return [world.chat(at=700_000 * number, attributes=NAMED | said) for number, said in enumerate(spans)]


def test_a_context_without_its_beginning_is_partial_until_that_arrives(
    world: Any, make_emitter: Any, block: Any
) -> None:
    """Its own blocks stand in their places without a share, as nobody knows what part of the prompt they are."""
    first, second, third = _grown(world, make_emitter(), block)
    world.load(third)
    assert world.call()["context_status"] == "partial"
    (shown,) = world.rows("FROM context_blocks")
    assert (shown["position"], shown["bytes"], shown["tokens"], shown["cost_usd"]) == (3, 100, None, None)
    world.load(second)
    assert [call["context_status"] for call in world.calls()] == ["partial", "partial"]
    assert len(_contexts(world)[third["span_id"]]) == 2
    world.load(first)
    assert [call["context_status"] for call in world.calls()] == ["full"] * 3
    sums = world.rows("SELECT sum(tokens) AS tokens FROM context_blocks GROUP BY call_id")
    assert [row["tokens"] for row in sums] == [1000] * 3


def test_what_waits_is_left_alone_until_something_helps(world: Any, make_emitter: Any, block: Any) -> None:
    """Another session that says the same without its beginning touches none of those that wait; the beginning all."""
    (first, *rest), (_, *again) = (_grown(world, make_emitter(), block) for _ in range(2))
    world.load(*rest)
    world.load(*again)
    assert world.rows("FROM unblocked") == []
    assert [call["context_status"] for call in world.calls()] == ["partial"] * 4
    world.load(first)
    assert world.rows("SELECT count(*) AS n FROM unblocked") == [{"n": 4}]
    assert [call["context_status"] for call in world.calls()] == ["full"] * 5


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"burn.context.base_blocks": 9}, id="more than the base has"),
        pytest.param({"burn.context.base": None}, id="no base"),
        pytest.param({"burn.context.base_blocks": -1}, id="negative"),
        pytest.param({"burn.context.blocks": 7}, id="another length"),
    ],
)
def test_a_delta_that_contradicts_itself_makes_no_context(
    world: Any, make_emitter: Any, block: Any, wrong: dict[str, Any]
) -> None:
    """The call counts; nothing is made up of its context."""
    first, second, _ = _grown(world, make_emitter(), block)
    said = {name: None if value is None else str(value) for name, value in wrong.items()}
    second["attributes"] = {k: v for k, v in (second["attributes"] | said).items() if v is not None}
    if "burn.context.base_blocks" in wrong:
        second["attributes"].pop("burn.context.blocks")
    world.load(first, second)
    one, two = world.calls()
    assert (one["context_status"], two["context_status"] in (None, "partial")) == ("full", True)
    assert world.rows(f"SELECT 1 FROM context_blocks WHERE call_id = '{two['call_id']}' AND tokens > 0") == []


def test_lists_that_name_each_other_in_a_circle_stay_partial(world: Any, block: Any) -> None:
    """Nobody's emitter does this; it ends all the same."""

    def said(name: str, base: str, shared: int) -> dict[str, Any]:
        return {
            "burn.context.status": "delta",
            "burn.context.chain": name,
            "burn.context.base": base,
            "burn.context.base_blocks": shared,
            "burn.context.kinds": ["user"],
            "burn.context.hashes": ["a" * 16],
            "burn.context.bytes": [9],
        }

    world.load(
        world.chat(attributes=NAMED | said("a", "b", 3)),
        world.chat(at=5, attributes=NAMED | said("b", "a", 2)),
        world.chat(at=9, attributes=NAMED | said("c", "c", 1)),
    )
    assert [call["context_status"] for call in world.calls()] == ["partial"] * 3


def test_a_result_has_the_name_of_the_tool_call_with_its_id(
    world: Any, make_emitter: Any, block: Any
) -> None:
    """The nearest one before it, also where it was listed by an earlier call."""
    emitter = make_emitter()
    start = [block("user", "a" * 16), block("tool_call", "b" * 16, 9, "grep", "t1")]
    result = block("tool_result", "c" * 16, 9, "", "t1")
    world.load(world.chat(attributes=NAMED | emitter.said(start)))
    world.load(world.chat(at=5, attributes=NAMED | emitter.said([*start, result])))
    (found,) = world.rows("SELECT tool_name FROM context_blocks WHERE kind = 'tool_result'")
    assert found["tool_name"] == "grep"


def test_sketches_are_kept(world: Any, block: Any, make_emitter: Any) -> None:
    """Of a tool's arguments and of its result, beside their hashes."""
    said = {
        "burn.tool_calls.ids": ["t1"],
        "burn.tool_calls.names": ["grep"],
        "burn.tool_calls.sketches": ["aaaabbbb"],
    }
    result = block("tool_result", "c" * 16, 9, "grep", "t1", "", "ccccdddd")
    world.load(world.chat(attributes=NAMED | said))
    world.load(world.chat(at=5, attributes=NAMED | make_emitter().said([result])))
    (call,) = world.rows("SELECT args_sketch, result_sketch FROM tool_calls")
    assert call == {"args_sketch": "aaaabbbb", "result_sketch": "ccccdddd"}
    assert world.rows("SELECT sketch FROM context_blocks") == [{"sketch": "ccccdddd"}]


def test_contexts_that_begin_alike_are_stored_once(world: Any, make_emitter: Any, block: Any) -> None:
    """A session of 60 turns that list everything each time: a row a block, whatever the number of calls."""
    blocks = [block("user", f"{number:016x}") for number in range(120)]
    emitters = [make_emitter() for _ in range(60)]
    world.load(
        *(
            world.chat(at=turn, attributes=NAMED | emitter.said(blocks[: 2 * turn + 2]))
            for turn, emitter in enumerate(emitters)
        )
    )
    assert world.rows("SELECT count(*) AS count FROM context_blocks") == [{"count": 60 * 61}]
    assert world.rows("SELECT count(*) AS count FROM store.blocks") == [{"count": 120}]
