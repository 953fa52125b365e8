"""What rows do journal records say? `decode` is the only door: records in, Arrow out."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from google.protobuf.message import DecodeError, Message

from otel_burn_collector.batch import LOGS, METRICS, Batch
from otel_burn_collector.decode.columns import Columns
from otel_burn_collector.decode.logs import add_logs
from otel_burn_collector.decode.metrics import add_metrics
from otel_burn_collector.decode.span_rows import span_rows
from otel_burn_collector.decode.trace_columns import span_table
from otel_burn_collector.journal.records import Encoding, Kind, Record
from otel_burn_collector.otlp import bodies
from otel_burn_collector.otlp.signals import BY_KIND

CALL_BYTES = 2 << 20
"""Of requests in one call of the decoder, which keeps the interpreter's lock: 1,600 spans, 10 ms."""
_ADD = {Kind.LOGS: add_logs, Kind.METRICS: add_metrics}


def decode(records: Sequence[Record]) -> Batch:
    """The rows of the OTLP requests in *records*; a span that cannot be kept is left out, its batch is not."""
    tables = {Kind.LOGS: Columns(LOGS), Kind.METRICS: Columns(METRICS)}
    traces: list[tuple[bytes, int]] = []
    for record in records:
        if record.kind is Kind.TRACES:
            traces.append((_protobuf(record), record.received_at))
        else:
            _ADD[record.kind](tables[record.kind], _parsed(record), record.received_at)
    return Batch(
        spans=pa.concat_tables([_spans(each) for each in _calls(traces)]),
        logs=tables[Kind.LOGS].table(),
        metrics=tables[Kind.METRICS].table(),
    )


def _calls(traces: Sequence[tuple[bytes, int]]) -> Iterator[Sequence[tuple[bytes, int]]]:
    """*traces* in parts that one call decodes, at least one part."""
    begin = size = 0
    for number, (body, _) in enumerate(traces):
        size += len(body)
        if size >= CALL_BYTES:
            yield traces[begin : number + 1]
            begin, size = number + 1, 0
    if begin < len(traces) or not traces:
        yield traces[begin:]


def _spans(traces: Sequence[tuple[bytes, int]]) -> pa.Table:
    try:
        return span_table([body for body, _ in traces], [at for _, at in traces])
    except (ValueError, DecodeError, RecursionError):
        if len(traces) > 1:
            return pa.concat_tables([_spans([one]) for one in traces])
    # What columns cannot tell, or the parser behind them does not survive, protobuf's own parser judges.
    ((body, received_at),) = traces
    return span_rows(body, received_at)


def _protobuf(record: Record) -> bytes:
    if record.encoding & Encoding.JSON:
        return bytes(_parsed(record).SerializeToString())
    return bodies.unpack(record.payload, record.encoding)


def _parsed(record: Record) -> Message:
    body = bodies.unpack(record.payload, record.encoding)
    return bodies.parse(BY_KIND[record.kind], body, record.encoding)
