"""What does an OTLP request in JSON say? Protobuf's JSON mapping, with the exceptions that OTLP makes.

Ids are hex (the stock mapping would read base64 and get 24 wrong bytes), enums are numbers, and only
lowerCamelCase names count: others are unknown, and unknown names are ignored.
"""

import json
from base64 import b64encode
from typing import Any, TypeVar

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)

_IDS = frozenset({"traceId", "spanId", "parentSpanId"})
_ENUMS = frozenset({"kind", "code", "severityNumber", "aggregationTemporality"})
MAX_DEPTH = 100
"""Of JSON objects and lists in each other; protobuf itself stops at 100 messages."""


def from_json(message: type[M], body: bytes) -> M:
    """The *message* that *body* says in OTLP's JSON; `ValueError` with the reason when it says none."""
    try:
        tree = json.loads(body, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    if not isinstance(tree, dict):
        raise ValueError(f"the JSON is not an object but {type(tree).__name__}")
    try:
        parsed: M = ParseDict(_stock(tree, 0), message(), ignore_unknown_fields=True)
        parsed.SerializeToString()  # a lone surrogate passes until here
    except (ParseError, UnicodeEncodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return parsed


def _stock(value: Any, depth: int) -> Any:
    """*value* as protobuf's own JSON mapping expects it."""
    if depth > MAX_DEPTH:
        raise ValueError("the JSON is nested too deeply")
    if isinstance(value, list):
        return [_stock(item, depth + 1) for item in value]
    if isinstance(value, dict):
        # No message of OTLP has a map field, so every object is a message and every key a field's name.
        return {
            name: _field(name, item, depth + 1)
            for name, item in value.items()
            if item is not None and "_" not in name
        }
    return value


def _field(name: str, value: Any, depth: int) -> Any:
    if name in _IDS:
        return _base64_of_hex(name, value)
    if name in _ENUMS and isinstance(value, str):
        raise ValueError(f"{name} is {value!r}; OTLP wants enum values as numbers")
    return _stock(value, depth)


def _base64_of_hex(name: str, value: object) -> str:
    try:
        return b64encode(bytes.fromhex(value)).decode()  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not a hexadecimal string but {value!r:.80}") from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON; OTLP writes it as a string")
