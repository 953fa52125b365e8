"""What was the scripted model asked, and what does it answer, whichever API carries it?"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Lifetime = Literal["5m", "1h"]


BYTES_A_TOKEN = 4


def tokens(text: str) -> int:
    """A tokenizer's count, near enough: four bytes a token."""
    return -(-len(text.encode()) // BYTES_A_TOKEN)


def words(text: str) -> list[str]:
    """The pieces in which a stream delivers *text*; joined, they are the text."""
    return re.findall(r"\S+\s*", text)


def canonical(value: object) -> str:
    """JSON text that is equal for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def text_of(content: str | Sequence[Mapping[str, Any]]) -> str:
    """The words of a message, whether they came in one piece or in parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


@dataclass(frozen=True)
class Block:
    """A piece of the prompt. A *lifetime* asks to cache everything up to here."""

    text: str
    lifetime: Lifetime | None = None


@dataclass(frozen=True)
class Prompt:
    """A request, read: its blocks stand in the provider's prompt order (tools, system, messages)."""

    model: str
    system: str
    blocks: tuple[Block, ...]
    turn: int
    """How many answers the conversation has already."""
    stream: bool = False
    wants_usage: bool = True
    limit: int | None = None
    """How many tokens the answer may have, thoughts included."""


@dataclass(frozen=True)
class ToolUse:
    """The model asks for a tool."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Consumption:
    """Billed tokens, in disjoint classes; only *reasoning* is a part of *output*."""

    uncached: int
    cache_read: int
    cache_write_5m: int
    cache_write_1h: int
    output: int = 0
    reasoning: int = 0

    @property
    def cache_write(self) -> int:
        """Everything written to the cache."""
        return self.cache_write_5m + self.cache_write_1h

    @property
    def input(self) -> int:
        """Everything read by the model."""
        return self.uncached + self.cache_read + self.cache_write


@dataclass(frozen=True)
class Answer:
    """A response, before an API's format is put around it."""

    id: str
    """Sixteen hex digits, from which each API makes ids in its own style."""
    model: str
    text: str
    tools: tuple[ToolUse, ...]
    consumption: Consumption
    cut: bool = False
    """Whether it ends where the request's limit was reached."""
