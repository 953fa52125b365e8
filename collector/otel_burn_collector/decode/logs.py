"""Which log rows does an ExportLogsServiceRequest say?"""

from typing import Any

from otel_burn_collector.decode.columns import Columns, Origin, StringMap, origins, row_id
from otel_burn_collector.decode.values import text, text_attributes, time_or_none


def add_logs(columns: Columns, request: Any, received_at: int) -> None:
    """Add the log records of *request*."""
    for origin, scope in origins(request, "resource_logs", "scope_logs"):
        for record in scope.log_records:
            attributes = text_attributes(record.attributes)
            columns.add(origin, _row(record, origin, attributes, received_at), attributes)


def _row(record: Any, origin: Origin, attributes: StringMap, received_at: int) -> tuple[Any, ...]:
    observed = time_or_none(record.observed_time_unix_nano)
    at = time_or_none(record.time_unix_nano) or observed
    said = (
        record.severity_number,
        record.severity_text or None,
        record.event_name or attributes.get("event.name"),
        text(record.body),
        _id(record.trace_id, 16),
        _id(record.span_id, 8),
    )
    return row_id(origin, at, observed, said, attributes), at or received_at, observed, *said


def _id(value: bytes, length: int) -> str | None:
    return value.hex() if len(value) == length and any(value) else None
