"""What does the output file of an OpenAI batch say? What each of its answers bills for."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from otel_burn.exchange import Request, Response
from otel_burn.formats import openai_chat, openai_completions, openai_embeddings, openai_responses
from otel_burn.formats.fields import Json, count, mapping, text
from otel_burn.formats.format import About, Format

_READERS: Final[dict[str, Callable[[Json, About], Response]]] = {
    "chat.completion": openai_chat.FORMAT.read_response,
    "text_completion": openai_completions.FORMAT.read_response,
    "response": openai_responses.FORMAT.read_response,
    "list": openai_embeddings.FORMAT.read_response,
}
"""By the `object` that an answer's body is."""


def read_file(body: Json, about: About) -> Response:
    """The response from a file of a single line. A file that is no batch's output holds none."""
    results = Results(about)
    results.add(body)
    return results.response()


class Results:
    """The lines of an output file. Each answer is a response of its own."""

    def __init__(self, about: About) -> None:
        self._about = about
        self._more: list[Response] = []

    def add(self, event: Json) -> None:
        """Take in the next line."""
        self._more.extend(_answer(mapping(event, "response"), self._about))

    def response(self) -> Response:
        """What has come; the lines tell no end."""
        return Response(more=tuple(self._more))


def _answer(response: Json, about: About) -> Iterable[Response]:
    """The answer within a line; those that failed are not billed. Embeddings have no id but the request's."""
    body = mapping(response, "body")
    reader = _READERS.get(text(body, "object") or "")
    if reader is not None and count(response, "status_code") == 200:
        read = reader(body, about)
        yield replace(read, id=read.id or text(response, "request_id"), service_tier="batch", deferred=False)


FORMAT: Final = Format(
    name="openai_batch_output",
    operation="fetch_response",
    paths=("/files/file-*/content",),
    provider="openai",
    is_request=lambda _: True,
    read_request=lambda _body, _path: Request(model=None),
    context=(),
    read_response=read_file,
    stream=Results,
    method="GET",
)
