"""What is new in a context? Blocks that were read before are remembered, and those that were listed before are named.

Agents send the same context again and again, and each time a little more. A message is read once, and known by the
hash of its bytes from then on. A list of blocks has a name, its *chain*: a hash that grows item by item. The longest
beginning that an earlier call listed is named by that call's chain and listed no more.
"""

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain as concatenated
from typing import Any, Final, Generic, TypeVar

import msgspec
import xxhash

from otel_burn.exchange import Block
from otel_burn.formats.body import Beginning, Body, value_of
from otel_burn.formats.format import Format, Part
from otel_burn.manifest import keeps_content, named

V = TypeVar("V")

_REMEMBERED_ITEMS: Final = 8192
"""Items (messages, tools) that are remembered as read: some megabytes."""
_MOST_BLOCKS: Final = 64
_SMALL: Final = 4 * 1024
"""What an item that is remembered has at most: blocks, and bytes where its content is kept."""
_REMEMBERED_PLACES: Final = 32768
"""Places in listed contexts at which a later one can go on."""
_WORTH_KEEPING: Final = 16 * 1024
"""Bytes of a request body below which looking for its beginning among earlier ones costs more than reading it."""
_KEPT_BYTES: Final = 16 * 1024 * 1024
"""Bytes of earlier request bodies that are kept at most."""
_DENSEST: Final = 32
"""Bytes of an item on average; of smaller ones, as of tokens to embed, what is kept besides the bytes would be more."""
_STEP: Final = 16 * 1024
"""Bytes that are compared at once, to begin with."""
_DELTAS: Final = 4
"""A full listing comes again once the deltas since the last one exceed one part in this many of it."""
_MASK: Final = 2**64 - 1
_MIX: Final = 0x9E3779B97F4A7C15
"""2⁶⁴ divided by the golden ratio: an odd multiplier that spreads bits (Knuth's multiplicative hashing)."""


@dataclass(frozen=True, slots=True)
class Context:
    """A request's blocks: all of them, or those after the beginning that `base` names."""

    blocks: list[Block]
    """What has to be listed."""
    count: int
    """How many blocks the whole context has."""
    chain: str
    """The name of the whole list, 16 hex digits."""
    base: str | None = None
    base_blocks: int = 0


@dataclass(frozen=True, slots=True)
class _Item:
    """One message or tool, read."""

    blocks: tuple[Block, ...]
    digest: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a context that was listed: behind its first `blocks` blocks."""

    base: str
    blocks: int
    full: int
    """Blocks of the last full listing before it."""
    deltas: int
    """Blocks listed since."""


class Remembered(Generic[V]):
    """A mapping that forgets what was not used for a while: two generations of at most *size* entries."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: dict[int, V] = {}
        self._old: dict[int, V] = {}

    def get(self, key: int) -> V | None:
        """The value of *key*, if it is remembered."""
        if (found := self._young.get(key)) is None and (found := self._old.get(key)) is not None:
            self[key] = found
        return found

    def __setitem__(self, key: int, value: V) -> None:
        if len(self._young) >= self._size:
            self._old, self._young = self._young, {}
        self._young[key] = value


@dataclass(slots=True)
class _Run:
    """Items in the order of the context, with the name and the number of blocks of each beginning."""

    items: list[_Item]
    chains: list[int]
    counts: list[int]

    def add(self, item: _Item) -> None:
        """The next item."""
        chain, count = (self.chains[-1], self.counts[-1]) if self.items else (0, 0)
        self.items.append(item)
        self.chains.append(((chain ^ item.digest) * _MIX + 1) & _MASK)
        self.counts.append(count + len(item.blocks))

    def extend(self, other: "_Run", start: int, stop: int) -> None:
        """The items of *other* from *start* to *stop*, at once where the same stands before them."""
        before = (self.chains[-1], self.counts[-1]) if self.items else (0, 0)
        if before == ((other.chains[start - 1], other.counts[start - 1]) if start else (0, 0)):
            self.items += other.items[start:stop]
            self.chains += other.chains[start:stop]
            self.counts += other.counts[start:stop]
        else:
            for item in other.items[start:stop]:
                self.add(item)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A body that was read, and where the items of its longest list end in it."""

    format: Format
    data: bytes
    head: memoryview
    """The first step of it: bodies that differ there are not compared any further."""
    key: str
    members: dict[str, Any]
    """The members before it, undecoded."""
    run: _Run
    start: int
    """Where the list's items begin in the run."""
    ends: list[int]
    """Where each of them ends in the data."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a body has in common with one that was read before."""

    seen: _Seen
    items: int
    """How many items of its list."""

    @property
    def beginning(self) -> Beginning:
        """Where the rest of the body begins."""
        return Beginning(self.seen.key, self.seen.members, self.seen.ends[self.items - 1])


