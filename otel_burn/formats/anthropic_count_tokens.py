"""What does a count of tokens say, at Anthropic? Which model it is meant for; nothing is generated or billed."""

from typing import Final

from otel_burn.exchange import Request, Response
from otel_burn.formats import anthropic_messages
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json
from otel_burn.formats.format import About, Format

OPERATION: Final = "count_tokens"
"""`gen_ai.operation.name`; the convention has none for it."""


def is_request(body: Body) -> bool:
    """Whether *body* asks for the tokens of messages."""
    return body.is_list("messages")


def read_request(body: Body, path: str) -> Request:
    """The request, as if it were to be answered."""
    return anthropic_messages.read_request(body, path)


def read_response(body: Json, about: About) -> Response:
    """The outcome. The count that it carries is no usage."""
    return Response(error_type=anthropic_messages.read_response(body, about).error_type)


FORMAT: Final = Format(
    name="anthropic_count_tokens",
    operation=OPERATION,
    paths=("/v1/messages/count_tokens", "/models/count-tokens:rawPredict"),
    provider="anthropic",
    is_request=is_request,
    read_request=read_request,
    context=(),
    read_response=read_response,
)
