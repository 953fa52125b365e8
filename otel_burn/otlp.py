"""How does a span become OTLP? Written as protobuf directly, at a third of the cost of building messages first.

Field numbers and types: opentelemetry-proto, `trace/v1/trace.proto` and `common/v1/common.proto`. A test holds the
result against the stock encoder's. It also spares agents a dependency on protobuf, which their other libraries pin.
"""

import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan

from otel_burn.brief import brief

_HAS_IS_REMOTE: Final = 0x100
_IS_REMOTE: Final = 0x200
"""`SpanFlags`: that the next bit is meant, and that the parent came from elsewhere."""
_HALF: Final = 2**63
_MASK: Final = 2**64 - 1
_MOST_SCOPES: Final = 256
"""Instrumentation scopes that are remembered as written; a program that makes up their names forgets all of them."""
_DOUBLE: Final = struct.Struct("<d")
_FIXED: Final = struct.Struct("<Q")
_FLAGS: Final = struct.Struct("<I")


class Encoder:
    """Writes the spans of one resource as `ExportTraceServiceRequest`s."""

    def __init__(self, resource: Mapping[str, Any]) -> None:
        self._resource = _message(1, _attributes(1, resource))
        self._scopes: dict[Any, bytes] = {}

    def request(self, span: ReadableSpan, attributes: Mapping[str, Any]) -> bytes:
        """One request with *span*, its *attributes* given apart.

        Events, links and the status's description are left out: an exception's words may quote what it is about.
        """
        scope = span.instrumentation_scope
        head = self._scopes.get(scope)
        if head is None:
            said = _text(1, scope.name) + _text(2, scope.version or "") if scope else b""
            if len(self._scopes) >= _MOST_SCOPES:
                self._scopes.clear()
            head = self._scopes[scope] = _message(1, said)
        return _message(1, self._resource + _message(2, head + _message(2, _span(span, attributes))))


def _span(span: ReadableSpan, attributes: Mapping[str, Any]) -> bytes:
    context, parent = span.context, span.parent
    flags = _HAS_IS_REMOTE | (_IS_REMOTE if parent and parent.is_remote else 0)
    state = (
        ",".join(f"{key}={value}" for key, value in context.trace_state.items())
        if context.trace_state
        else ""
    )
    return b"".join(
        (
            b"\x0a\x10", context.trace_id.to_bytes(16, "big"),
            b"\x12\x08", context.span_id.to_bytes(8, "big"),
            _text(3, state),
            b"\x22\x08" + parent.span_id.to_bytes(8, "big") if parent else b"",
            _text(5, brief(span.name)),
            b"\x30", _varint(span.kind.value + 1),
            b"\x39", _FIXED.pack(span.start_time or 0),
            b"\x41", _FIXED.pack(span.end_time or 0),
            _attributes(9, attributes),
            _message(15, b"\x18" + _varint(span.status.status_code.value)),
            b"\x85\x01", _FLAGS.pack(flags),
        )
    )  # fmt: skip


def _attributes(field: int, attributes: Mapping[str, Any]) -> bytes:
    found = []
    for name, value in attributes.items():
        last = _LAST.get((field, name))
        if last is not None and type(last[0]) is type(value) and last[0] == value:
            found.append(last[1])
            continue
        pair = _message(field, _key(name) + _message(2, _any(value)))
        # Of lists, equal is not the same: [1] is [True].
        if len(pair) <= _BRIEF and type(value) is not list and (last is not None or len(_LAST) < _MOST):
            _LAST[field, name] = value, pair
        found.append(pair)
    return b"".join(found)


_BRIEF: Final = 128
"""Bytes of an attribute that is remembered."""
_MOST: Final = 512
_LAST: Final[dict[tuple[int, str], tuple[Any, bytes]]] = {}
"""The value and bytes of the last attribute of a name: in the next call most are the same again."""


def _any(value: Any) -> bytes:
    """An `AnyValue`."""
    if isinstance(value, str):
        data = value.encode("utf-8", "replace")
        return b"\x0a" + _varint(len(data)) + data
    if isinstance(value, bool):
        return b"\x10\x01" if value else b"\x10\x00"
    if isinstance(value, int):
        return b"\x18" + _varint(value & _MASK) if -_HALF <= value < _HALF else b""
    if isinstance(value, float):
        return b"\x21" + _DOUBLE.pack(value)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return _message(5, b"".join(map(_element, value)))
    return b""


@lru_cache(maxsize=8192, typed=True)
def _element(value: Any) -> bytes:
    """An element of an `ArrayValue`. Kinds, tools and the sizes of a session's blocks come again and again."""
    return _message(1, _any(value))


@lru_cache(maxsize=1024)
def _key(name: str) -> bytes:
    return _text(1, name)


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode("utf-8", "replace")) if text else b""


def _message(field: int, data: bytes) -> bytes:
    return _tag(field, 2) + _varint(len(data)) + data


@lru_cache(maxsize=64)
def _tag(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


_SMALL: Final = [bytes((n,)) for n in range(128)]


def _varint(number: int) -> bytes:
    if number < 128:
        return _SMALL[number]
    found = bytearray()
    while number >= 128:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
