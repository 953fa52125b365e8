"""Where does each listed context begin? A delta goes on from a list that another call named, whichever came first."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import pyarrow as pa

KEYS: Final = 2**64
"""Node keys are sums modulo this."""
_STEPS: Final = 64
"""Times that a list is placed at most: lists that name each other in circles end here."""


class Listed(NamedTuple):
    """A list as it arrived, a row of `steps/read_lists.sql`."""

    report_id: str
    chain_key: int | None
    base_key: int | None
    base_blocks: int
    listed: int
    """Blocks that it lists itself."""
    opening: int | None
    """The first of them that is neither system prompt nor tool definition."""
    own_sum: int
    own_bytes: int
    sums: Sequence[int] | None
    """What each of its blocks adds up to from its first; and so for their bytes."""
    sizes: Sequence[int] | None


class Part(NamedTuple):
    """Blocks of a branch, from position to position."""

    branch: int
    first: int
    last: int


class Path(NamedTuple):
    """A whole list, as far as it is known."""

    report_id: str
    chain_key: int | None
    node_key: int
    blocks: int
    bytes: int
    opening: int | None
    missing: int
    """Blocks at its beginning that nobody has told yet."""
    start: "Place"
    """Where its own blocks begin; for a stored path, where it begins."""
    base: "Path | None" = None
    listed: Listed | None = None
    """None: it is stored, and `parts` says where."""
    parts: tuple[Part, ...] = ()


class Place(NamedTuple):
    """Behind a block of some list: the sum of the keys and bytes up to it, and what is known of the way there."""

    node_key: int
    bytes: int
    opening: int | None
    missing: int
    blocks: int


_ROOT: Final = Place(node_key=0, bytes=0, opening=None, missing=0, blocks=0)

STARTS: Final = pa.schema({"report_id": pa.string(), "start_key": pa.uint64(), "start_bytes": pa.int64()})
PATHS: Final = pa.schema(
    {
        "report_id": pa.string(),
        "node_key": pa.uint64(),
        "blocks": pa.int64(),
        "bytes": pa.int64(),
        "opening": pa.int64(),
        "missing": pa.int64(),
        "parts": pa.list_(pa.struct({"branch": pa.int64(), "first": pa.int64(), "last": pa.int64()})),
    }
)
BRANCHED: Final = pa.schema({"node_key": pa.uint64(), "branch": pa.int64()})


def stored_path(row: Mapping[str, Any]) -> Path:
    """A path from a row of `steps/read_bases.sql`."""
    return Path(
        **{**row, "parts": tuple(Part(**part) for part in row["parts"])},
        start=_ROOT,
    )


Cuts = Mapping[tuple[int, int], tuple[int, int]]
"""For a stored list's name and a number of blocks, the key and the bytes up to there."""


def place(lists: Sequence[Listed], stored: Iterable[Path], cuts: Cuts) -> Mapping[str, Path]:
    """The path of each list, by report: the same whatever order lists arrived in."""
    placing = _Placing(lists, cuts)
    for path in sorted(stored, key=_rank):  # whole ones first, so that none goes on from a part without need
        placing.offer(path)
        placing.settle()
    for each in lists:
        if each.report_id not in placing.placed:
            placing.ready.append(each)
            placing.settle()
    return placing.placed


class _Placing:
    """Lists that wait for the one that they go on from, and those that wait for nothing any more."""

    def __init__(self, lists: Sequence[Listed], cuts: Cuts) -> None:
        self.placed: dict[str, Path] = {}
        self.ready = deque(each for each in lists if each.base_key is None or each.base_blocks == 0)
        self._waiting: defaultdict[int | None, list[Listed]] = defaultdict(list)
        for each in lists:
            if each.base_key is not None and each.base_blocks > 0:
                self._waiting[each.base_key].append(each)
        self._known: dict[int, Path] = {}
        self._steps = _STEPS * (len(lists) + 1)
        self._cuts = cuts

    def offer(self, path: Path) -> None:
        """Others may go on from *path*, unless a better one has its name."""
        if path.chain_key is None:
            return
        best = self._known.get(path.chain_key)
        if best is None or best.report_id == path.report_id or _rank(path) < _rank(best):
            self._known[path.chain_key] = path
            self.ready.extend(self._waiting[path.chain_key])

    def settle(self) -> None:
        """Place what is ready, and what becomes ready by it."""
        while self.ready and self._steps:
            self._steps -= 1
            each = self.ready.popleft()
            base = self._known.get(each.base_key) if each.base_key is not None else None
            path = _path(each, base, self._cuts)
            before = self.placed.get(each.report_id)
            if before is None or (before.node_key, before.missing) != (path.node_key, path.missing):
                self.placed[each.report_id] = path
                self.offer(path)
        self.ready.clear()


def _rank(path: Path) -> tuple[int, str]:
    return path.missing, path.report_id


