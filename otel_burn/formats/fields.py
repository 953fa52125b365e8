"""How is a field read from JSON that anybody may have sent? As its type, or not at all."""

import json
import re
from contextlib import suppress
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from otel_burn import names
from otel_burn.brief import counted
from otel_burn.exchange import AttributeValue

Json: TypeAlias = dict[str, Any]

_LARGEST: Final = 2**53
"""Above this a count is no longer exact in JSON, and no model has such a context."""


_TRAILING_COMMA: Final = re.compile(rb",\s*([}\]])")
"""Written by hand, and taken by lenient servers."""


def decoded(data: bytes) -> Json:
    """The object that *data* is as JSON; an empty one when it is none, or is nested deeper than Python goes."""
    value: Any = None
    with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
        value = msgspec.json.decode(data)
    if value is None:
        with suppress(ValueError, RecursionError):
            value = json.loads(data)  # takes what some write: half a surrogate pair, NaN, any integer
    if value is None and data.startswith(b"{"):
        with suppress(ValueError, RecursionError):
            value = json.loads(_TRAILING_COMMA.sub(rb"\1", data))
    return value if isinstance(value, dict) else {}


def decoded_together(many: list[bytes]) -> list[Json]:
    """`decoded` of each of *many*; in one go where all of them are objects, which takes half as long."""
    if len(many) > 1:
        with suppress(msgspec.DecodeError, UnicodeError, RecursionError):
            found: list[Any] = msgspec.json.decode(b"[%b]" % b",".join(many))
            if len(found) == len(many) and all(type(one) is dict for one in found):
                return found
    return [decoded(one) for one in many]


class Fields(Protocol):
    """Anything with members: a decoded object, or a request's body."""

    def get(self, key: str, /) -> Any: ...


def text(source: Fields, key: str) -> str | None:
    """The string at *key*."""
    value = source.get(key)
    return value if isinstance(value, str) else None


def count(source: Fields, key: str) -> int | None:
    """The token count at *key*: a whole number that is not negative."""
    value = source.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(value) if 0 <= value < _LARGEST and value == int(value) else None


def mapping(source: Fields, key: str) -> Json:
    """The object at *key*, or an empty one."""
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def mappings(source: Fields, key: str) -> list[Json]:
    """The objects in the list at *key*."""
    value = source.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


_LONGEST_RAW: Final = 16 * 1024
"""Characters of a usage object on a span; real ones have less than 2,000."""


def raw(usage: Json) -> str | None:
    """A provider's *usage* object as it stands on the span: numbers and tier names only (`brief.counted`), no content.

    Of one that is far too large, only what is not nested.
    """
    if not usage:
        return None
    found = msgspec.json.encode(kept := counted(usage)).decode()
    if len(found) > _LONGEST_RAW:
        flat = {name: value for name, value in kept.items() if not isinstance(value, dict | list)}
        found = msgspec.json.encode(flat).decode()
    return found


PARAMETERS: Final[dict[str, tuple[str, type]]] = {
    "temperature": (names.REQUEST_TEMPERATURE, float),
    "top_p": (names.REQUEST_TOP_P, float),
    "top_k": (names.REQUEST_TOP_K, int),
    "max_tokens": (names.REQUEST_MAX_TOKENS, int),
    "max_completion_tokens": (names.REQUEST_MAX_TOKENS, int),
    "frequency_penalty": (names.REQUEST_FREQUENCY_PENALTY, float),
    "presence_penalty": (names.REQUEST_PRESENCE_PENALTY, float),
    "seed": (names.REQUEST_SEED, int),
    "reasoning_effort": (names.REQUEST_REASONING_LEVEL, str),
}
"""Request fields that mean the same wherever they occur, with their attribute and type.

Stop sequences are left out: they are words of the user's, and no content leaves unless it is switched on.
"""


def parameters(body: Fields) -> dict[str, AttributeValue]:
    """The `gen_ai.request.*` attributes that a request *body* sets, beside model and stream."""
    found: dict[str, AttributeValue] = {}
    for key, (name, kind) in PARAMETERS.items():
        value = body.get(key)
        if isinstance(value, str) if kind is str else isinstance(value, int | float) and value == value:
            with suppress(OverflowError):
                found[name] = kind(value)
    if (choices := count(body, "n")) and choices != 1:
        found[names.REQUEST_CHOICE_COUNT] = choices
    return found


def joined_text(content: object) -> str | None:
    """The text of *content* when it is text alone: a string, or a list of text parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list) or not content:
        return None
    parts = [part.get("text") for part in content if isinstance(part, dict)]
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if len(texts) == len(content) else None


_CODE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")


def error_code(error: object) -> str:
    """The class of a provider's *error* object: its code or type where that is one word or number, else `error`."""
    if not isinstance(error, dict):
        return "error"
    code, kind = error.get("code"), error.get("type")
    said = (code, kind, None if isinstance(code, bool) or not isinstance(code, int) else str(code))
    codes = [word for word in said if isinstance(word, str) and _CODE.fullmatch(word)]
    return codes[0] if codes else "error"
