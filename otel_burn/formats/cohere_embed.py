"""What does a Cohere embedding exchange say? Both versions of the API."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats import cohere_usage
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, mapping, mappings, text
from otel_burn.formats.format import About, Format, Part


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request to embed texts or images."""
    return any(body.is_list(key) for key in ("texts", "images", "inputs"))


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(model=text(body, "model"))


def read_response(body: Json, _: About) -> Response:
    """The response; an error is a message beside an HTTP status, and has no code."""
    meta = mapping(body, "meta")
    return Response(
        id=text(body, "id"), usage=cohere_usage.read_usage(meta), usage_raw=cohere_usage.read_raw(meta)
    )


def _text(said: Any) -> Iterable[Block]:
    yield manifest.block(BlockKind.USER, said)


def _image(image: Any) -> Iterable[Block]:
    yield manifest.block(BlockKind.IMAGE, image)


def _input(item: Any) -> Iterable[Block]:
    for part in mappings(item, "content") if isinstance(item, dict) else ():
        said = text(part, "text")
        yield from _image(part) if said is None else _text(said)


FORMAT: Final = Format(
    name="cohere_embed",
    operation="embeddings",
    paths=("/v1/embed", "/v2/embed"),
    provider="cohere",
    is_request=is_request,
    read_request=read_request,
    context=(Part("texts", _text), Part("images", _image), Part("inputs", _input)),
    read_response=read_response,
)
