"""How does a description become a span? With explicit times and an explicit parent, never attached to a context."""

from typing import Any, Final

import xxhash

from otel_burn.calls import Call
from otel_burn.ids import random_id
from otel_burn.otlp import Span
from otel_burn.spans import Description

_CLIENT: Final = 3
_UNSET, _ERROR = 0, 2
"""`SpanKind` and `StatusCode` as OTLP numbers them."""
_MASK: Final = 2**64 - 1
_INT64: Final = 2**63


def finished(call: Call, described: Description, scope: tuple[str, str]) -> Span:
    """The span of *call* as we write it ourselves: no sampler, limit or processor of anybody's is asked.

    One that has an identity gets ids made of it: whoever makes it again makes the same one.
    """
    parent = None if described.identity else _parent(call)
    identity = _digest(described.identity) if described.identity else 0
    return Span(
        name=described.name,
        kind=_CLIENT,
        trace_id=parent.trace_id if parent else identity or random_id(128),
        span_id=identity & _MASK or random_id(64),
        trace_state=parent.trace_state.to_header() if parent and parent.trace_state else "",
        parent_id=parent.span_id if parent else None,
        parent_is_remote=bool(parent and parent.is_remote),
        started_ns=call.started_ns,
        ended_ns=call.ended_ns,
        status=_ERROR if described.failed else _UNSET,
        scope=scope,
    )


def emit(tracer: Any, call: Call, described: Description) -> None:
    """Make the span of *call* with the *tracer* of a provider that was given to us."""
    from opentelemetry import trace  # noqa: PLC0415 - where no provider is given, nobody has to pay for it
    from opentelemetry.context import Context  # noqa: PLC0415

    parent, context = None if described.identity else _parent(call), Context()
    if parent is not None:
        context = trace.set_span_in_context(trace.NonRecordingSpan(parent), context)
    span = tracer.start_span(
        _sendable(described.name),
        context=context,
        kind=trace.SpanKind.CLIENT,
        attributes={name: _sendable(value) for name, value in described.attributes.items()},
        start_time=call.started_ns,
    )
    if described.failed:
        span.set_status(trace.Status(trace.StatusCode.ERROR))
    span.end(call.ended_ns)


def _sendable(value: Any) -> Any:
    """*value* as OTLP can carry it: no half of a surrogate pair, no integer beyond 64 bits."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_sendable(item) for item in value]
    return str(value) if isinstance(value, int) and not -_INT64 <= value < _INT64 else value


def _parent(call: Call) -> Any:
    """The context of the span that made *call*: what the SDK sent along, else what was current; None for a root."""
    if not call.traceparent:
        return call.parent
    from opentelemetry import trace  # noqa: PLC0415 - an SDK that sends it along has imported it
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    carried = TraceContextTextMapPropagator().extract({"traceparent": call.traceparent}, Context())
    context = trace.get_current_span(carried).get_span_context()
    return context if context.is_valid else None


def _digest(identity: str) -> int:
    return xxhash.xxh3_128_intdigest(identity.encode("utf-8", "surrogatepass")) or 1
