"""How is the output of a batch read? One JSON value a line; each answer in it is a response of its own."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeAlias

from otel_burn.exchange import Request, Response
from otel_burn.formats.fields import Json
from otel_burn.formats.format import About

Answers: TypeAlias = Callable[[Json, int, About], Iterable[Response]]
"""The answers within a line, given with its number from 0."""


class Lines:
    """The lines of a batch's output."""

    def __init__(self, answers: Answers, about: About) -> None:
        self._answers = answers
        self._about = about
        self._more: list[Response] = []
        self._count = 0

    def add(self, event: Json) -> None:
        """Take in the next line."""
        self._more.extend(self._answers(event, self._count, self._about))
        self._count += 1

    def response(self) -> Response:
        """What has come; the lines tell no end."""
        return Response(more=tuple(self._more))


def read_line(answers: Answers, body: Json, about: About) -> Response:
    """The response from an output of a single line. What is no batch's output holds none."""
    lines = Lines(answers, about)
    lines.add(body)
    return lines.response()


def fetched(answers: Answers) -> dict[str, Any]:
    """What the formats of batches' outputs have in common, as fields of `Format`."""
    return {
        "operation": "fetch_response",
        "is_request": lambda _: True,
        "read_request": lambda _body, _path: Request(model=None),
        "context": (),
        "read_response": partial(read_line, answers),
        "stream": partial(Lines, answers),
        "method": "GET",
    }
