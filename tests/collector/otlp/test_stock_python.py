"""Is what Python's stock exporters are acknowledged for stored once, with the collector killed and overloaded?"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

Collector = Any
RESOURCE = Resource({"service.name": "stock"})


def endpoint(collector: Collector, transport: str, signal_name: str) -> str:
    if transport == "grpc":
        return str(collector.running.grpc_url)
    return f"{collector.url}/v1/{signal_name}"


class Acknowledged:
    """Notes what an exporter's successes carried."""

    def __init__(self, exporter: Any, keys: Callable[[Any], list[Any]]) -> None:
        self.keys: list[Any] = []
        export = exporter.export

        def noting(batch: Any, *args: Any, **options: Any) -> Any:
            result = export(batch, *args, **options)
            if result.name == "SUCCESS":
                self.keys += keys(batch)
            return result

        exporter.export = noting


def span_keys(batch: Any) -> list[str]:
    return [f"{span.context.span_id:016x}" for span in batch]


def log_keys(batch: Any) -> list[str]:
    return [str(item.log_record.body) for item in batch]


def metric_keys(data: Any) -> list[int]:
    return [
        int(point.value)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    ]


@contextmanager
def sending(collector: Collector, transport: str) -> Iterator[dict[str, Acknowledged]]:
    """Spans, logs and metrics, sent while the block runs and until it has ended."""
    exporters: dict[str, Any] = {
        "traces": (GrpcSpans if transport == "grpc" else HttpSpans),
        "logs": (GrpcLogs if transport == "grpc" else HttpLogs),
        "metrics": (GrpcMetrics if transport == "grpc" else HttpMetrics),
    }
    made = {name: kind(endpoint=endpoint(collector, transport, name)) for name, kind in exporters.items()}
    keys = {"traces": span_keys, "logs": log_keys, "metrics": metric_keys}
    noted = {name: Acknowledged(exporter, keys[name]) for name, exporter in made.items()}
    tracers = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(made["traces"], schedule_delay_millis=100))
    loggers = LoggerProvider(resource=RESOURCE, shutdown_on_exit=False)
    loggers.add_log_record_processor(BatchLogRecordProcessor(made["logs"], schedule_delay_millis=100))
    reader = PeriodicExportingMetricReader(made["metrics"], export_interval_millis=200)
    meters = MeterProvider([reader], resource=RESOURCE, shutdown_on_exit=False)
    stop = threading.Event()

    def work() -> None:
        tracer, logger = tracers.get_tracer("stock"), loggers.get_logger("stock")
        counter = meters.get_meter("stock").create_counter("stock.counter")
        number = 0
        while not stop.wait(0.005):
            number += 1
            counter.add(1)
            logger.emit(body=f"line {number}", timestamp=time.time_ns())
            tracer.start_span("stock").end()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield noted
    finally:
        stop.set()
        thread.join()
        for provider in (tracers, loggers, meters):
            provider.force_flush(15_000)
            provider.shutdown()


QUERIES = {
    "traces": "SELECT span_id AS key FROM spans WHERE service_name = 'stock'",
    "logs": "SELECT body AS key FROM logs WHERE service_name = 'stock'",
    "metrics": "SELECT value::BIGINT AS key FROM metrics WHERE name = 'stock.counter'",
}


def check(collector: Collector, noted: dict[str, Acknowledged]) -> None:
    with collector.ledger() as ledger:
        for name, sql in QUERIES.items():
            rows = ledger.query(sql)["key"].to_pylist()
            acknowledged = noted[name].keys
            assert acknowledged, name
            assert set(acknowledged) - set(rows) == set(), name
            if name != "metrics":  # a counter may be the same at two times
                assert len(rows) == len(set(rows)), name


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_the_receiver_is_killed_beneath_them(
    start_collector: Callable[..., Collector], transport: str, wait_until: Callable[..., None]
) -> None:
    """kill -9 twice: each signal's acknowledged batches are there once, and exports go on afterwards."""
    collector = start_collector()
    with sending(collector, transport) as noted:
        for _ in range(2):
            time.sleep(1)
            os.kill(collector.child("receiver"), signal.SIGKILL)
            before = {name: len(one.keys) for name, one in noted.items()}
            wait_until(lambda before=before: all(len(noted[name].keys) > before[name] for name in noted), 40)
    check(collector, noted)


@pytest.mark.parametrize("transport", ["http", "grpc"])
def test_they_wait_out_an_overload(
    start_collector: Callable[..., Collector],
    transport: str,
    overloaded: Any,
    wait_until: Callable[..., None],
) -> None:
    """Told to come again in a second, they do, and nothing is given up."""
    collector = start_collector("--max-request", "1")
    overloaded(collector)
    with sending(collector, transport) as noted:
        time.sleep(2)
        assert not any(one.keys for one in noted.values())
        overloaded.release()
        wait_until(lambda: all(one.keys for one in noted.values()))
    check(collector, noted)
    with collector.ledger() as ledger:
        stored = {name: len(set(ledger.query(sql)["key"].to_pylist())) for name, sql in QUERIES.items()}
    assert stored["traces"] == len(noted["traces"].keys)
    assert stored["logs"] == len(noted["logs"].keys)
