"""Which wire format does a request speak? One row a format, one file a format."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from otel_burn.formats import anthropic_messages, openai_chat
from otel_burn.formats.format import Format

FORMATS: Final = (
    openai_chat.FORMAT,
    anthropic_messages.FORMAT,
)
"""In the order in which their shapes are tried where several share a path."""


def _by_key(formats: Iterable[Format]) -> dict[str, tuple[tuple[str, Format], ...]]:
    found = defaultdict(list)
    for format in formats:
        for path in format.paths:
            found[_key(format.method, path)].append((path.removesuffix("*"), format))
    return {key: tuple(rows) for key, rows in found.items()}


def _key(method: str, path: str) -> str:
    """What a path is looked up by: its last segment, or the verb in it; for a GET of one thing, what it is one of."""
    before, _, last = path.rpartition("/")
    if method == "GET":
        return before[before.rfind("/") :] + "/"
    verb = last.rfind(":")
    return last if verb < 0 else last[verb:]


_FORMATS: Final = _by_key(FORMATS)


def recognise(method: str, path: str) -> tuple[Format, ...]:
    """The formats that a request may speak, by one look-up; none for what is no LLM call.

    The body's shape is checked later, away from the caller's path (`Format.is_request`).
    """
    rows = _FORMATS.get(_key(method, path))
    if rows is None:
        return ()
    return tuple(
        format
        for ending, format in rows
        if format.method == method.upper() and (path.endswith(ending) or (method == "GET" and ending in path))
    )
