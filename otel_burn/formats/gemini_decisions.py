"""What does a Gemini Decisions exchange say? Questions about an input, answered with probabilities."""

from typing import Final

from otel_burn.exchange import Request, Response
from otel_burn.formats import gemini_interactions
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, mapping, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.formats.gemini_generate import error_status
from otel_burn.formats.ollama_systemone import questions


def is_request(body: Body) -> bool:
    """Whether *body* asks named questions about an input; those of OpenAI's decisions are a list."""
    return isinstance(body.get("questions"), dict) and "input" in body


def read_request(body: Body, _path: str) -> Request:
    """The request; its model stands behind `models/`."""
    model = text(body, "model")
    return Request(model=None if model is None else model.removeprefix("models/"))


def read_response(body: Json, _: About) -> Response:
    """The response, success or error; a blocked prompt has no answers."""
    usage = mapping(body, "usage")
    blocked = text(mapping(body, "prompt_feedback"), "block_reason")
    return Response(
        usage=gemini_interactions.read_usage(usage),
        usage_raw=raw(usage),
        finish_reasons=(blocked,) if blocked else (),
        error_type=error_status(error) if (error := body.get("error")) else None,
    )


FORMAT: Final = Format(
    name="gemini_decisions",
    operation="chat",
    paths=("/decisions",),
    provider="gcp.gemini",
    is_request=is_request,
    read_request=read_request,
    # The input first: it is the prefix that all questions share.
    context=(Part("input", gemini_interactions.asked), Part("questions", questions, whole=True)),
    read_response=read_response,
)
