"""What does a legacy OpenAI completion say? A prompt instead of messages; the answer is read like a chat's."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind
from otel_burn.formats import openai_chat
from otel_burn.formats.body import Body
from otel_burn.formats.format import Format, Part


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a completion request."""
    return "prompt" in body and "messages" not in body and isinstance(body.get("model", ""), str)


def texts(value: Any) -> Iterable[Block]:
    """The blocks of a prompt or an input: a text, several, or tokens instead of either."""
    several = isinstance(value, list) and not all(isinstance(item, int) for item in value)
    for item in value if several else [value]:
        if item:
            yield manifest.block(BlockKind.USER, item)


FORMAT: Final = Format(
    name="openai_completions",
    operation="text_completion",
    paths=("/completions",),
    provider="openai_compatible",
    is_request=is_request,
    read_request=openai_chat.read_request,
    context=(Part("prompt", texts, whole=True), Part("suffix", texts, whole=True)),
    read_response=openai_chat.read_response,
    stream=openai_chat.Stream,
    usage_on_request=True,
)
