"""What does a count of tokens say, on Bedrock? Which model it is meant for; nothing is generated or billed."""

from typing import Final

from otel_burn.exchange import Request, Response
from otel_burn.formats.anthropic_count_tokens import OPERATION
from otel_burn.formats.bedrock_envelope import http_error, model_of
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json
from otel_burn.formats.format import About, Format


def is_request(body: Body) -> bool:
    """Whether *body* asks for the tokens of a request."""
    return "input" in body


def read_request(_body: Body, path: str) -> Request:
    """The request: its model."""
    return Request(model=model_of(path))


def read_response(body: Json, about: About) -> Response:
    """The outcome. The count that it carries is no usage."""
    return Response(error_type=http_error(body, about))


FORMAT: Final = Format(
    name="bedrock_count_tokens",
    operation=OPERATION,
    paths=("/model/*/count-tokens",),
    provider="aws.bedrock",
    is_request=is_request,
    read_request=read_request,
    context=(),
    read_response=read_response,
)
