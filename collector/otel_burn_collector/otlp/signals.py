"""Which signals does OTLP have, and which messages, paths and counters belong to each?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from otel_burn_collector.journal.records import Kind

MAX_TIME = 2**63 - 1
"""Nanoseconds beyond it (the year 2262) fit no timestamp column."""

PROFILES_PATH = "/v1development/profiles"
PROFILES_SERVICE = "opentelemetry.proto.collector.profiles.v1development.ProfilesService"


@dataclass(frozen=True)
class Signal:
    """One of traces, logs and metrics."""

    name: str
    kind: Kind
    request: type[Message]
    response: type[Message]
    json_key: str
    """The only key of a request in JSON that matters."""
    rejected_field: str
    items: str
    """What a user calls what is in it."""
    rejects: Callable[[Any], int]
    """How many items of a request cannot be kept."""

    @property
    def path(self) -> str:
        """The URL path of OTLP/HTTP."""
        return f"/v1/{self.name}"

    @property
    def service(self) -> str:
        """The service of OTLP/gRPC."""
        (service,) = self.request.DESCRIPTOR.file.services_by_name.values()
        return str(service.full_name)


def bad_span(span: Any) -> str | None:
    """Why *span* cannot be kept; `None` when it can."""
    if len(span.trace_id) != 16 or not any(span.trace_id):
        return "its trace id is not 16 bytes, or all zero"
    if len(span.span_id) != 8 or not any(span.span_id):
        return "its span id is not 8 bytes, or all zero"
    if span.start_time_unix_nano > MAX_TIME or span.end_time_unix_nano > MAX_TIME:
        return "its time lies beyond the year 2262"
    return None


def _bad_spans(request: Any) -> int:
    return sum(1 for span in _spans(request) if bad_span(span) is not None)


def _spans(request: Any) -> Iterator[Any]:
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            yield from scope.spans


def _none(_: Any) -> int:
    return 0


TRACES = Signal(
    "traces",
    Kind.TRACES,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
    "resourceSpans",
    "rejected_spans",
    "spans",
    _bad_spans,
)
LOGS = Signal(
    "logs",
    Kind.LOGS,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
    "resourceLogs",
    "rejected_log_records",
    "log records",
    _none,
)
METRICS = Signal(
    "metrics",
    Kind.METRICS,
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
    "resourceMetrics",
    "rejected_data_points",
    "metrics",
    _none,
)
SIGNALS = (TRACES, LOGS, METRICS)
BY_KIND = {signal.kind: signal for signal in SIGNALS}
BY_NAME = {signal.name: signal for signal in SIGNALS}
