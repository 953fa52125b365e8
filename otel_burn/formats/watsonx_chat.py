"""What does a watsonx chat exchange say? A chat completion on paths of its own, which names its model otherwise."""

from dataclasses import replace
from typing import Final

from otel_burn.exchange import Request
from otel_burn.formats import openai_chat
from otel_burn.formats.body import Body
from otel_burn.formats.fields import text


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a chat request; a deployment's has no model."""
    return body.is_list("messages")


def read_request(body: Body, path: str) -> Request:
    """The request; the path tells whether the answer is streamed."""
    asked = openai_chat.read_request(body, path)
    return replace(asked, model=text(body, "model_id") or asked.model, stream=path.endswith("_stream"))


FORMAT: Final = replace(
    openai_chat.FORMAT,
    name="watsonx_chat",
    paths=("/text/chat", "/text/chat_stream"),
    provider="ibm.watsonx.ai",
    is_request=is_request,
    read_request=read_request,
)
