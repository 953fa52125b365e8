"""What does a Mistral fill-in-the-middle exchange say? A prompt and what follows it, answered as a chat is."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind
from otel_burn.formats import openai_chat
from otel_burn.formats.body import Body
from otel_burn.formats.format import Part


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a fill-in-the-middle request."""
    return "prompt" in body


def _said(said: Any) -> Iterable[Block]:
    if isinstance(said, str) and said:
        yield manifest.block(BlockKind.USER, said)


FORMAT: Final = replace(
    openai_chat.FORMAT,
    name="mistral_fim",
    operation="text_completion",
    paths=("/fim/completions",),
    provider="mistral_ai",
    is_request=is_request,
    context=(Part("prompt", _said), Part("suffix", _said)),
)
