"""What do events say of a conversation? The convention's older form: a message an event, in log records or on spans."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from otel_burn_collector.ledger.told import Json, read_json

MESSAGE: Final = re.compile(r"gen_ai\.(?:(system|user|assistant|tool)\.message|(choice))")
"""Names of events that are a message each: its role, or the answer."""
_JSON: Final = ("content", "message", "tool_calls", "parts")
"""Members that some write as JSON in a string."""


class Message(NamedTuple):
    """A message of a context, or of an answer."""

    said: Json
    is_answer: bool
    is_bare: bool
    """Whether what it says was left out."""


def message(event: str, told: Json) -> Message | None:
    """What the event of this name says, by its attributes or its body; None where it is no message."""
    named = MESSAGE.fullmatch(event)
    if named is None:
        return None
    members = unpacked(told.get("gen_ai.event.content"))
    members = {**told, **(members if isinstance(members, Mapping) else {})}
    members |= {name: unpacked(members[name]) for name in _JSON if isinstance(members.get(name), str)}
    said = _answer(members) if named[2] else {"role": named[1], **members}
    said = {name: value for name, value in said.items() if not name.startswith("gen_ai.")}
    bare = not any(said.get(name) for name in ("content", "parts")) and not _has_arguments(said)
    return Message(said, is_answer=bool(named[2]), is_bare=bare)


def messages(events: Iterable[tuple[str, Json]]) -> tuple[list[Json], list[Json]]:
    """What was asked, where all of it was told, and what was answered."""
    found = [one for event, told in events if (one := message(event, told)) is not None]
    asked = [one for one in found if not one.is_answer]
    return (
        [] if any(one.is_bare for one in asked) else [one.said for one in asked],
        [one.said for one in found if one.is_answer],
    )


def _answer(members: Json) -> Json:
    said = members.get("message", members.get("content"))
    if isinstance(said, Mapping):
        return {"role": "assistant", **said}
    return {"role": "assistant", "content": said} if said else {"role": "assistant"}


def _has_arguments(said: Json) -> bool:
    calls = said.get("tool_calls")
    calls = calls if isinstance(calls, list) else []
    inner = [each.get("function", each) for each in calls if isinstance(each, Mapping)]
    return any(isinstance(each, Mapping) and each.get("arguments") is not None for each in inner)


def unpacked(value: Any) -> Any:
    """A list or an object that was written as JSON; anything else as it is."""
    if not isinstance(value, str) or value[:1] not in ("[", "{"):
        return value
    try:
        found = read_json(value)
    except RecursionError:
        return value
    return value if found is None else found


def write_json(value: Any) -> str:
    """The text that an attribute has for what is none."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
