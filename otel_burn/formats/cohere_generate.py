"""What does a Cohere generate exchange say? A prompt instead of messages, and one or more texts."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats import cohere_usage
from otel_burn.formats.body import Body
from otel_burn.formats.cohere_chat import chat_parameters
from otel_burn.formats.fields import Json, error_code, mapping, mappings, text
from otel_burn.formats.format import About, Format, Part


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request to go on with a prompt."""
    return isinstance(body.get("prompt"), str) and isinstance(body.get("model", ""), str)


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(
        model=text(body, "model"), stream=body.get("stream") is True, parameters=chat_parameters(body)
    )


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body; an error is a message beside an HTTP status, and has no code."""
    meta, generations = mapping(body, "meta"), mappings(body, "generations")
    return Response(
        id=text(body, "id"),
        usage=cohere_usage.read_usage(meta),
        usage_raw=cohere_usage.read_raw(meta),
        finish_reasons=tuple(reason for one in generations if (reason := text(one, "finish_reason"))),
        output=tuple(
            manifest.block(BlockKind.ASSISTANT, said) for one in generations if (said := text(one, "text"))
        ),
    )


class Stream:
    """A streamed response, complete with the event that says so: it repeats the response as a whole."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._end: Json | None = None
        self._error: str | None = None

    def add(self, event: Json) -> None:
        """Take in the next event."""
        if event.get("event_type") == "stream-error":
            self._error = error_code({"code": event.get("finish_reason")})
        elif event.get("is_finished") is True:
            self._end = {"meta": event.get("meta")} | mapping(event, "response")

    def response(self) -> Response:
        """The response as far as it came."""
        if self._end is None:
            return Response(complete=False, error_type=self._error)
        return read_response(self._end, self._about)


def _prompt(said: Any) -> Iterable[Block]:
    if isinstance(said, str):
        yield manifest.block(BlockKind.USER, said)


FORMAT: Final = Format(
    name="cohere_generate",
    operation="text_completion",
    paths=("/v1/generate",),
    provider="cohere",
    is_request=is_request,
    read_request=read_request,
    context=(Part("prompt", _prompt),),
    read_response=read_response,
    stream=Stream,
)
