"""What was asked of a model, and what came back? The one shape that every wire format is read into."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from otel_burn.usage import Usage, UsageStatus

AttributeValue: TypeAlias = str | bool | int | float | list[str] | list[int]


class BlockKind(StrEnum):
    """What a block of context is."""

    SYSTEM = "system"
    TOOL_DEFINITION = "tool_definition"
    USER = "user"
    ASSISTANT = "assistant"
    REASONING = "reasoning"
    TOOL_CALL = "tool_call"
    TOOL_RESULT = "tool_result"
    IMAGE = "image"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a request's context: what it is and how large, never what it says."""

    kind: BlockKind
    hash: str
    """16 hex digits over the canonical content, without role or provider: equal content, equal hash."""
    size: int
    """Bytes of the canonical content in UTF-8."""
    tool: str = ""
    tool_call_id: str = ""
    error: str = ""
    """The class of error that a tool result reports; "" for none."""
    sketch: str = ""
    """A near-duplicate sketch of a tool result (`manifest.sketch`)."""
    content: Any = field(default=None, compare=False, repr=False)
    """The JSON value itself; kept only while content capture is on (`manifest.keep_content`)."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call that the model asked for; its arguments as hashes only."""

    id: str
    name: str
    args_hash: str
    args_size: int
    args: dict[str, str]
    """Each top-level argument's name with the hash of its value, white space normalised; at most 64 of them. In place
    of a name that no parameter has, which may be content, stands `~` and its hash."""
    effect: str
    """`read`, `write`, `run` or `unknown` (`effects.effect`)."""
    sketch: str = ""
    """A near-duplicate sketch of the arguments (`manifest.sketch`)."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a request asks for, beside its context."""

    model: str | None
    stream: bool = False
    parameters: dict[str, AttributeValue] = field(default_factory=dict)
    """`gen_ai.request.*` attributes beside model and stream."""


@dataclass(frozen=True, slots=True)
class Response:
    """What a response body or stream says, as far as it came."""

    id: str | None = None
    model: str | None = None
    usage: Usage | None = None
    usage_raw: str | None = None
    """The provider's own usage object as JSON; numbers and tier names only, no content."""
    finish_reasons: tuple[str, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    service_tier: str | None = None
    region: str | None = None
    speed: str | None = None
    """The speed at which the provider served, where it sells several (`fast`)."""
    output: tuple[Block, ...] = ()
    """The blocks of the answer, hashed as they will be when they are sent back as context."""
    deferred: bool = False
    """Whether the provider goes on working in the background: the usage follows on a later fetch of `id`."""
    more: tuple["Response", ...] = ()
    """Further model responses in the same HTTP answer, as in the results of a batch."""
    complete: bool = True
    """Whether the protocol's own terminator was seen; the end of the bytes proves nothing."""
    error_type: str | None = None
    """The provider's error class, from an error body or from within a stream."""

    @property
    def usage_status(self) -> UsageStatus:
        """How far the usage of this response can be trusted."""
        if self.usage is None:
            return UsageStatus.MISSING
        return UsageStatus.EXACT if self.complete else UsageStatus.PARTIAL
