"""What does the output file of an OpenAI batch say? What each of its answers bills for."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from otel_burn.exchange import Response
from otel_burn.formats import openai_chat, openai_completions, openai_embeddings, openai_responses
from otel_burn.formats.batch_lines import fetched
from otel_burn.formats.fields import Json, count, mapping, text
from otel_burn.formats.format import About, Format

_READERS: Final[dict[str, Callable[[Json, About], Response]]] = {
    "chat.completion": openai_chat.FORMAT.read_response,
    "text_completion": openai_completions.FORMAT.read_response,
    "response": openai_responses.FORMAT.read_response,
    "list": openai_embeddings.FORMAT.read_response,
}
"""By the `object` that an answer's body is."""


def _answers(line: Json, _: int, about: About) -> Iterable[Response]:
    """The answer within a line; those that failed are not billed. Embeddings have no id but the request's."""
    response = mapping(line, "response")
    body = mapping(response, "body")
    reader = _READERS.get(text(body, "object") or "")
    if reader is not None and count(response, "status_code") == 200:
        read = reader(body, about)
        yield replace(read, id=read.id or text(response, "request_id"), service_tier="batch", deferred=False)


FORMAT: Final = Format(
    name="openai_batch_output", paths=("/files/file-*/content",), provider="openai", **fetched(_answers)
)
