"""What does a watsonx text generation say? One input, results with their token counts; whole or streamed."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, error_code, mapping, mappings, parameters, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.manifest import Gathered
from otel_burn.usage import Usage

_COUNTS: Final = ("input_token_count", "generated_token_count")
_UNFINISHED: Final = "not_finished"


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a request to generate text."""
    return "input" in body


def read_request(body: Body, path: str) -> Request:
    """The request; the path tells whether the answer is streamed."""
    asked = mapping(body, "parameters")
    return Request(
        model=text(body, "model_id"),
        stream=path.endswith("_stream"),
        parameters=parameters(asked | {"max_tokens": asked.get("max_new_tokens")}),
    )


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error: the same as a stream of one event."""
    if errors := mappings(body, "errors"):
        return Response(error_type=error_code(errors[0]))
    stream = Stream(about)
    stream.add(body)
    return stream.response()


class Stream:
    """A streamed response, complete once a result told why it stopped. Its counts are cumulative."""

    def __init__(self, _: About) -> None:
        self._model: str | None = None
        self._counts: dict[str, int] = {}
        self._reason: str | None = None
        self._said = Gathered()
        self._error: str | None = None

    def add(self, event: Json) -> None:
        """Take in the next event."""
        self._model = text(event, "model_id") or self._model
        if errors := mappings(event, "errors"):
            self._error = error_code(errors[0])
        for result in mappings(event, "results"):
            self._said.add(text(result, "generated_text") or "")
            self._reason = text(result, "stop_reason") or self._reason
            for name in _COUNTS:
                if (tokens := count(result, name)) is not None:
                    self._counts[name] = max(tokens, self._counts.get(name, 0))

    def response(self) -> Response:
        """The response as far as it came."""
        finished = self._reason is not None and self._reason.lower() != _UNFINISHED
        given, said = (self._counts.get(name) for name in _COUNTS)
        return Response(
            model=self._model,
            usage=Usage(input_tokens=given, output_tokens=said) if self._counts else None,
            usage_raw=raw(self._counts),
            finish_reasons=(str(self._reason),) if finished else (),
            output=(self._said.block(BlockKind.ASSISTANT),) if finished and self._said else (),
            complete=finished and self._error is None,
            error_type=self._error,
        )


def _input(said: Any) -> Iterable[Block]:
    yield manifest.block(BlockKind.USER, said)


FORMAT: Final = Format(
    name="watsonx_generation",
    operation="text_completion",
    paths=("/text/generation", "/text/generation_stream"),
    provider="ibm.watsonx.ai",
    is_request=is_request,
    read_request=read_request,
    context=(Part("input", _input),),
    read_response=read_response,
    stream=Stream,
)
