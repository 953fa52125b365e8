"""What does a rerank exchange say? Cohere's path and shape, which Jina, Together, vLLM and others speak too."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats import cohere_usage
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, error_code, mapping, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.usage import Usage


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request to rank documents."""
    return "query" in body and body.is_list("documents")


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(model=text(body, "model"))


def read_response(body: Json, _: About) -> Response:
    """The response: Cohere bills searches, others the tokens that were read."""
    meta, usage = mapping(body, "meta"), mapping(body, "usage")
    return Response(
        id=text(body, "id"),
        model=text(body, "model"),
        usage=cohere_usage.read_usage(meta) or read_tokens(usage),
        usage_raw=cohere_usage.read_raw(meta) or raw(usage),
        error_type=error_code(error) if isinstance(error := body.get("error"), dict) else None,
    )


def read_tokens(usage: Json) -> Usage | None:
    """The tokens read, where a *usage* object has them: there is nothing else that the total could count."""
    given = count(usage, "prompt_tokens")
    given = count(usage, "total_tokens") if given is None else given
    return (
        None if given is None else Usage(input_tokens=given, output_tokens=count(usage, "completion_tokens"))
    )


def _query(query: Any) -> Iterable[Block]:
    yield manifest.block(BlockKind.USER, query)


def _document(document: Any) -> Iterable[Block]:
    said = text(document, "text") if isinstance(document, dict) and len(document) == 1 else None
    yield manifest.block(BlockKind.DOCUMENT, document if said is None else said)


CONTEXT: Final = (Part("query", _query), Part("documents", _document))

FORMAT: Final = Format(
    name="cohere_rerank",
    operation="rerank",
    paths=("/rerank",),
    provider="cohere",
    is_request=is_request,
    read_request=read_request,
    context=CONTEXT,
    read_response=read_response,
)
