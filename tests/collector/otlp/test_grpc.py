"""Is OTLP/gRPC received by the letter? A test for each row G1 to G7 of the specification's list."""

import gzip
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

PACKAGE = "opentelemetry.proto.collector"
Collector = Any
Call = Callable[..., Any]
Stored = Callable[..., int]
MakeSpans = Callable[..., bytes]


def test_g1_every_signal_has_its_service(collector: Collector, calling: Call, stored: Stored) -> None:
    """Traces, logs and metrics, each an empty message in return; what came is stored."""
    logs, metrics = ExportLogsServiceRequest(), ExportMetricsServiceRequest()
    record = logs.resource_logs.add().scope_logs.add().log_records.add(event_name="g1")
    record.time_unix_nano = 1_790_000_000_000_000_000
    metric = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="g1")
    metric.gauge.data_points.add(as_int=1, time_unix_nano=1_790_000_000_000_000_000)
    for service, request in (("logs.v1.LogsService", logs), ("metrics.v1.MetricsService", metrics)):
        answer = calling(collector.grpc_target, request.SerializeToString(), f"{PACKAGE}.{service}")
        assert (answer.code, answer.body) == (grpc.StatusCode.OK, b"")
    assert stored(collector, "name = 'g1'", "metrics") == 1
    assert stored(collector, "event_name = 'g1'", "logs") == 1


def test_g1_spans_are_stored(
    collector: Collector, calling: Call, stored: Stored, make_spans: MakeSpans
) -> None:
    """The same rows as over HTTP."""
    body = make_spans(*range(1, 101), service="g1")
    assert calling(collector.grpc_target, body).code is grpc.StatusCode.OK
    assert collector.send(body).status == 200
    assert stored(collector, "service_name = 'g1'") == 100


def test_g1_a_service_that_is_not_there_is_unimplemented(collector: Collector, calling: Call) -> None:
    """The code that makes a client stop."""
    assert calling(collector.grpc_target, b"", "some.other.Service").code is grpc.StatusCode.UNIMPLEMENTED


def test_g2_over_the_size_is_resource_exhausted_without_retry(
    start_collector: Callable[..., Collector], calling: Call, make_spans: MakeSpans
) -> None:
    """As sent, and as unpacked: with RetryInfo, a client would send it again and again."""
    collector = start_collector("--max-request", "1")
    body = make_spans(1, service="x" * (1 << 20))
    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip):
        answer = calling(collector.grpc_target, body, compression=compression)
        assert answer.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "google.rpc.retryinfo-bin" not in answer.trailers
    assert "1 MiB after decompression" in answer.message
    assert not answer.status.details
    assert calling(collector.grpc_target, make_spans(2)).code is grpc.StatusCode.OK


def test_g3_and_g6_overload_is_unavailable_with_retry_info_in_both_keys(
    start_collector: Callable[..., Collector], calling: Call, make_spans: MakeSpans, overloaded: Any
) -> None:
    """A delay that the stock exporter waits for, where it looks and where the specification says."""
    collector = start_collector("--max-request", "1")
    overloaded(collector)
    answer = calling(collector.grpc_target, make_spans(1))
    assert answer.code is grpc.StatusCode.UNAVAILABLE
    in_status, in_key = RetryInfo(), RetryInfo.FromString(answer.trailers["google.rpc.retryinfo-bin"])
    assert answer.status.details[0].Unpack(in_status)
    assert in_status == in_key
    assert 0 < in_key.retry_delay.ToTimedelta().total_seconds() <= 2
    overloaded.release()
    assert calling(collector.grpc_target, make_spans(1)).code is grpc.StatusCode.OK


@pytest.mark.parametrize(
    "body", [b"\xff\xfe not otlp", b"\x1f\x8b no gzip", gzip.compress(b"x" * 50, mtime=0)[:-3]]
)
def test_g4_bad_data_is_an_invalid_argument(collector: Collector, calling: Call, body: bytes) -> None:
    """With BadRequest details that say what was wrong."""
    answer = calling(collector.grpc_target, body)
    assert answer.code is grpc.StatusCode.INVALID_ARGUMENT
    details = BadRequest()
    assert answer.status.details[0].Unpack(details)
    assert details.field_violations[0].description == answer.status.message == answer.message
    assert "This is no OTLP" in answer.message


def test_g4_a_call_without_a_message(collector: Collector) -> None:
    """It is told from an empty one."""
    with grpc.insecure_channel(collector.grpc_target) as channel:
        export = channel.stream_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        with pytest.raises(grpc.RpcError) as caught:
            export(iter(()), timeout=30)
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_g5_only_unavailable_is_worth_another_try(collector: Collector, calling: Call) -> None:
    """Every final refusal has a code that no client retries."""
    final = {
        grpc.StatusCode.INVALID_ARGUMENT: calling(collector.grpc_target, b"\xff").code,
        grpc.StatusCode.UNIMPLEMENTED: calling(
            collector.grpc_target, b"", f"{PACKAGE}.profiles.v1development.ProfilesService"
        ).code,
    }
    assert list(final) == list(final.values())


def test_g7_calls_run_concurrently_on_one_channel(
    collector: Collector, stored: Stored, make_spans: MakeSpans
) -> None:
    """A hundred unary calls at once over one connection: all acknowledged, all stored once."""
    with grpc.insecure_channel(collector.grpc_target) as channel, ThreadPoolExecutor(50) as pool:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")
        bodies = [make_spans(*range(n * 10 + 1, n * 10 + 11), service="g7", trace=7) for n in range(100)]
        assert list(pool.map(lambda body: export(body, timeout=60), bodies)) == [b""] * 100
    assert stored(collector, "service_name = 'g7'") == 1000


def test_a_call_that_its_client_gives_up_harms_nobody(
    collector: Collector, stored: Stored, make_spans: MakeSpans
) -> None:
    """Deadlines that end at any moment, also while the disk is awaited: later calls are acknowledged and stored."""
    with grpc.insecure_channel(collector.grpc_target) as channel, ThreadPoolExecutor(20) as pool:
        export = channel.unary_unary("/opentelemetry.proto.collector.trace.v1.TraceService/Export")

        def send(n: int) -> None:
            call = export.future(make_spans(n + 1, service="given up", trace=8), timeout=60)
            threading.Event().wait(n % 20 / 1000)
            call.cancel()

        list(pool.map(send, range(200)))
        for n in range(5):
            assert export(make_spans(n + 1, service="not given up", trace=9), timeout=30) == b""
    assert stored(collector, "service_name = 'not given up'") == 5
    assert "Traceback" not in collector.log.read_text()


def test_profiles_are_refused_for_good(collector: Collector, calling: Call) -> None:
    """In a sentence that says what is kept."""
    answer = calling(collector.grpc_target, b"", f"{PACKAGE}.profiles.v1development.ProfilesService")
    assert answer.code is grpc.StatusCode.UNIMPLEMENTED
    assert "no profiles" in answer.message
