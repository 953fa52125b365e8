"""What is new in a context? Blocks that were read before are remembered, and those that were listed before are named.

Agents send the same context again and again, and each time a little more. A message is read once, and known by the
hash of its bytes from then on. A list of blocks has a name, its *chain*: a hash that grows item by item. The longest
beginning that an earlier call listed is named by that call's chain and listed no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain as concatenated
from typing import Any, Final, Generic, TypeVar

import msgspec
import xxhash

from otel_burn.exchange import Block
from otel_burn.formats.body import Body, value_of
from otel_burn.formats.format import Format, Part
from otel_burn.manifest import named

V = TypeVar("V")

_REMEMBERED_ITEMS: Final = 8192
"""Items (messages, tools) that are remembered as read: some megabytes."""
_REMEMBERED_PLACES: Final = 32768
"""Places in listed contexts at which a later one can go on."""
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


class Contexts:
    """Reads the contexts of one process's calls. With *deltas* off, each is listed fully."""

    def __init__(self, *, deltas: bool) -> None:
        self._deltas = deltas
        self._items: Remembered[_Item] = Remembered(_REMEMBERED_ITEMS)
        self._places: Remembered[_Place] = Remembered(_REMEMBERED_PLACES)

    def read(self, format: Format, body: Body) -> Context:
        """The context of a request in *format*."""
        items = [self._item(format, part, item) for part in format.context for item in part.items(body)]
        chains = _chains(items)
        count = sum(len(item.blocks) for item in items)
        name = f"{chains[-1] if chains else 0:016x}"
        at, place = self._known(chains) if self._deltas else (0, None)
        listed = count - (place.blocks if place else 0)
        if place is None or (place.deltas + listed) * _DELTAS > place.full:
            self._remember(items, chains, 0, _Place(name, 0, full=count, deltas=0))
            return Context(named(concatenated.from_iterable(item.blocks for item in items)), count, name)
        rest = list(concatenated.from_iterable(item.blocks for item in items[at:]))
        self._remember(items, chains, at, _Place(name, place.blocks, place.full, place.deltas + listed))
        return Context(rest, count, name, place.base, place.blocks)

    def _item(self, format: Format, part: Part, item: Any) -> _Item:
        if not isinstance(item, msgspec.Raw):
            return _read(part, item)
        key = xxhash.xxh3_64_intdigest(item, seed=hash((format.name, part.key)) & _MASK)
        if (found := self._items.get(key)) is None:
            self._items[key] = found = _read(part, value_of(item))
        return found

    def _known(self, chains: list[int]) -> tuple[int, _Place | None]:
        """The longest beginning that is listed already: how many items it has, and where that is."""
        for at in range(len(chains), 0, -1):
            if (place := self._places.get(chains[at - 1])) is not None:
                return at, place
        return 0, None

    def _remember(self, items: list[_Item], chains: list[int], at: int, start: _Place) -> None:
        if not self._deltas:
            return
        blocks = start.blocks
        for item, chain in zip(items[at:], chains[at:], strict=True):
            blocks += len(item.blocks)
            self._places[chain] = _Place(start.base, blocks, start.full, start.deltas)


def _chains(items: Iterable[_Item]) -> list[int]:
    """The name of each beginning of *items*."""
    chain, found = 0, []
    for item in items:
        chain = ((chain ^ item.digest) * _MIX + 1) & _MASK
        found.append(chain)
    return found


def _read(part: Part, value: Any) -> _Item:
    blocks = tuple(part.read(value))
    said = "\n".join(
        f"{b.kind}\t{b.hash}\t{b.size}\t{b.tool}\t{b.tool_call_id}\t{b.error}\t{b.sketch}" for b in blocks
    )
    return _Item(blocks, xxhash.xxh3_64_intdigest(said.encode("utf-8", "surrogatepass")))
