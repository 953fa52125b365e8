"""What do Voyage's own exchanges say? Ranking, and embeddings of contexts and images; plain ones speak as OpenAI."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats import cohere_rerank
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, mapping, mappings, raw, text
from otel_burn.formats.format import About, Format, Part


def is_embedding(body: Body) -> bool:
    """Whether *body* has the shape of a request to embed lists of chunks, or of texts and images."""
    return body.is_list("inputs")


def is_rerank(body: Body) -> bool:
    """Whether *body* asks for a ranking with the settings that only Voyage has."""
    return cohere_rerank.is_request(body) and ("top_k" in body or "truncation" in body)


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(model=text(body, "model"))


def read_response(body: Json, _: About) -> Response:
    """The response: `total_tokens` are those that were read, images included; an error has a `detail` alone."""
    usage = mapping(body, "usage")
    return Response(model=text(body, "model"), usage=cohere_rerank.read_tokens(usage), usage_raw=raw(usage))


def _input(item: Any) -> Iterable[Block]:
    for chunk in item if isinstance(item, list) else ():
        yield manifest.block(BlockKind.DOCUMENT, chunk)
    for part in mappings(item, "content") if isinstance(item, dict) else ():
        said = text(part, "text")
        kind = BlockKind.USER if said is not None else BlockKind.IMAGE
        yield manifest.block(kind, part if said is None else said)


EMBEDDINGS: Final = Format(
    name="voyage_embeddings",
    operation="embeddings",
    paths=("/v1/multimodalembeddings", "/v1/contextualizedembeddings"),
    provider="voyage_ai",
    is_request=is_embedding,
    read_request=read_request,
    context=(Part("inputs", _input),),
    read_response=read_response,
)
RERANK: Final = Format(
    name="voyage_rerank",
    operation="rerank",
    paths=("/rerank",),
    provider="voyage_ai",
    is_request=is_rerank,
    read_request=read_request,
    context=cohere_rerank.CONTEXT,
    read_response=read_response,
)
