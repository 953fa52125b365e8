"""What does a Mistral or Llama call on Vertex AI say? A chat completion; the verb tells whether it streams."""

from dataclasses import replace
from typing import Final

from otel_burn.exchange import Request
from otel_burn.formats import openai_chat
from otel_burn.formats.body import Body
from otel_burn.formats.gemini_generate import model_of

_STREAM: Final = ":streamRawPredict"


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a chat completion; Anthropic's models share the verbs."""
    return openai_chat.is_request(body) and "anthropic_version" not in body


def read_request(body: Body, path: str) -> Request:
    """The request; the path names the model that is asked."""
    asked = openai_chat.read_request(body, path)
    return replace(asked, model=model_of(path), stream=asked.stream or path.endswith(_STREAM))


FORMAT: Final = replace(
    openai_chat.FORMAT,
    name="mistral_vertex",
    paths=(":rawPredict", _STREAM),
    provider="gcp.vertex_ai",
    is_request=is_request,
    read_request=read_request,
)
