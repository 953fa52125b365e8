"""How much of a prompt comes from the provider's cache, and how much is written to it?"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from otel_burn.demo.dialogue import Block, Consumption, Lifetime, Prompt, tokens

AUTOMATIC_MINIMUM = 1024
AUTOMATIC_STEP = 128
"""OpenAI caches prefixes from 1,024 tokens on, in steps of 128, without being asked and without a fee."""

MARKED_MINIMUM = 1024
"""Anthropic caches up to a mark, from 1,024 tokens on for most models."""
LOOKBACK = 20
"""How many blocks before its last mark Anthropic looks for an older entry."""


@dataclass
class PromptCache:
    """Prefixes that were sent before. Nothing expires: a demo is over before five minutes are."""

    prefixes: set[tuple[str, str]] = field(default_factory=set)

    def automatic(self, prompt: Prompt) -> Consumption:
        """OpenAI: the longest prefix seen before is read; nobody pays for writing."""
        chain, sums = _chain(prompt.blocks)
        known = [
            total for link, total in zip(chain, sums, strict=True) if (prompt.model, link) in self.prefixes
        ]
        self.prefixes.update((prompt.model, link) for link in chain)
        read = max(known, default=0)
        read = read // AUTOMATIC_STEP * AUTOMATIC_STEP if read >= AUTOMATIC_MINIMUM else 0
        return Consumption(sums[-1] - read, read, 0, 0)

    def marked(self, prompt: Prompt) -> Consumption:
        """Anthropic: from the last known entry up to each mark is written, for the mark's lifetime."""
        chain, sums = _chain(prompt.blocks)
        marks = [
            at for at, block in enumerate(prompt.blocks) if block.lifetime and sums[at] >= MARKED_MINIMUM
        ]
        if not marks:
            return Consumption(sums[-1], 0, 0, 0)
        first = max(0, marks[-1] - LOOKBACK)
        entries = [
            sums[at] for at in range(first, marks[-1] + 1) if (prompt.model, chain[at]) in self.prefixes
        ]
        read = max(entries, default=0)
        self.prefixes.update((prompt.model, chain[at]) for at in marks)
        written = _written(prompt.blocks, sums, marks, read)
        return Consumption(sums[-1] - sums[marks[-1]], read, written["5m"], written["1h"])


Counting = Callable[[PromptCache, Prompt], Consumption]


def _written(
    blocks: Sequence[Block], sums: Sequence[int], marks: Sequence[int], read: int
) -> dict[Lifetime, int]:
    written: dict[Lifetime, int] = {"5m": 0, "1h": 0}
    for at in marks:
        lifetime = blocks[at].lifetime or "5m"
        written[lifetime] += max(0, sums[at] - read)
        read = max(read, sums[at])
    return written


def _chain(blocks: Sequence[Block]) -> tuple[list[str], list[int]]:
    """For each block: the hash of everything up to it, and the tokens up to it."""
    chain, sums = [], []
    digest, total = hashlib.sha256(), 0
    for block in blocks:
        digest.update(hashlib.sha256(block.text.encode()).digest())
        total += tokens(block.text)
        chain.append(digest.hexdigest())
        sums.append(total)
    return chain, sums
