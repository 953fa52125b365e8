"""Does any body, however mutated, end in more than a refusal? Never a 5xx, never an end of the process."""

import gzip
import json
import os
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

EXAMPLES = int(os.environ.get("OTEL_BURN_FUZZ_EXAMPLES", "150"))
"""A long run: OTEL_BURN_FUZZ_EXAMPLES=20000 pytest tests/collector/otlp/test_fuzz.py"""
FINE = {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT}
PATHS = ["/v1/traces", "/v1/logs", "/v1/metrics"]
Collector = Any
MakeSpans = Callable[..., bytes]
fuzz = settings(max_examples=EXAMPLES)


def rich_requests() -> list[bytes]:
    """A request of each signal with every kind of value in it."""
    traces, logs, metrics = (
        ExportTraceServiceRequest(),
        ExportLogsServiceRequest(),
        ExportMetricsServiceRequest(),
    )
    span = traces.resource_spans.add().scope_spans.add().spans.add(trace_id=b"f" * 16, span_id=b"fuzzspan")
    nested = span.attributes.add(key="nested").value
    for _ in range(20):
        nested = nested.kvlist_value.values.add(key="deeper").value.array_value.values.add()
    nested.double_value = float("nan")
    span.events.add(name="event").attributes.add(key="b").value.bytes_value = b"\xff"
    span.links.add(trace_id=b"l" * 16, span_id=b"linkspan")
    record = logs.resource_logs.add().scope_logs.add().log_records.add(time_unix_nano=2**64 - 1)
    record.body.kvlist_value.values.add(key="k").value.int_value = -1
    found = metrics.resource_metrics.add().scope_metrics.add().metrics
    found.add(name="gauge").gauge.data_points.add(as_double=1.5).exemplars.add(as_int=1)
    found.add(name="sum").sum.data_points.add(as_int=2**63 - 1)
    found.add(name="histogram").histogram.data_points.add(bucket_counts=[1, 2], explicit_bounds=[0.5])
    found.add(name="exponential").exponential_histogram.data_points.add(scale=-3, zero_count=2**64 - 1)
    found.add(name="summary").summary.data_points.add(count=1).quantile_values.add(quantile=0.5, value=1)
    return [bytes(request.SerializeToString()) for request in (traces, logs, metrics)]


RICH = rich_requests()


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good request with bytes changed, removed, repeated, cut or put in."""
    body = bytearray(draw(st.sampled_from(RICH)))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(body)))
        match draw(st.integers(0, 4)):
            case 0 if at < len(body):
                body[at] = draw(st.integers(0, 255))
            case 1:
                del body[at : at + draw(st.integers(1, 8))]
            case 2:
                body[at:at] = draw(st.binary(min_size=1, max_size=12))
            case 3:
                del body[at:]
            case _:
                body += body[at:]
    return bytes(body)


WORDS = """
resourceSpans resourceLogs resourceMetrics scopeSpans scopeLogs scopeMetrics spans logRecords metrics traceId spanId
kind attributes key value stringValue arrayValue kvlistValue values intValue body gauge dataPoints asInt status code
"""
NAMES = st.sampled_from(WORDS.split())
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("ab" * 16)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)


@fuzz
@given(body=mutated() | st.binary(max_size=200), path=st.sampled_from(PATHS), zipped=st.booleans())
def test_protobuf_over_http(collector: Collector, body: bytes, path: str, zipped: bool) -> None:
    """200 or 400, whatever the path."""
    sent = gzip.compress(body) if zipped else body
    answer = collector.send(sent, path=path, **({"Content_Encoding": "gzip"} if zipped else {}))
    assert answer.status in (200, 400)


@fuzz
@given(tree=TREES, path=st.sampled_from(PATHS), cut=st.integers(0, 3))
def test_json_over_http(collector: Collector, tree: Any, path: str, cut: int) -> None:
    """Names of OTLP in all wrong places, with all wrong types, and cut short."""
    body = json.dumps(tree).encode()
    answer = collector.send(body[: len(body) - cut], "application/json", path=path)
    assert answer.status in (200, 400)


@fuzz
@given(body=mutated() | st.binary(max_size=200))
def test_protobuf_over_grpc(collector: Collector, channel: grpc.Channel, body: bytes) -> None:
    """OK or INVALID_ARGUMENT."""
    export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
    try:
        export(body, timeout=30)
    except grpc.RpcError as error:
        assert error.code() in FINE


@fuzz
@given(junk=st.binary(max_size=300))
def test_bytes_that_are_no_http(collector: Collector, junk: bytes) -> None:
    """On either port: closed or answered, never the end."""
    import socket

    for address in (collector.url.rpartition("/")[2], collector.grpc_target):
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(junk + b"\r\n\r\n")


@pytest.fixture(scope="module")
def channel(collector: Collector) -> Any:
    """One connection for all calls."""
    with grpc.insecure_channel(collector.grpc_target) as one:
        yield one


def test_after_all_that_the_next_good_request_is_served_and_loaded(
    collector: Collector, make_spans: MakeSpans
) -> None:
    """By the same processes, without a traceback in the log; nothing stops the loader."""
    assert collector.send(make_spans(1, service="after the fuzzing", trace=99)).status == 200
    with collector.ledger() as ledger:
        sql = "SELECT count(*) AS n FROM spans WHERE service_name = 'after the fuzzing'"
        assert ledger.query(sql).to_pylist() == [{"n": 1}]
        damage = ledger.query("SELECT reason FROM journal.damage").to_pylist()
    assert damage == []
    log = collector.log.read_text()
    assert "Traceback" not in log
    assert "started again" not in log
