"""What does an OpenAI embeddings exchange say? Also spoken by Voyage, Mistral, Jina and many other hosts."""

from dataclasses import replace
from typing import Final

from otel_burn import names
from otel_burn.exchange import AttributeValue, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, mapping, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.openai_chat import deployment, error_of
from otel_burn.formats.openai_completions import texts
from otel_burn.formats.openai_usage import read_usage
from otel_burn.usage import Usage


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of an embeddings request."""
    return "input" in body and isinstance(body.get("model", ""), str)


def read_request(body: Body, path: str) -> Request:
    """The request."""
    found: dict[str, AttributeValue] = {}
    # Voyage and Mistral name the same size output_dimension.
    if size := count(body, "dimensions") or count(body, "output_dimension"):
        found[names.EMBEDDINGS_DIMENSION_COUNT] = size
    if encoding := text(body, "encoding_format"):
        found[names.REQUEST_ENCODING_FORMATS] = [encoding]
    return Request(model=text(body, "model") or deployment(path), parameters=found)


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error."""
    usage = mapping(body, "usage")
    return Response(
        id=text(body, "id"),
        model=text(body, "model") or about.headers.get("x-ms-served-model"),
        usage=_read_usage(usage),
        usage_raw=raw(usage),
        region=about.headers.get("x-ms-region"),
        error_type=error_of(body),
    )


def _read_usage(usage: Json) -> Usage | None:
    """The counts: all that an embedding reads is input. Voyage and Jina report it as the total alone."""
    found, total = read_usage(usage), count(usage, "total_tokens")
    if total is None or (found and found.input_tokens is not None):
        return found
    return replace(found or Usage(), input_tokens=total)


FORMAT: Final = Format(
    name="openai_embeddings",
    operation="embeddings",
    paths=("/embeddings",),
    provider="openai_compatible",
    is_request=is_request,
    read_request=read_request,
    context=(Part("input", texts, whole=True),),
    read_response=read_response,
)
