"""Which span rows does a request say that no column can tell? Read message by message, ten times as dear.

`trace_columns` reads nearly all; what it cannot is a value that says two members of its oneof. It is also what that
faster way is held against.
"""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from otel_burn_collector.batch import SPANS
from otel_burn_collector.decode.columns import Columns, origins
from otel_burn_collector.decode.values import json_text, plain_attributes, text_attributes
from otel_burn_collector.journal.records import Encoding
from otel_burn_collector.otlp.bodies import parse
from otel_burn_collector.otlp.signals import MAX_TIME, TRACES, bad_span

KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
STATUSES = ("UNSET", "OK", "ERROR")


def span_rows(body: bytes, received_at: int) -> pa.Table:
    """The spans of the request *body* that can be kept; ValueError when it is none."""
    columns = Columns(SPANS)
    request: Any = parse(TRACES, body, Encoding.PLAIN)
    for origin, scope in origins(request, "resource_spans", "scope_spans"):
        for span in scope.spans:
            if bad_span(span) is None:
                columns.add(origin, _row(span, received_at), text_attributes(span.attributes))
    return columns.table()


def _row(span: Any, received_at: int) -> tuple[Any, ...]:
    started = span.start_time_unix_nano or span.end_time_unix_nano or received_at
    return (
        span.trace_id.hex(),
        span.span_id.hex(),
        _parent(span.parent_span_id),
        span.name,
        _named(KINDS, span.kind),
        started,
        span.end_time_unix_nano or started,
        _named(STATUSES, span.status.code),
        span.status.message or None,
        _events(span.events) if span.events else None,
        _links(span.links) if span.links else None,
        not (span.start_time_unix_nano or span.end_time_unix_nano),
    )


def _parent(span_id: bytes) -> str | None:
    return span_id.hex() if len(span_id) == 8 and any(span_id) else None


def _named(names: tuple[str, ...], number: int) -> str:
    return names[number] if 0 <= number < len(names) else names[0]


def _events(events: Iterable[Any]) -> str:
    return json_text(
        [
            {
                "name": event.name,
                "at": min(event.time_unix_nano, MAX_TIME),
                "attributes": plain_attributes(event.attributes),
            }
            for event in events
        ]
    )


def _links(links: Iterable[Any]) -> str:
    return json_text(
        [
            {
                "trace_id": link.trace_id.hex(),
                "span_id": link.span_id.hex(),
                "attributes": plain_attributes(link.attributes),
            }
            for link in links
        ]
    )
