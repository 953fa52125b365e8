"""Is what is listed of a context enough to rebuild all of it, and no more than is new?"""

import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_burn.contexts import Context, Contexts, Remembered
from otel_burn.exchange import Block
from otel_burn.formats import anthropic_messages, openai_chat
from otel_burn.formats.body import Body

Messages = list[dict[str, Any]]


def body(messages: Messages, **more: Any) -> Body:
    """A request in OpenAI's format."""
    return Body(json.dumps({"model": "m", "messages": messages, **more}).encode())


def said(*texts: str) -> Messages:
    """Messages that say *texts*, one each."""
    return [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)]


def turns(count: int) -> list[str]:
    """What is said in *count* messages."""
    return [f"message {number}" for number in range(count)]


class Reader:
    """Rebuilds contexts from what calls list, as whoever receives the spans does."""

    def __init__(self) -> None:
        self._lists: dict[str, list[Block]] = {}

    def whole(self, context: Context) -> list[Block]:
        """All blocks of a *context*."""
        before = [] if context.base is None else self._lists[context.base][: context.base_blocks]
        found = before + context.blocks
        assert len(found) == context.count
        assert self._lists.setdefault(context.chain, found) == found
        return found


def test_a_session_lists_what_is_new() -> None:
    """A thousand turns list each block about five times in all, not five hundred times."""
    contexts, reader, listed = Contexts(deltas=True), Reader(), 0
    for length in range(1, 2001, 2):
        context = contexts.read(openai_chat.FORMAT, body(said(*turns(length))))
        listed += len(context.blocks)
        whole = reader.whole(context)
        if length % 50 == 1:
            told = openai_chat.FORMAT.blocks(body(said(*turns(length))))
            assert [block.hash for block in whole] == [block.hash for block in told]
    assert listed < 6 * 2000


def test_the_same_context_again_lists_nothing() -> None:
    """It is named, and that is all."""
    contexts = Contexts(deltas=True)
    first, second = (contexts.read(openai_chat.FORMAT, body(said(*turns(9)))) for _ in range(2))
    assert (len(first.blocks), first.base) == (9, None)
    assert (second.blocks, second.base, second.base_blocks) == ([], first.chain, 9)


def test_a_fork_names_the_beginning_that_it_shares() -> None:
    """Where a context leaves an earlier one, its own blocks begin."""
    contexts, reader = Contexts(deltas=True), Reader()
    first = contexts.read(openai_chat.FORMAT, body(said(*turns(40))))
    fork = contexts.read(openai_chat.FORMAT, body(said(*turns(30), "something else")))
    reader.whole(first)
    assert (fork.base, fork.base_blocks, len(fork.blocks)) == (first.chain, 30, 1)
    assert len(reader.whole(fork)) == 31


def test_a_full_listing_comes_again() -> None:
    """Once the deltas exceed a quarter of the last one, so that a lost call takes few others along."""
    contexts = Contexts(deltas=True)
    bases = [contexts.read(openai_chat.FORMAT, body(said(*turns(length)))).base for length in range(40, 60)]
    assert bases[0] is None
    assert None not in bases[1:11]
    assert bases[11] is None


def test_without_deltas_everything_is_listed() -> None:
    """As where a sampler may drop what a later call would build on."""
    contexts = Contexts(deltas=False)
    found = [contexts.read(openai_chat.FORMAT, body(said(*turns(9)))) for _ in range(2)]
    assert [(context.base, len(context.blocks)) for context in found] == [(None, 9)] * 2
    assert found[0].chain == found[1].chain


def test_equal_lists_have_equal_names_in_every_process() -> None:
    """The name depends on nothing but the blocks."""
    for deltas in (True, False):
        named = Contexts(deltas=deltas).read(openai_chat.FORMAT, body(said("a", "b")))
        assert named.chain == "da9460cc341b7275"


def test_what_tells_blocks_apart_tells_lists_apart() -> None:
    """The same text in another role, or as another tool's result, is another list."""
    contexts = Contexts(deltas=True)
    names = {
        contexts.read(openai_chat.FORMAT, body([message])).chain
        for message in (
            {"role": "user", "content": "x"},
            {"role": "system", "content": "x"},
            {"role": "tool", "tool_call_id": "1", "content": "x"},
            {"role": "tool", "tool_call_id": "2", "content": "x"},
            {"role": "user", "content": "y"},
        )
    }
    assert len(names) == 5


def test_a_result_s_tool_is_named_where_its_call_is_listed() -> None:
    """The name stands with the call; a listing that has both says it twice."""
    call = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": "{}"}}
    asked: Messages = [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "x"},
    ]
    assert [b.tool for b in Contexts(deltas=True).read(openai_chat.FORMAT, body(asked)).blocks] == [
        "read",
        "read",
    ]


