"""What does an Anthropic call on Vertex AI say? A Messages exchange whose model stands in the path."""

from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from otel_burn.exchange import Request
from otel_burn.formats import anthropic_messages
from otel_burn.formats.body import Body


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a Messages request on Vertex; other publishers and counts share its verbs."""
    return body.is_list("messages") and "max_tokens" in body and "anthropic_version" in body


def read_request(body: Body, path: str) -> Request:
    """The request; whether it streams is said by the verb."""
    model, _, verb = path[path.rfind("/") + 1 :].partition(":")
    asked = anthropic_messages.read_request(body, path)
    return replace(asked, model=unquote(model) or asked.model, stream=verb == "streamRawPredict")


FORMAT: Final = replace(
    anthropic_messages.FORMAT,
    name="anthropic_vertex",
    paths=(":rawPredict", ":streamRawPredict"),
    provider="gcp.vertex_ai",
    is_request=is_request,
    read_request=read_request,
)
