"""What does an Ollama System One exchange say? Named questions about a state, answered with probabilities."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, mapping, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.openai_usage import read_usage


def is_request(body: Body) -> bool:
    """Whether *body* has questions about a state."""
    return isinstance(body.get("questions"), dict) and "state" in body


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(model=text(body, "model"))


def read_response(body: Json, _: About) -> Response:
    """The response; an error is a sentence beside an HTTP status, and has no code."""
    usage = mapping(body, "usage")
    return Response(model=text(body, "model"), usage=read_usage(usage), usage_raw=raw(usage))


def _state(state: Any) -> Iterable[Block]:
    yield manifest.block(BlockKind.USER, state)


def questions(asked: Any) -> Iterable[Block]:
    """A block for each of the named questions."""
    for question in asked.values() if isinstance(asked, dict) else ():
        yield manifest.block(BlockKind.SYSTEM, question)


FORMAT: Final = Format(
    name="ollama_systemone",
    operation="chat",
    paths=("/v1/systemone",),
    provider="ollama",
    is_request=is_request,
    read_request=read_request,
    context=(Part("state", _state, whole=True), Part("questions", questions, whole=True)),
    read_response=read_response,
)
