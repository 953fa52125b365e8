"""How does a span become OTLP? Written as protobuf directly, at a third of the cost of building messages first.

Field numbers and types: opentelemetry-proto, `trace/v1/trace.proto` and `common/v1/common.proto`. A test holds the
result against the stock encoder's. It also spares agents a dependency on protobuf, which their other libraries pin.
"""

import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from otel_burn.brief import brief

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

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


class Span(NamedTuple):
    """A finished span, without its attributes, in OTLP's own terms.

    Events, links and the status's description are left out: an exception's words may quote what it is about.
    """

    name: str
    kind: int
    trace_id: int
    span_id: int
    trace_state: str
    parent_id: int | None
    parent_is_remote: bool
    started_ns: int
    ended_ns: int
    status: int
    scope: tuple[str, str]
    """The instrumentation scope's name and version."""


def of_sdk(span: "ReadableSpan") -> Span:
    """The finished *span* of an application's own provider."""
    context, parent, scope = span.context, span.parent, span.instrumentation_scope
    return Span(
        name=span.name,
        kind=span.kind.value + 1,
        trace_id=context.trace_id,
        span_id=context.span_id,
        trace_state=context.trace_state.to_header() if context.trace_state else "",
        parent_id=parent.span_id if parent else None,
        parent_is_remote=bool(parent and parent.is_remote),
        started_ns=span.start_time or 0,
        ended_ns=span.end_time or 0,
        status=span.status.status_code.value,
        scope=(scope.name, scope.version or "") if scope else ("", ""),
    )


class Encoder:
    """Writes the spans of one resource as `ExportTraceServiceRequest`s."""

    def __init__(self, resource: Mapping[str, Any]) -> None:
        self._resource = _message(1, _attributes(1, resource))
        self._scopes: dict[tuple[str, str], bytes] = {}

    def request(self, span: Span, attributes: Mapping[str, Any]) -> bytes:
        """One request with *span*, its *attributes* given apart."""
        head = self._scopes.get(span.scope)
        if head is None:
            if len(self._scopes) >= _MOST_SCOPES:
                self._scopes.clear()
            name, version = span.scope
            head = self._scopes[span.scope] = _message(1, _text(1, name) + _text(2, version))
        return _message(1, self._resource + _message(2, head + _message(2, _span(span, attributes))))


def _span(span: Span, attributes: Mapping[str, Any]) -> bytes:
    return b"".join(
        (
            b"\x0a\x10", span.trace_id.to_bytes(16, "big"),
            b"\x12\x08", span.span_id.to_bytes(8, "big"),
            _text(3, span.trace_state),
            b"" if span.parent_id is None else b"\x22\x08" + span.parent_id.to_bytes(8, "big"),
            _text(5, brief(span.name)),
            b"\x30", _SMALL[span.kind],
            b"\x39", _FIXED.pack(span.started_ns),
            b"\x41", _FIXED.pack(span.ended_ns),
            _attributes(9, attributes),
            b"\x7a\x02\x18", _SMALL[span.status],
            b"\x85\x01", _FLAGS.pack(_HAS_IS_REMOTE | (_IS_REMOTE if span.parent_is_remote else 0)),
        )
    )  # fmt: skip


def _attributes(field: int, attributes: Mapping[str, Any]) -> bytes:
    found, known = [], _LAST[field]
    for name, value in attributes.items():
        last = known.get(name)
        if last is not None and type(last[0]) is type(value) and last[0] == value:
            found.append(last[1])
            continue
        pair = _message(field, _key(name) + _message(2, _any(value)))
        # Of lists, equal is not the same: [1] is [True].
        if len(pair) <= _BRIEF and type(value) is not list and (last is not None or len(known) < _MOST):
            known[name] = value, pair
        found.append(pair)
    return b"".join(found)


_BRIEF: Final = 128
"""Bytes of an attribute that is remembered."""
_MOST: Final = 512
_LAST: Final[dict[int, dict[str, tuple[Any, bytes]]]] = {1: {}, 9: {}}
"""By field, the value and bytes of the last attribute of a name: in the next call most are the same again."""


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
    return _TAGS[field] + _varint(len(data)) + data


_SMALL: Final = [bytes((n,)) for n in range(128)]
_TAGS: Final = [_SMALL[field << 3 | 2] for field in range(16)]
"""Of fields that have a length."""


def _varint(number: int) -> bytes:
    if number < 128:
        return _SMALL[number]
    found = bytearray()
    while number >= 128:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
