"""What does an Ollama generate exchange say? One prompt at `/api/generate`, answered as a chat is."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Response
from otel_burn.formats import ollama_chat
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json
from otel_burn.formats.format import About, Format, Part


def is_request(body: Body) -> bool:
    """Whether *body* asks for text: without a prompt it only loads the model."""
    return "model" in body and bool(body.get("prompt"))


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body."""
    return ollama_chat.read_response(_as_chat(body), about)


class Stream(ollama_chat.Stream):
    """A streamed response, complete once a line said `done`."""

    def add(self, event: Json) -> None:
        """Take in the next line."""
        super().add(_as_chat(event))


def _as_chat(body: Json) -> Json:
    return body | {"message": {"content": body.get("response"), "thinking": body.get("thinking")}}


def _said(kind: BlockKind) -> Any:
    def read(said: Any) -> Iterable[Block]:
        if isinstance(said, str) and said:
            yield manifest.block(kind, said)

    return read


FORMAT: Final = Format(
    name="ollama_generate",
    operation="text_completion",
    paths=("/api/generate",),
    provider="ollama",
    is_request=is_request,
    read_request=ollama_chat.read_request,
    context=(
        Part("system", _said(BlockKind.SYSTEM)),
        Part("prompt", _said(BlockKind.USER)),
        Part("suffix", _said(BlockKind.USER)),
        Part("images", _said(BlockKind.IMAGE)),
    ),
    read_response=read_response,
    stream=Stream,
)