def _path(each: Listed, base: Path | None, cuts: Cuts) -> Path:
    start: Place | None = _ROOT
    if each.base_key is not None and each.base_blocks > 0:
        start = _place_in(base, each.base_blocks, cuts) if base is not None else None
        if start is None:
            base, start = None, _unknown(each.base_key, each.base_blocks)
    else:
        base = None
    assert start is not None  # noqa: S101 - for the type checker
    return Path(
        report_id=each.report_id,
        chain_key=each.chain_key,
        node_key=(start.node_key + each.own_sum) % KEYS,
        blocks=start.blocks + each.listed,
        bytes=start.bytes + each.own_bytes,
        opening=each.opening if start.opening is None else start.opening,
        missing=start.missing,
        start=start,
        base=base,
        listed=each,
    )


def _unknown(base_key: int, blocks: int) -> Place:
    """Behind so many blocks of a list that has not arrived: the same for all that begin with it."""
    key = blake2b(f"{base_key}|{blocks}".encode(), digest_size=8).digest()
    return Place(int.from_bytes(key, "big"), bytes=0, opening=blocks, missing=blocks, blocks=blocks)


def _place_in(path: Path, blocks: int, cuts: Cuts) -> Place | None:
    """Behind the first *blocks* of *path*; None where nobody knows them."""
    if not path.missing <= blocks <= path.blocks:
        return None
    opening = path.opening if path.opening is not None and path.opening <= blocks else None
    while path.listed is not None and blocks < path.start.blocks and path.base is not None:
        path = path.base
    if blocks == path.blocks:
        return Place(path.node_key, path.bytes, opening, path.missing, blocks)
    if blocks == path.start.blocks:
        return path.start._replace(opening=opening)
    if path.listed is None:
        cut = cuts.get((path.chain_key or 0, blocks))
        return cut and Place(cut[0], cut[1], opening, path.missing, blocks)
    if path.listed.sums is None or path.listed.sizes is None:
        return None
    at = blocks - path.start.blocks - 1
    return Place(
        (path.start.node_key + path.listed.sums[at]) % KEYS,
        path.start.bytes + path.listed.sizes[at],
        opening,
        path.missing,
        blocks,
    )


def branch_nodes(nodes: Sequence[tuple[int, int, int | None]], last_branch: int) -> Mapping[int, int]:
    """The branch of each new node, from (node, node before it, branch that ends with that one), by position.

    Where lists part, the longer way goes on in the branch, so that a list has few parts.
    """
    height = {node: 1 for node, _, _ in nodes}
    onward: dict[int, int] = {}
    for node, before, _ in reversed(nodes):
        if before in height:
            height[before] = max(height[before], height[node] + 1)
    for node, before, _ in nodes:
        if before not in onward or height[node] > height[onward[before]]:
            onward[before] = node
    branches: dict[int, int] = {}
    for node, before, ending in nodes:
        branch = branches.get(before, ending)
        if branch is None or onward[before] != node:
            last_branch += 1
            branch = last_branch
        branches[node] = branch
    return branches


def all_parts(
    placed: Mapping[str, Path], own: Mapping[str, Sequence[Part]]
) -> Mapping[str, tuple[Part, ...]]:
    """The parts of each placed list, from those of the blocks that each lists itself."""
    found: dict[str, tuple[Part, ...]] = {}
    for path in placed.values():
        ahead = [path]
        while (
            (base := ahead[-1].base) is not None and base.listed is not None and base.report_id not in found
        ):
            ahead.append(base)
        for each in reversed(ahead):
            begun: tuple[Part, ...] = ()
            if each.base is not None:
                whole = each.base.parts if each.base.listed is None else found[each.base.report_id]
                begun = _cut(whole, each.start.blocks)
            found[each.report_id] = _joined(begun, tuple(own.get(each.report_id, ())))
    return found


def _cut(parts: Sequence[Part], blocks: int) -> tuple[Part, ...]:
    return tuple(part._replace(last=min(part.last, blocks)) for part in parts if part.first <= blocks)


def _joined(begun: tuple[Part, ...], rest: tuple[Part, ...]) -> tuple[Part, ...]:
    if begun and rest and begun[-1].branch == rest[0].branch and begun[-1].last + 1 == rest[0].first:
        return (*begun[:-1], Part(begun[-1].branch, begun[-1].first, rest[0].last), *rest[1:])
    return begun + rest


def start_rows(placed: Mapping[str, Path]) -> pa.Table:
    """Where the own blocks of each list begin, as a table."""
    rows = [(path.report_id, path.start.node_key, path.start.bytes) for path in placed.values()]
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=STARTS)


def path_rows(placed: Mapping[str, Path], parts: Mapping[str, tuple[Part, ...]]) -> pa.Table:
    """The whole paths, as a table."""
    rows = [
        {name: getattr(path, name) for name in PATHS.names if name != "parts"}
        | {"parts": [part._asdict() for part in parts[path.report_id]]}
        for path in placed.values()
    ]
    return pa.Table.from_pylist(rows, schema=PATHS)


def branch_rows(branches: Mapping[int, int]) -> pa.Table:
    """The branches of nodes, as a table."""
    return pa.table([list(branches), list(branches.values())], schema=BRANCHED)
