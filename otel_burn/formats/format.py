"""What does a wire format have to say about itself? Where it is spoken, and the pure functions that read it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from otel_burn.exchange import Block, Request, Response
from otel_burn.formats.body import Body, value_of
from otel_burn.formats.fields import Json
from otel_burn.manifest import named


@dataclass(frozen=True, slots=True)
class About:
    """What stands around an answer's body."""

    path: str
    """The path of the request's URL, percent-encoded as it was sent, without the query."""
    asked: Body
    """The request's body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The response's headers that `calls.KEPT_HEADERS` lists, names in lower case."""


class Stream(Protocol):
    """What a streamed answer has said so far. One is made for each answer."""

    def add(self, event: Json) -> None:
        """Take in the next event."""

    def response(self) -> Response:
        """The response as far as it came: `complete` once the protocol's terminator was seen."""


@dataclass(frozen=True, slots=True)
class Part:
    """A member of the request that becomes context."""

    key: str
    read: Callable[[Any], Iterable[Block]]
    """The blocks of one item, where the member is a list, else of its value. Depends on nothing but that value: items
    are read once and remembered. A tool result whose tool stands elsewhere leaves `tool` empty."""
    whole: bool = False
    """Whether a list is read as one value, rather than item by item."""

    def items(self, body: Body) -> Iterable[Any]:
        """What `read` is to be called with, maybe undecoded (`body.value_of`)."""
        if self.whole:
            return (body.get(self.key),) if self.key in body else ()
        return body.items(self.key)


@dataclass(frozen=True, slots=True)
class Format:
    """A wire format."""

    name: str
    operation: str
    """`gen_ai.operation.name`."""
    paths: tuple[str, ...]
    """How the paths of its requests end: `/chat/completions`; `:generateContent` behind a name; `*` stands for one
    segment that may be anything (`/responses/*`), not for two at the end."""
    provider: str
    """`gen_ai.provider.name` where the host doesn't tell."""
    is_request: Callable[[Body], bool]
    """Whether a body has the shape of this format; several formats can share a path."""
    read_request: Callable[[Body, str], Request]
    """The request from its body and its URL's path."""
    context: tuple[Part, ...]
    """What the context is made of, in the provider's prompt order."""
    read_response: Callable[[Json, About], Response]
    """The response from a whole JSON body, success or error."""
    stream: Callable[[About], Stream] | None = None
    """Starts to read a streamed answer; None where the format has none."""
    method: str = "POST"
    opaque: bool = False
    """Whether a good answer may be no JSON at all, but sound or plain text: it is then read as an empty object."""
    usage_on_request: bool = False
    """Whether its streams report usage only when `stream_options.include_usage` asks for it."""

    def blocks(self, body: Body) -> list[Block]:
        """All blocks of a request, each tool result with the name of its tool."""
        found = [
            block for part in self.context for item in part.items(body) for block in part.read(value_of(item))
        ]
        return named(found)
