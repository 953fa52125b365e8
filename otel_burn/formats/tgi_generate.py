"""What does text-generation-inference say on its own paths? `/generate` and `/generate_stream`, tokens on request."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, mapping, parameters, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.usage import Usage

_COUNTS: Final = ("input_length", "generated_tokens")


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request to generate text."""
    return isinstance(body.get("inputs"), str)


def read_request(body: Body, path: str) -> Request:
    """The request; a server has one model, which nothing names."""
    asked = mapping(body, "parameters")
    return Request(
        model=None,
        stream=path.endswith("_stream"),
        parameters=parameters(asked | {"max_tokens": asked.get("max_new_tokens")}),
    )


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body. Only one that was asked for `details` counts tokens."""
    details, said = mapping(body, "details"), text(body, "generated_text")
    given, made = (count(details, name) for name in _COUNTS)
    if given is None and isinstance(prefill := details.get("prefill"), list) and prefill:
        given = len(prefill)  # one entry a token, where `decoder_input_details` asked for them
    reason = text(details, "finish_reason")
    return Response(
        usage=None if given is None and made is None else Usage(input_tokens=given, output_tokens=made),
        usage_raw=raw({name: details[name] for name in _COUNTS if count(details, name) is not None}),
        finish_reasons=(reason,) if reason else (),
        output=(manifest.block(BlockKind.ASSISTANT, said),) if said else (),
        error_type=text(body, "error_type") or ("error" if "error" in body else None),
    )


class Stream:
    """A streamed response: its last event repeats the whole text, and has the details."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._end: Json | None = None

    def add(self, event: Json) -> None:
        """Take in the next event."""
        if text(event, "generated_text") is not None or "error" in event:
            self._end = event

    def response(self) -> Response:
        """The response as far as it came."""
        return Response(complete=False) if self._end is None else read_response(self._end, self._about)


def _inputs(said: Any) -> Iterable[Block]:
    yield manifest.block(BlockKind.USER, said)


FORMAT: Final = Format(
    name="tgi_generate",
    operation="text_completion",
    paths=("/generate", "/generate_stream"),
    provider="huggingface",
    is_request=is_request,
    read_request=read_request,
    context=(Part("inputs", _inputs),),
    read_response=read_response,
    stream=Stream,
)
