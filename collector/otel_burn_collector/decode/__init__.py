"""What rows do journal records say? `decode` is the only door: records in, Arrow out."""

from collections.abc import Sequence

from otel_burn_collector.batch import LOGS, METRICS, SPANS, Batch
from otel_burn_collector.decode.columns import Columns
from otel_burn_collector.decode.logs import add_logs
from otel_burn_collector.decode.metrics import add_metrics
from otel_burn_collector.decode.spans import add_spans
from otel_burn_collector.journal.records import Kind, Record
from otel_burn_collector.otlp import bodies
from otel_burn_collector.otlp.signals import BY_KIND

_ADD = {Kind.TRACES: add_spans, Kind.LOGS: add_logs, Kind.METRICS: add_metrics}


def decode(records: Sequence[Record]) -> Batch:
    """The rows of the OTLP requests in *records*; a span that cannot be kept is left out, its batch is not."""
    tables = {Kind.TRACES: Columns(SPANS), Kind.LOGS: Columns(LOGS), Kind.METRICS: Columns(METRICS)}
    for record in records:
        body = bodies.unpack(record.payload, record.encoding)
        request = bodies.parse(BY_KIND[record.kind], body, record.encoding)
        _ADD[record.kind](tables[record.kind], request, record.received_at)
    return Batch(
        spans=tables[Kind.TRACES].table(),
        logs=tables[Kind.LOGS].table(),
        metrics=tables[Kind.METRICS].table(),
    )
