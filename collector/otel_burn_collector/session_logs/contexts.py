"""What stood before an answer? A tree of blocks as the log tells it, each list named, none listed twice.

A log seldom has the system prompt and never all of what was sent, so every list goes on from a beginning that nobody
has: the ledger shows such a context as partial and gives its blocks no share of the bill.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import xxhash

from otel_burn.exchange import Block

UNTOLD: Final = 1
"""Blocks that stand for the beginning which a log leaves out."""


class Node:
    """A place in a conversation: behind *blocks*, which stand behind another place."""

    __slots__ = ("_before", "_blocks", "chain", "count", "listed")

    def __init__(self, before: "Node | None", blocks: Sequence[Block], chain: int, count: int) -> None:
        self._before = before
        self._blocks = blocks
        self.chain = chain
        self.count = count
        self.listed = before is None

    def then(self, blocks: Iterable[Block]) -> "Node":
        """The place behind *blocks*."""
        more = tuple(blocks)
        if not more:
            return self
        said = "\n".join(f"{b.kind}\t{b.hash}\t{b.size}\t{b.tool_call_id}\t{b.error}" for b in more)
        chain = xxhash.xxh3_64_intdigest(said.encode("utf-8", "surrogatepass"), seed=self.chain)
        return Node(self, more, chain, self.count + len(more))

    def listing(self) -> "Listing":
        """What has to be listed of the way here; from now on, others go on from here."""
        listed: list[Sequence[Block]] = []
        at = self
        while not at.listed and at._before is not None:
            listed.append(at._blocks)
            at = at._before
        self.listed, self._before, self._blocks = True, None, ()
        return Listing(self, at, [block for blocks in reversed(listed) for block in blocks])


class Listing(NamedTuple):
    """The blocks between two places."""

    place: Node
    base: Node
    blocks: list[Block]


def beginning(agent: str) -> Node:
    """The place behind what *agent* sends first of all and does not log."""
    return Node(None, (), xxhash.xxh3_64_intdigest(f"untold beginning of {agent}".encode()), UNTOLD)
