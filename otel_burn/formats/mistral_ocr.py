"""What does a Mistral OCR exchange say? Documents to text, billed by the page."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, error_code, mapping, mappings, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.usage import Usage


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request to read a document."""
    return "document" in body


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(model=text(body, "model"))


def read_response(body: Json, _: About) -> Response:
    """The response, success or error."""
    usage = mapping(body, "usage_info")
    pages = count(usage, "pages_processed")
    return Response(
        model=text(body, "model"),
        usage=None if pages is None else Usage(units={"pages": pages}),
        usage_raw=raw(usage),
        output=tuple(
            manifest.block(BlockKind.DOCUMENT, said)
            for page in mappings(body, "pages")
            if (said := text(page, "markdown"))
        ),
        error_type=error_code(body) if body.get("object") == "error" else None,
    )


def _document(document: Any) -> Iterable[Block]:
    kind = BlockKind.IMAGE if isinstance(document, dict) and "image_url" in document else BlockKind.DOCUMENT
    yield manifest.block(kind, document)


FORMAT: Final = Format(
    name="mistral_ocr",
    operation="generate_content",
    paths=("/v1/ocr",),
    provider="mistral_ai",
    is_request=is_request,
    read_request=read_request,
    context=(Part("document", _document),),
    read_response=read_response,
)
