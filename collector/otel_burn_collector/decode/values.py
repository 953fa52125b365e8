"""How does an OTLP value read as text and as JSON?"""

import math
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from otel_burn_collector.otlp.signals import MAX_TIME

_JSON = msgspec.json.Encoder()


def json_text(value: object) -> str:
    """*value* as JSON."""
    return _JSON.encode(value).decode()


def json_texts(values: Sequence[object]) -> list[str]:
    """Each of *values* as JSON. One call for all: no JSON has a line feed in it that is not escaped."""
    return _JSON.encode_lines(values).decode().split("\n")[:-1]


def plain(value: Any) -> Any:
    """What an AnyValue holds, in JSON's types: bytes as base64, NaN and infinities as strings, as OTLP does."""
    member = value.WhichOneof("value")
    if member == "array_value":
        return [plain(item) for item in value.array_value.values]
    if member == "kvlist_value":
        return plain_attributes(value.kvlist_value.values)
    if member == "bytes_value":
        return b64encode(value.bytes_value).decode()
    if member == "double_value":
        return number(value.double_value)
    if member in ("string_value", "int_value", "bool_value"):
        return getattr(value, member)
    return None  # empty, or a member that only a newer OTLP knows


def number(value: float) -> float | str:
    """*value*, or its name where JSON has no number for it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def plain_attributes(attributes: Iterable[Any]) -> dict[str, Any]:
    """Attributes in JSON's types. Of two with one key the last counts."""
    return {pair.key: plain(pair.value) for pair in attributes}


def text(value: Any) -> str | None:
    """An AnyValue as a string map keeps it: strings as they are, everything else as JSON; `None` when empty."""
    member = value.WhichOneof("value")
    if member == "string_value":
        return str(value.string_value)
    if member == "int_value":
        return str(value.int_value)
    held = plain(value)
    return held if held is None or isinstance(held, str) else json_text(held)


def text_attributes(attributes: Iterable[Any]) -> dict[str, str | None]:
    """Attributes as a string map keeps them. Of two with one key the last counts."""
    return {pair.key: text(pair.value) for pair in attributes}


def time_or_none(nanoseconds: int) -> int | None:
    """A time of OTLP, where 0 means unknown and what no timestamp can hold is unknown too."""
    return nanoseconds if 0 < nanoseconds <= MAX_TIME else None
