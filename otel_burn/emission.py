"""How does a description become a span? With explicit times and an explicit parent, never attached to a context."""

from collections.abc import Mapping
from typing import Any, Final

import xxhash
from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, SpanKind, Status, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_burn.calls import Call
from otel_burn.spans import Description


class Ids(RandomIdGenerator):
    """Random ids, but for spans that have an identity: whoever makes one again makes the same one."""

    def __init__(self) -> None:
        self.identity: str | None = None

    def generate_span_id(self) -> int:
        """A span id, not zero."""
        return _digest(self.identity) & (2**64 - 1) or 1 if self.identity else super().generate_span_id()

    def generate_trace_id(self) -> int:
        """A trace id, not zero."""
        return _digest(self.identity) or 1 if self.identity else super().generate_trace_id()


def emit(tracer: Any, call: Call, described: Description, attributes: Mapping[str, Any]) -> Any:
    """The ended span of *call*, with the given *attributes*."""
    span = tracer.start_span(
        _sendable(described.name),
        context=Context() if described.identity else _parent(call),
        kind=SpanKind.CLIENT,
        attributes={name: _sendable(value) for name, value in attributes.items()},
        start_time=call.started_ns,
    )
    if described.failed:
        span.set_status(Status(StatusCode.ERROR))
    span.end(call.ended_ns)
    return span


def _sendable(value: Any) -> Any:
    """*value* as OTLP can carry it: no half of a surrogate pair, no integer beyond 64 bits."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    return str(value) if isinstance(value, int) and not -_INT64 <= value < _INT64 else value


_INT64: Final = 2**63


def _parent(call: Call) -> Context:
    """The context of the span that made *call*: what the SDK sent along, else what was current."""
    if call.traceparent:
        return TraceContextTextMapPropagator().extract({"traceparent": call.traceparent}, Context())
    if call.parent is not None:
        return set_span_in_context(NonRecordingSpan(call.parent), Context())
    return Context()


def _digest(identity: str) -> int:
    return xxhash.xxh3_128_intdigest(identity.encode("utf-8", "surrogatepass"))
