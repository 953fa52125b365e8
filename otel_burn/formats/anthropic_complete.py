"""What does a text completion of Anthropic's first API say? It reports no usage."""

from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, error_code, parameters, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.manifest import Gathered


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a text completion request."""
    return "prompt" in body and "max_tokens_to_sample" in body


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    asked = {"max_tokens": body.get("max_tokens_to_sample")}
    return Request(
        model=text(body, "model"),
        stream=body.get("stream") is True,
        parameters=parameters(body) | parameters(asked),
    )


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error."""
    stream = Stream(about)
    stream.add(body)
    return stream.response(complete=True)


class Stream:
    """A streamed completion, complete once a stop reason was seen."""

    def __init__(self, _: About) -> None:
        self._merged: Json = {}
        self._said = Gathered()

    def add(self, event: Json) -> None:
        """Take in the next event."""
        self._merged |= {key: value for key, value in event.items() if value is not None}
        self._said.add(text(event, "completion") or "")

    def response(self, *, complete: bool = False) -> Response:
        """The response as far as it came."""
        reason = text(self._merged, "stop_reason")
        error = self._merged.get("error")
        complete = complete or reason is not None
        return Response(
            id=text(self._merged, "id"),
            model=text(self._merged, "model"),
            finish_reasons=(reason,) if reason else (),
            output=(self._said.block(BlockKind.ASSISTANT),) if complete and self._said else (),
            complete=complete and not error,
            error_type=error_code(error) if error else None,
        )


def _prompt(prompt: Any) -> tuple[Block, ...]:
    return (manifest.block(BlockKind.USER, prompt),)


FORMAT: Final = Format(
    name="anthropic_complete",
    operation="text_completion",
    paths=("/v1/complete",),
    provider="anthropic",
    is_request=is_request,
    read_request=read_request,
    context=(Part("prompt", _prompt, whole=True),),
    read_response=read_response,
    stream=Stream,
)
