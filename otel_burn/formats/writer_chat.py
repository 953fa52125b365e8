"""What does a Writer chat exchange say? A chat completion on a path of its own, with one name spelt otherwise."""

from dataclasses import replace
from typing import Final

from otel_burn.exchange import Response
from otel_burn.formats import openai_chat
from otel_burn.formats.fields import Json, mapping
from otel_burn.formats.format import About

_DETAILS: Final = {
    "prompt_token_details": "prompt_tokens_details",
    "completion_token_details": "completion_tokens_details",
}


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error."""
    return openai_chat.read_response(_respelt(body), about)


class Stream(openai_chat.Stream):
    """A streamed response; it ends with the usage, without a `[DONE]`."""

    def add(self, event: Json) -> None:
        """Take in the next chunk."""
        super().add(_respelt(event))


def _respelt(body: Json) -> Json:
    usage = mapping(body, "usage")
    if not usage:
        return body
    return body | {"usage": {_DETAILS.get(key, key): value for key, value in usage.items()}}


FORMAT: Final = replace(
    openai_chat.FORMAT,
    name="writer_chat",
    paths=("/v1/chat",),
    provider="writer",
    read_response=read_response,
    stream=Stream,
)