class Contexts:
    """Reads the contexts of one process's calls. With *deltas* off, each is listed fully."""

    def __init__(self, *, deltas: bool) -> None:
        self._deltas = deltas
        self._items: Remembered[_Item] = Remembered(_REMEMBERED_ITEMS)
        self._places: Remembered[_Place] = Remembered(_REMEMBERED_PLACES)
        self._seen: deque[_Seen] = deque()
        self._seen_bytes = 0

    def known(self, data: bytes) -> Known | None:
        """What the request body *data* has in common with an earlier one; None for too little to be worth it."""
        best: Known | None = None
        for seen in reversed(self._seen) if len(data) >= _WORTH_KEEPING else ():
            if not data.startswith(seen.head):
                continue
            items = bisect_right(seen.ends, _common(data, seen.data, seen.ends[-1]))
            if items > (best.items if best else 0):
                best = Known(seen, items)
            if items == len(seen.ends):
                break
        return best

    def read(self, format: Format, body: Body, known: Known | None = None) -> Context:
        """The context of a request in *format*, whose *body* begins with what is *known*."""
        run = _Run([], [], [])
        longest: tuple[int, int, str] = (0, 0, "")
        for part in format.context:
            start = len(run.items)
            if known is not None and known.seen.key == part.key:
                run.extend(known.seen.run, known.seen.start, known.seen.start + known.items)
                items: Iterable[Any] = body.rest(part.key)
            else:
                items = part.items(body)
            seed = hash((format.name, part.key)) & _MASK
            for item in items:
                run.add(self._item(part, item, seed))
            if not part.whole:
                longest = max(longest, (len(run.items) - start, start, part.key))
        if _WORTH_KEEPING <= len(body.data) <= _KEPT_BYTES // 4 and not keeps_content():
            self._keep(format, body, known, run, *longest)
        return self._listed(run)

    def relist(self) -> None:
        """List the next contexts fully: what they would build on was lost."""
        self._places = Remembered(_REMEMBERED_PLACES)

    def _listed(self, run: _Run) -> Context:
        count = run.counts[-1] if run.counts else 0
        name = f"{run.chains[-1] if run.chains else 0:016x}"
        at, place = self._place(run.chains) if self._deltas else (0, None)
        listed = count - (place.blocks if place else 0)
        if place is None or (place.deltas + listed) * _DELTAS > place.full:
            self._remember(run, 0, _Place(name, 0, full=count, deltas=0))
            return Context(named(concatenated.from_iterable(item.blocks for item in run.items)), count, name)
        rest = list(concatenated.from_iterable(item.blocks for item in run.items[at:]))
        self._remember(run, at, _Place(name, 0, place.full, place.deltas + listed))
        return Context(rest, count, name, place.base, place.blocks)

    def _item(self, part: Part, item: Any, seed: int) -> _Item:
        if not isinstance(item, msgspec.Raw) or keeps_content():  # content is too large to be remembered
            return _read(part, value_of(item))
        key = xxhash.xxh3_64_intdigest(item, seed=seed)
        if (found := self._items.get(key)) is None:
            found = _read(part, value_of(item))
            if _is_small(found, len(memoryview(item))):
                self._items[key] = found
        return found

    def _place(self, chains: list[int]) -> tuple[int, _Place | None]:
        """The longest beginning that is listed already: how many items it has, and where that is."""
        for at in range(len(chains), 0, -1):
            if (place := self._places.get(chains[at - 1])) is not None:
                return at, place
        return 0, None

    def _remember(self, run: _Run, at: int, listing: _Place) -> None:
        if self._deltas:
            for chain, blocks in zip(run.chains[at:], run.counts[at:], strict=True):
                self._places[chain] = replace(listing, blocks=blocks)

    def _keep(
        self, format: Format, body: Body, known: Known | None, run: _Run, count: int, start: int, key: str
    ) -> None:
        """Keep a long *body* for the next one, which may begin with it: *count* items of *key*, from *start* on."""
        if known is not None and known.seen.key != key:
            known = None
        ends = _ends(body, key, known)
        if not count or len(ends) != count or count * _DENSEST > len(body.data):
            return
        if known is not None and known.items == len(known.seen.ends):
            self._forget(known.seen)  # this one begins with all of it
        self._seen.append(
            _Seen(format, body.data, memoryview(body.data)[:_STEP], key, body.before(key), run, start, ends)
        )
        self._seen_bytes += len(body.data)
        while self._seen_bytes > _KEPT_BYTES:
            self._forget(self._seen[0])

    def _forget(self, seen: _Seen) -> None:
        with suppress(ValueError):  # forgotten already, while the answer of a call that began with it came in
            self._seen.remove(seen)
            self._seen_bytes -= len(seen.data)


def _is_small(item: _Item, size: int) -> bool:
    """Whether *item*, made of *size* bytes, can be remembered beside thousands: with content capture it keeps them."""
    return len(item.blocks) <= _MOST_BLOCKS and (
        size <= _SMALL or all(b.content is None for b in item.blocks)
    )


def _read(part: Part, value: Any) -> _Item:
    blocks = tuple(part.read(value))
    said = "\n".join(
        f"{b.kind}\t{b.hash}\t{b.size}\t{b.tool}\t{b.tool_call_id}\t{b.error}\t{b.sketch}" for b in blocks
    )
    return _Item(blocks, xxhash.xxh3_64_intdigest(said.encode("utf-8", "surrogatepass")))


def _common(data: bytes, other: bytes, end: int) -> int:
    """How many bytes two bodies begin with in common, as far as the *end* of what is of interest in the *other*."""
    view = memoryview(other)  # a copy of half a megabyte costs as much as all the rest of a call
    if data.startswith(view[:end]):
        return end
    at, step = 0, _STEP
    while step:
        if at + step <= end and data.startswith(view[at : at + step], at):
            at += step
        else:
            step //= 2
    return at


def _ends(body: Body, key: str, known: Known | None) -> list[int]:
    """Where each item of the list *key* ends in the body; nothing where they aren't found one behind the other."""
    data = body.data
    ends = known.seen.ends[: known.items] if known else []
    if not ends:
        opening = re.compile(rb'"%b"\s*:\s*\[\s*' % re.escape(key.encode())).search(data)
        at = opening.end() if opening else -1
    for raw in body.rest(key):
        if not isinstance(raw, msgspec.Raw):
            return []
        text = bytes(raw)
        if ends:
            between = _BETWEEN.match(data, ends[-1])
            at = between.end() if between else -1
        if at < 0 or not data.startswith(text, at):
            return []
        ends.append(at + len(text))
    return ends


_BETWEEN: Final = re.compile(rb"\s*,\s*")
