"""What does a count of tokens say, at Google? Which model it is meant for; nothing is generated or billed."""

from typing import Final

from otel_burn.exchange import Response
from otel_burn.formats import gemini_generate
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json
from otel_burn.formats.format import About, Format

OPERATION: Final = "count_tokens"
"""`gen_ai.operation.name`; the convention has none for it."""


def is_request(body: Body) -> bool:
    """Whether *body* asks for the tokens of contents, or of a request that has them."""
    return any(key in body for key in ("contents", "generateContentRequest", "generate_content_request"))


def read_response(body: Json, about: About) -> Response:
    """The outcome. The count that it carries is no usage."""
    return Response(error_type=gemini_generate.read_response(body, about).error_type)


FORMAT: Final = Format(
    name="gemini_count_tokens",
    operation=OPERATION,
    paths=(":countTokens",),
    provider="gcp.gemini",
    is_request=is_request,
    read_request=gemini_generate.read_request,
    context=(),
    read_response=read_response,
)
