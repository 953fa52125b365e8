"""What does the decoder hand to the ledger? Three Arrow tables, as received, in OTLP's own terms."""

from dataclasses import dataclass

import pyarrow as pa

STRING_MAP = pa.map_(pa.string(), pa.string())
"""Attributes: strings as they are; numbers and booleans as JSON text; arrays, maps and bytes (base64) as JSON."""

SPANS = pa.schema(
    {
        "trace_id": pa.string(),  # 32 hex digits, lower case
        "span_id": pa.string(),  # 16 hex digits, lower case
        "parent_span_id": pa.string(),  # NULL for a root
        "name": pa.string(),
        "kind": pa.string(),  # UNSPECIFIED INTERNAL SERVER CLIENT PRODUCER CONSUMER
        "started_at": pa.timestamp("ns"),  # UTC
        "ended_at": pa.timestamp("ns"),
        "status": pa.string(),  # UNSET OK ERROR
        "status_message": pa.string(),
        "service_name": pa.string(),
        "scope_name": pa.string(),
        "scope_version": pa.string(),
        "attributes": STRING_MAP,
        "resource": STRING_MAP,
        "events": pa.string(),  # JSON list of {name, at (ns), attributes}; NULL when there are none
        "links": pa.string(),  # JSON list of {trace_id, span_id, attributes}; NULL when there are none
        "undated": pa.bool_(),  # whether the times are those of its arrival, for want of any
    }
)

LOGS = pa.schema(
    {
        "log_id": pa.string(),  # 32 hex digits: hash of what the record, its resource and its scope say
        "at": pa.timestamp("ns"),  # the record's time, else the time it was observed
        "observed_at": pa.timestamp("ns"),
        "severity_number": pa.int32(),
        "severity_text": pa.string(),
        "event_name": pa.string(),  # the field, else the attribute `event.name`
        "body": pa.string(),  # text as it is, anything else as JSON
        "trace_id": pa.string(),
        "span_id": pa.string(),
        "service_name": pa.string(),
        "scope_name": pa.string(),
        "scope_version": pa.string(),
        "attributes": STRING_MAP,
        "resource": STRING_MAP,
    }
)

METRICS = pa.schema(
    {
        "point_id": pa.string(),  # 32 hex digits: hash of what the point, its metric, resource and scope say
        "name": pa.string(),
        "unit": pa.string(),
        "type": pa.string(),  # gauge sum histogram exponential_histogram summary
        "temporality": pa.string(),  # delta cumulative; NULL for a gauge or summary
        "monotonic": pa.bool_(),
        "started_at": pa.timestamp("ns"),
        "at": pa.timestamp("ns"),
        "value": pa.float64(),  # gauge and sum
        "count": pa.int64(),  # histograms and summary
        "sum": pa.float64(),
        "detail": pa.string(),  # JSON: bounds and buckets, quantiles
        "service_name": pa.string(),
        "scope_name": pa.string(),
        "scope_version": pa.string(),
        "attributes": STRING_MAP,
        "resource": STRING_MAP,
    }
)


@dataclass(frozen=True)
class Batch:
    """The rows of some journal records, in the order of arrival. Duplicates are still in it."""

    spans: pa.Table
    logs: pa.Table
    metrics: pa.Table
