"""What does a Cohere parse exchange say? Documents to text, billed by the page."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats import cohere_usage
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, mapping, text
from otel_burn.formats.format import About, Format, Part


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request to read a document."""
    return isinstance(body.get("document"), dict) and isinstance(body.get("model"), str)


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(model=text(body, "model"))


def read_response(body: Json, _: About) -> Response:
    """The response; an error is a message beside an HTTP status, and has no code."""
    meta, reason = mapping(body, "meta"), text(body, "finish_reason")
    return Response(
        id=text(body, "id"),
        usage=cohere_usage.read_usage(meta),
        usage_raw=cohere_usage.read_raw(meta),
        finish_reasons=(reason,) if reason else (),
    )


def _document(document: Any) -> Iterable[Block]:
    yield manifest.block(BlockKind.DOCUMENT, document)


FORMAT: Final = Format(
    name="cohere_parse",
    operation="generate_content",
    paths=("/v2/parse",),
    provider="cohere",
    is_request=is_request,
    read_request=read_request,
    context=(Part("document", _document),),
    read_response=read_response,
)
