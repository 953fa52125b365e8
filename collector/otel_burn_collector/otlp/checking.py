"""Is a body a request that can be kept? Parsed, so that nothing else is ever acknowledged."""

from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.otlp import bodies
from otel_burn_collector.otlp.signals import Signal


def rejected_items(signal: Signal, body: bytes, encoding: Encoding) -> int | None:
    """How many items of an unpacked *body* cannot be kept; `None` when there is nothing in it at all.

    Raises `ValueError` with the reason when it is no request of *signal*.
    """
    request = bodies.parse(signal, body, encoding)
    return signal.rejects(request) if request.ListFields() else None
