"""What does a Writer text completion say? Texts without usage; a stream is the pieces alone, without an end."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, mappings, parameters, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.manifest import Gathered


def is_request(body: Body) -> bool:
    """Whether *body* asks one of Writer's models: OpenAI's completions have the same path and shape."""
    return "prompt" in body and (text(body, "model") or "").startswith("palmyra")


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(model=text(body, "model"), stream=body.get("stream") is True, parameters=parameters(body))


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body; an error is known by its HTTP status."""
    return Response(
        model=text(body, "model"),
        output=tuple(
            manifest.block(BlockKind.ASSISTANT, said)
            for choice in mappings(body, "choices")
            if (said := text(choice, "text"))
        ),
    )


class Stream:
    """A streamed response. Nothing marks its end and nothing is counted in it, so whatever came is taken as whole."""

    def __init__(self, _: About) -> None:
        self._said = Gathered()

    def add(self, event: Json) -> None:
        """Take in the next piece."""
        self._said.add(text(event, "value") or "")

    def response(self) -> Response:
        """The response as far as it came."""
        said = (self._said.block(BlockKind.ASSISTANT),) if self._said else ()
        return Response(output=said, complete=bool(said))


def _prompt(said: Any) -> Iterable[Block]:
    yield manifest.block(BlockKind.USER, said)


FORMAT: Final = Format(
    name="writer_completions",
    operation="text_completion",
    paths=("/v1/completions",),
    provider="writer",
    is_request=is_request,
    read_request=read_request,
    context=(Part("prompt", _prompt),),
    read_response=read_response,
    stream=Stream,
)