def test_a_cache_mark_that_moves_on_changes_no_name() -> None:
    """Anthropic's marks move with each turn; the beginning stays the one that was listed."""
    contexts = Contexts(deltas=True)

    def request(marked: int) -> Body:
        parts = [{"type": "text", "text": f"part {at}"} for at in range(20)]
        parts[marked] |= {"cache_control": {"type": "ephemeral"}}  # type: ignore[dict-item]
        messages = [{"role": "user", "content": [part]} for part in parts]
        return Body(json.dumps({"max_tokens": 1, "messages": messages}).encode())

    first, second = (contexts.read(anthropic_messages.FORMAT, request(marked)) for marked in (3, 19))
    assert second.base == first.chain == second.chain


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3), st.booleans()), min_size=1, max_size=25))
def test_every_context_can_be_rebuilt(requests: list[tuple[int, int, bool]]) -> None:
    """Whatever is sent in whatever order: growing, forking, compacted, with tools or without."""
    contexts, reader = Contexts(deltas=True), Reader()
    for length, branch, tools in requests:
        messages = said(*turns(length), *[f"branch {branch}, {at}" for at in range(branch)])
        more = {"tools": [{"function": {"name": f"tool{at}"}} for at in range(3)]} if tools else {}
        asked = body(messages, **more)
        assert reader.whole(contexts.read(openai_chat.FORMAT, asked)) == openai_chat.FORMAT.blocks(asked)


LONG = "some words that make a message as long as those of agents are " * 80


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 3), st.sampled_from(["first", "last"]), st.booleans()),
        min_size=2,
        max_size=12,
    )
)
@settings(max_examples=30)
def test_what_is_known_of_a_body_changes_nothing(requests: list[tuple[int, int, str, bool]]) -> None:
    """A body that begins like an earlier one is read as it would be alone: wherever it differs, however written."""
    contexts, alone = Contexts(deltas=False), 0
    for length, branch, order, spaced in requests:
        messages = said(*(text + LONG for text in turns(length)), *[f"branch {branch}" + LONG] * branch)
        tools = {"tools": [{"function": {"name": f"tool{branch}"}}]}
        members: dict[str, Any] = (
            {"messages": messages} | tools if order == "first" else tools | {"messages": messages}
        )
        data = json.dumps(members, separators=(", ", ": ") if spaced else (",", ":")).encode()
        known = contexts.known(data)
        alone += known is None
        asked = Body(data, known.beginning if known else None)
        found = contexts.read(openai_chat.FORMAT, asked, known)
        assert found == Contexts(deltas=False).read(openai_chat.FORMAT, Body(data))
        assert asked.get("messages") == messages
        assert list(asked.items("messages")) == messages or known is None


def test_a_growing_session_is_known() -> None:
    """Each call of a session begins with the one before, and one body of it is kept."""
    contexts = Contexts(deltas=True)
    found = []
    for length in range(10, 40, 2):
        data = json.dumps({"messages": said(*(text + LONG for text in turns(length))), "model": "m"}).encode()
        known = contexts.known(data)
        found.append(known.items if known else 0)
        contexts.read(openai_chat.FORMAT, Body(data, known.beginning if known else None), known)
    assert found == [0, *range(10, 38, 2)]
    assert len(contexts._seen) == 1


def test_answers_that_come_in_together() -> None:
    """Two calls begin with the same earlier one, which the first to end replaces: the second is read all the same."""
    contexts = Contexts(deltas=True)
    bodies = [
        json.dumps({"messages": said(*(text + LONG for text in turns(9)), *more)}).encode()
        for more in ((), ("left",), ("right",))
    ]
    contexts.read(openai_chat.FORMAT, Body(bodies[0]))
    begun = [(data, contexts.known(data)) for data in bodies[1:]]
    for data, known in begun:
        assert known is not None
        assert contexts.read(openai_chat.FORMAT, Body(data, known.beginning), known).count == 10
    assert len(contexts._seen) == 2
    assert contexts._seen_bytes == sum(map(len, bodies[1:]))


def test_after_a_loss_all_is_listed_again() -> None:
    """Nothing builds on what nobody will ever receive."""
    contexts = Contexts(deltas=True)
    contexts.read(openai_chat.FORMAT, body(said(*turns(9))))
    contexts.relist()
    again = contexts.read(openai_chat.FORMAT, body(said(*turns(10))))
    assert (again.base, len(again.blocks)) == (None, 10)


def test_content_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """With content capture on, what was said goes with its span and nowhere else."""
    monkeypatch.setattr("otel_burn.manifest._keeps_content", True)
    contexts = Contexts(deltas=False)
    tracemalloc.start()
    try:
        for turn in range(300):
            contexts.read(openai_chat.FORMAT, body(said(f"{turn} {LONG * 4}")))
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_body_that_only_looks_like_another() -> None:
    """The same list under another name, a list within a list, words that look like one: all are read as they are."""
    contexts = Contexts(deltas=False)
    messages = said(*(text + LONG for text in turns(9)))
    for members in (
        {"messages": messages},
        {"tools": messages, "messages": messages},
        {"metadata": {"messages": messages}, "messages": messages},
        {"note": '"messages":[', "messages": messages},
        {"messages": messages[:5], "tools": messages},
        {"messages": messages[:5]},
        {"messages": [*messages[:1], messages]},
    ):
        data = json.dumps(members, separators=(",", ":")).encode()
        known = contexts.known(data)
        found = contexts.read(openai_chat.FORMAT, Body(data, known.beginning if known else None), known)
        assert found == Contexts(deltas=False).read(openai_chat.FORMAT, Body(data))


def test_what_is_remembered_is_bounded() -> None:
    """What was used lately is kept, the rest is forgotten."""
    remembered: Remembered[int] = Remembered(10)
    for key in range(100):
        remembered[key] = key
        assert remembered.get(0) == 0 or key > 0
        remembered.get(5)
    assert remembered.get(5) == 5
    assert sum(remembered.get(key) is not None for key in range(100)) <= 20
