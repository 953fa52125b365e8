"""What did attributes say of a request and its answer, before it is blocks? Lists, and JSON in texts."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

Said = Mapping[str, str]
Json = Mapping[str, Any]


class Told(NamedTuple):
    """What attributes said, as lists of what a request and its answer consist of."""

    tools: list[Any]
    system: list[Any]
    asked: list[Any]
    answered: list[Any]

    def __bool__(self) -> bool:
        return any(self[:])


def read_json(text: str | None) -> Any:
    """What is JSON as such, anything else as it is; None where it was cut."""
    if not text or text[0] not in '[{"':
        return text
    try:
        return json.loads(text)
    except ValueError:
        return None


def read_list(text: str | None) -> list[Any]:
    """The same as a list."""
    found = read_json(text)
    return found if isinstance(found, list) else [found] if found else []
