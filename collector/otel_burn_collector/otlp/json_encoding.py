"""What does an OTLP request in JSON say? Protobuf's JSON mapping, with the exceptions that OTLP makes.

Ids are hex (the stock mapping would read base64 and get 24 wrong bytes), enums are numbers, and only
lowerCamelCase names count: others are unknown, and unknown names are ignored, whatever they hold.
"""

import json
from base64 import b64encode
from functools import cache
from typing import Any, TypeVar

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)

_IDS = frozenset({"traceId", "spanId", "parentSpanId"})
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
        parsed: M = ParseDict(_stock(tree, message.DESCRIPTOR, 0), message(), ignore_unknown_fields=True)
        parsed.SerializeToString()  # a lone surrogate passes until here
    except (ParseError, UnicodeEncodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return parsed


def _stock(value: Any, message: Descriptor, depth: int) -> Any:
    """*value*, which is meant to be one *message* or many, as protobuf's own JSON mapping expects it."""
    if depth > MAX_DEPTH:
        raise ValueError("the JSON is nested too deeply")
    if isinstance(value, list):
        return [_stock(item, message, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    fields = _fields(message)
    return {
        name: _field(name, fields[name], item, depth + 1)
        for name, item in value.items()
        if item is not None and name in fields
    }


def _field(name: str, field: FieldDescriptor, value: Any, depth: int) -> Any:
    if name in _IDS:
        return _base64_of_hex(name, value)
    if field.message_type is not None:
        return _stock(value, field.message_type, depth)
    if field.enum_type is not None and isinstance(value, str):
        raise ValueError(f"{name} is {value!r:.80}; OTLP wants enum values as numbers")
    return value


@cache
def _fields(message: Descriptor) -> dict[str, FieldDescriptor]:
    return {field.json_name: field for field in message.fields}


def _base64_of_hex(name: str, value: object) -> str:
    try:
        return b64encode(bytes.fromhex(value)).decode()  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not a hexadecimal string but {value!r:.80}") from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON; OTLP writes it as a string")
