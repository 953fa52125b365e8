"""Which call does a call without a conversation id go on from? The one whose request and answer begin its context."""

from bisect import bisect_right, insort
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa

from otel_burn_collector.ledger.chains import Part

_CALLS, _PLACES = 32, 3
"""Calls, and ends of contexts, that are looked at for each call, the latest first. An agent's next call goes on from
its last one or, where answers were sampled in parallel, from one of a few that asked the same."""
_ANSWER_BLOCKS: Final = 64
_REASONING_BLOCKS: Final = 8
"""Blocks behind a context that are compared with its answer: reasoning comes back with them, changed, or not at all."""
_ANSWERING: Final = ("assistant", "tool_call")

Address = tuple[int, int]
"""A branch and a position in it."""


class Call(NamedTuple):
    """What threading needs to know of a call."""

    group_key: int
    call_id: str
    started: int
    opening: int | None
    """The first block of its context that is neither system prompt nor tool definition."""
    blocks: int
    parts: tuple[Part, ...]
    answer: tuple[int, ...] | None
    """Keys of the blocks of its answer, sorted, without reasoning; None when nobody knows it."""
    thread_id: str | None = None
    """Set for calls that are threaded already."""
    continued: bool = False


class Carried(NamedTuple):
    """The latest call whose answer another one carries in its context."""

    call_id: str
    thread_id: str | None
    continued: bool


class Threaded(NamedTuple):
    """Where a call belongs."""

    thread_id: str
    previous_call_id: str | None
    parent_thread_id: str | None


class Block(NamedTuple):
    """What stands at an address."""

    kind: str
    key: int


THREADED: Final = pa.schema({"call_id": pa.string(), **dict.fromkeys(Threaded._fields, pa.string())})
PLACES: Final = pa.schema({"branch": pa.int64(), "position": pa.int64()})
UNCERTAIN: Final = pa.schema({"call_id": pa.string()})


def call_of(row: Mapping[str, Any]) -> Call:
    """A call from a row of `steps/read_threading.sql` or `steps/read_ends.sql`."""
    parts = tuple(Part(**part) for part in row["parts"])
    answer = None if row["answer"] is None else tuple(sorted(row["answer"])[:_ANSWER_BLOCKS])
    return Call(**{**row, "parts": parts, "answer": answer})


def candidates(calls: Sequence[Call], before: Iterable[Call]) -> Mapping[str, Sequence[Call]]:
    """For each of *calls*, in the order of their start, the earlier ones whose whole context begins its own."""
    ends: dict[tuple[int, int], list[int]] = {}
    at: dict[tuple[int, int, int], list[Call]] = {}

    def add(call: Call) -> None:
        end = call.parts[-1]
        place = (call.group_key, end.branch, end.last)
        if place not in at:
            insort(ends.setdefault(place[:2], []), end.last)
        at.setdefault(place, []).append(call)

    for call in before:
        add(call)
    found = {}
    for call in calls:
        found[call.call_id] = list(_behind(call, ends, at))
        add(call)
    return found


def _behind(
    call: Call, ends: Mapping[tuple[int, int], list[int]], at: Mapping[tuple[int, int, int], list[Call]]
) -> Iterator[Call]:
    calls, places = _CALLS, _PLACES
    for part in reversed(call.parts):
        positions = ends.get((call.group_key, part.branch), [])
        for index in range(bisect_right(positions, part.last) - 1, -1, -1):
            if not (places and calls):
                return
            places -= 1
            for earlier in reversed(at[call.group_key, part.branch, positions[index]]):
                if calls:
                    calls -= 1
                    yield earlier


def places(calls: Sequence[Call], found: Mapping[str, Sequence[Call]]) -> set[Address]:
    """Where the answers of the candidates would stand."""
    return {address for call in calls for each in found[call.call_id] for address in _following(call, each)}


def _following(call: Call, earlier: Call) -> Iterator[Address]:
    first = earlier.blocks + 1
    last = min(call.blocks, earlier.blocks + len(earlier.answer or ()) + 1 + _REASONING_BLOCKS)
    for part in call.parts:
        for position in range(max(part.first, first), min(part.last, last) + 1):
            yield part.branch, position


def _holds(call: Call, earlier: Call, blocks: Mapping[Address, Block]) -> bool:
    """Whether *earlier*'s answer follows its context in that of *call*, in whatever order its parts are sent back."""
    following = [blocks[place] for place in _following(call, earlier) if place in blocks]
    rest = [block for block in following if block.kind != "reasoning"]
    if not earlier.answer:
        return bool(rest) and rest[0].kind in _ANSWERING
    return tuple(sorted(block.key for block in rest[: len(earlier.answer)])) == earlier.answer


def thread(
    calls: Sequence[Call],
    found: Mapping[str, Sequence[Call]],
    blocks: Mapping[Address, Block],
    carried: Mapping[str, Carried | None],
) -> tuple[Mapping[str, Threaded], Collection[str]]:
    """Where each of *calls* belongs, and those of them for which *carried* does not say what it should.

    Decided in the order of their start, so that a later call changes nothing for an earlier one.
    """
    threads: dict[str, str] = {}
    continued: set[str] = set()
    uncertain: list[str] = []
    threaded: dict[str, Threaded] = {}

    def is_free(earlier: Call | Carried) -> bool:
        return not earlier.continued and earlier.call_id not in continued

    def thread_of(earlier: Call | Carried) -> str:
        return threads.get(earlier.call_id) or earlier.thread_id or earlier.call_id

    for call in calls:
        behind = found[call.call_id]
        answered = [each for each in behind if each.blocks < call.blocks and _holds(call, each, blocks)]
        previous: Call | Carried | None = next(filter(is_free, answered), None)
        parent: Call | Carried | None = None
        if previous is None:
            if call.call_id not in carried:
                uncertain.append(call.call_id)
            source = carried.get(call.call_id)
            if source is not None and is_free(source):
                previous = source
            else:
                parent = next(iter(answered), None) or source or _fork(call, behind)
        if previous is not None:
            continued.add(previous.call_id)
        threads[call.call_id] = thread_of(previous) if previous is not None else call.call_id
        threaded[call.call_id] = Threaded(
            threads[call.call_id],
            previous.call_id if previous is not None else None,
            thread_of(parent) if parent is not None else None,
        )
    return threaded, uncertain


def _fork(call: Call, behind: Sequence[Call]) -> Call | None:
    """The call that *call* branches off from: it shares more than system prompt, tools and the first block after."""
    deep = [each for each in behind if call.opening is None or each.blocks > call.opening]
    return min(deep, key=lambda each: (-each.blocks, each.started, each.call_id), default=None)


def thread_rows(threaded: Mapping[str, Threaded]) -> pa.Table:
    """Where calls belong, as a table."""
    rows = [{"call_id": call_id, **each._asdict()} for call_id, each in threaded.items()]
    return pa.Table.from_pylist(rows, schema=THREADED)


def place_rows(addresses: Collection[Address]) -> pa.Table:
    """Addresses as a table."""
    ordered = sorted(addresses)
    return pa.table([[branch for branch, _ in ordered], [place for _, place in ordered]], schema=PLACES)
