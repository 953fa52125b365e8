"""What does an Ollama embedding exchange say? At `/api/embed`, and at the older `/api/embeddings`."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats import ollama_usage
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, text
from otel_burn.formats.format import About, Format, Part


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request to embed."""
    return "model" in body and ("input" in body or "prompt" in body)


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(model=text(body, "model"))


def read_response(body: Json, _: About) -> Response:
    """The response; the older path reports no usage."""
    return Response(
        model=text(body, "model"),
        usage=ollama_usage.read_usage(body),
        usage_raw=ollama_usage.read_raw(body),
    )


def _input(said: Any) -> Iterable[Block]:
    yield manifest.block(BlockKind.USER, said)


FORMAT: Final = Format(
    name="ollama_embed",
    operation="embeddings",
    paths=("/api/embed", "/api/embeddings"),
    provider="ollama",
    is_request=is_request,
    read_request=read_request,
    context=(Part("input", _input), Part("prompt", _input)),
    read_response=read_response,
)
