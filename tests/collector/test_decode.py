"""Are requests decoded whole, and is a bad item left out alone?"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector.batch import LOGS, METRICS, SPANS, Batch
from otel_burn_collector.decode import decode
from otel_burn_collector.journal.records import Encoding, Kind, Position, Record
from otel_burn_collector.otlp.signals import BY_NAME

NOW = 1_790_000_000_000_000_000
NOWHERE = Position(1, 0)
MakeSpans = Callable[..., bytes]


def record(kind: Kind, body: bytes, encoding: Encoding = Encoding.PLAIN) -> Record:
    return Record(kind, encoding, NOW, body, NOWHERE, NOWHERE)


def spans(body: bytes) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = decode([record(Kind.TRACES, body)]).spans.to_pylist(maps_as_pydicts="strict")
    return rows


def one_span(**fields: Any) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    given = {
        "trace_id": b"t" * 16,
        "span_id": b"s" * 8,
        "start_time_unix_nano": NOW,
        "end_time_unix_nano": NOW + 1,
    }
    request.resource_spans.add().scope_spans.add().spans.add(**given | fields)
    return request


def test_nothing_is_empty_tables_of_the_right_shape() -> None:
    """No record, no row, every column."""
    batch = decode([])
    assert (batch.spans.schema, batch.logs.schema, batch.metrics.schema) == (SPANS, LOGS, METRICS)
    assert batch.spans.num_rows == batch.logs.num_rows == batch.metrics.num_rows == 0


def test_a_span_is_decoded_whole() -> None:
    """Every field of the schema is filled from the wire."""
    request = one_span(parent_span_id=b"p" * 8, name="chat gpt-5", kind=3)
    scope = request.resource_spans[0].scope_spans[0]
    scope.scope.name, scope.scope.version = "otel_burn", "1.0"
    request.resource_spans[0].resource.attributes.add(key="service.name").value.string_value = "agent"
    span = scope.spans[0]
    span.status.code, span.status.message = 2, "boom"
    span.attributes.add(key="n").value.int_value = 3
    event = span.events.add(name="retry", time_unix_nano=NOW)
    event.attributes.add(key="wait").value.double_value = 0.5
    span.links.add(trace_id=b"l" * 16, span_id=b"k" * 8)
    batch = decode([record(Kind.TRACES, request.SerializeToString())])
    assert batch.spans.schema == SPANS
    times = {name: batch.spans[name].cast("int64").to_pylist() for name in ("started_at", "ended_at")}
    assert times == {"started_at": [NOW], "ended_at": [NOW + 1]}
    (row,) = batch.spans.drop_columns(["started_at", "ended_at"]).to_pylist(maps_as_pydicts="strict")
    assert row == {
        "trace_id": (b"t" * 16).hex(),
        "span_id": (b"s" * 8).hex(),
        "parent_span_id": (b"p" * 8).hex(),
        "name": "chat gpt-5",
        "kind": "CLIENT",
        "status": "ERROR",
        "status_message": "boom",
        "service_name": "agent",
        "scope_name": "otel_burn",
        "scope_version": "1.0",
        "attributes": {"n": "3"},
        "resource": {"service.name": "agent"},
        "events": f'[{{"name":"retry","at":{NOW},"attributes":{{"wait":0.5}}}}]',
        "links": f'[{{"trace_id":"{(b"l" * 16).hex()}","span_id":"{(b"k" * 8).hex()}","attributes":{{}}}}]',
        "undated": False,
    }


def test_attribute_values_of_every_type() -> None:
    """Strings as they are, numbers and booleans as JSON text, the rest as JSON; the last of equal keys counts."""
    request = one_span()
    attributes = request.resource_spans[0].scope_spans[0].spans[0].attributes
    attributes.add(key="text").value.string_value = "a\x00b"
    attributes.add(key="whole").value.int_value = -(2**63)
    attributes.add(key="real").value.double_value = 0.1
    attributes.add(key="nan").value.double_value = float("nan")
    attributes.add(key="yes").value.bool_value = True
    attributes.add(key="bytes").value.bytes_value = b"hi"
    attributes.add(key="empty")
    values = attributes.add(key="list").value.array_value.values
    values.add().string_value = "x"
    values.add().double_value = float("-inf")
    attributes.add(key="map").value.kvlist_value.values.add(key="k").value.int_value = 1
    attributes.add(key="twice").value.int_value = 1
    attributes.add(key="twice").value.int_value = 2
    (row,) = decode([record(Kind.TRACES, request.SerializeToString())]).spans["attributes"].to_pylist()
    assert dict(row) == {
        "text": "a\x00b",
        "whole": "-9223372036854775808",
        "real": "0.1",
        "nan": "NaN",
        "yes": "true",
        "bytes": "aGk=",
        "empty": None,
        "list": '["x","-Infinity"]',
        "map": '{"k":1}',
        "twice": "2",
    }


@pytest.mark.parametrize(
    "fields",
    [
        {"trace_id": b"short"},
        {"trace_id": bytes(16)},
        {"span_id": b""},
        {"span_id": bytes(8)},
        {"start_time_unix_nano": 2**64 - 1},
        {"end_time_unix_nano": 2**63},
    ],
)
def test_a_bad_span_does_not_lose_its_batch(fields: dict[str, Any]) -> None:
    """Invalid ids and times that no column holds cost that span alone."""
    request = one_span(**fields)
    request.resource_spans[0].scope_spans[0].spans.add(trace_id=b"t" * 16, span_id=b"g" * 8, name="good")
    assert [
        row["name"] for row in decode([record(Kind.TRACES, request.SerializeToString())]).spans.to_pylist()
    ] == ["good"]


def test_a_span_without_times_gets_the_moment_of_its_arrival() -> None:
    """1970 would stretch every chart."""
    request = one_span(start_time_unix_nano=0, end_time_unix_nano=0)
    table = decode([record(Kind.TRACES, request.SerializeToString())]).spans
    assert (
        table["started_at"].cast("int64").to_pylist() == table["ended_at"].cast("int64").to_pylist() == [NOW]
    )


def test_resources_stay_with_their_spans(make_spans: MakeSpans) -> None:
    """Rows of several requests keep their own service."""
    batch = decode([record(Kind.TRACES, make_spans(n, n + 10, service=f"agent {n}")) for n in range(1, 4)])
    assert batch.spans["service_name"].to_pylist() == ["agent 1"] * 2 + ["agent 2"] * 2 + ["agent 3"] * 2


def log_request(**fields: Any) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    request.resource_logs.add().scope_logs.add().log_records.add(**fields)
    return request


def logs(request: ExportLogsServiceRequest) -> Batch:
    return decode([record(Kind.LOGS, request.SerializeToString())])


def test_a_log_record_takes_its_event_name_from_either_place() -> None:
    """The field is new; older emitters have an attribute."""
    old = log_request(time_unix_nano=NOW)
    old.resource_logs[0].scope_logs[0].log_records[0].attributes.add(
        key="event.name"
    ).value.string_value = "old"
    assert logs(log_request(event_name="new")).logs["event_name"].to_pylist() == ["new"]
    assert logs(old).logs["event_name"].to_pylist() == ["old"]


@pytest.mark.parametrize(
    ("given", "at"),
    [({"time_unix_nano": 5}, 5), ({"observed_time_unix_nano": 6}, 6), ({}, NOW)],
    ids=["its own", "observed", "received"],
)
def test_a_log_record_always_has_a_time(given: dict[str, int], at: int) -> None:
    """Its own, else when it was observed, else when it arrived."""
    assert logs(log_request(**given)).logs["at"].cast("int64").to_pylist() == [at]


def test_equal_log_records_have_equal_ids_and_others_do_not() -> None:
    """A record that is sent twice in different batches is one; another resource makes another."""
    one, other = log_request(time_unix_nano=NOW, severity_text="INFO"), log_request(time_unix_nano=NOW)
    elsewhere = log_request(time_unix_nano=NOW)
    elsewhere.resource_logs[0].resource.attributes.add(key="service.name").value.string_value = "b"
    ids = [logs(request).logs["log_id"].to_pylist()[0] for request in (one, one, other, elsewhere)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(len(one_id) == 32 for one_id in ids)


def _attributed(request: Any, pairs: list[tuple[str, str]]) -> Any:
    """*request*, with *pairs* as attributes of its one item, of its resource and of its scope."""
    (_, (resource,)), *_ = request.ListFields()
    (_, (scope,)) = next(field for field in resource.ListFields() if field[0].name.startswith("scope_"))
    (_, (item,)) = next(field for field in scope.ListFields() if field[0].name != "scope")
    if hasattr(item, "sum"):
        (item,) = item.sum.data_points
    for key, value in pairs:
        for held in (item, resource.resource, scope.scope):
            held.attributes.add(key=key).value.string_value = value
    return request


def _one_point() -> ExportMetricsServiceRequest:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="tokens")
    metric.sum.data_points.add(as_int=3, time_unix_nano=NOW)
    return request


def test_the_order_of_attributes_makes_no_other_record_or_point() -> None:
    """What is encoded anew on its way, as some SDKs and relays do, is the same; another value is another."""
    pairs = [("a", "1"), ("b", "2")]
    for key, kind, make in (
        ("log_id", Kind.LOGS, lambda: log_request(time_unix_nano=NOW)),
        ("point_id", Kind.METRICS, _one_point),
    ):
        ids = []
        for said in (pairs, pairs[::-1], [("a", "1"), ("b", "3")]):
            batch = decode([record(kind, _attributed(make(), said).SerializeToString())])
            ids += (batch.logs if kind is Kind.LOGS else batch.metrics)[key].to_pylist()
        assert ids[0] == ids[1] != ids[2]


def test_a_log_body_is_text_or_json() -> None:
    """Text stays text."""
    request = log_request(time_unix_nano=NOW)
    body = request.resource_logs[0].scope_logs[0].log_records[0].body
    body.kvlist_value.values.add(key="a").value.int_value = 1
    assert logs(request).logs["body"].to_pylist() == ['{"a":1}']
    body.string_value = "plain"
    assert logs(request).logs["body"].to_pylist() == ["plain"]


def test_every_type_of_metric() -> None:
    """Each of the five kinds makes points with what that kind measures."""
    request = ExportMetricsServiceRequest()
    metrics = request.resource_metrics.add().scope_metrics.add().metrics
    at = {"time_unix_nano": NOW}
    metrics.add(name="gauge", unit="{token}").gauge.data_points.add(as_int=7, **at)
    total = metrics.add(name="sum").sum
    total.is_monotonic, total.aggregation_temporality = True, 2
    total.data_points.add(as_double=1.5, start_time_unix_nano=NOW - 1, **at)
    histogram = metrics.add(name="histogram").histogram
    histogram.aggregation_temporality = 1
    histogram.data_points.add(count=3, sum=6.0, min=1, bucket_counts=[1, 2], explicit_bounds=[2.0], **at)
    exponential = metrics.add(name="exponential").exponential_histogram.data_points.add(
        count=2, scale=1, **at
    )
    exponential.positive.bucket_counts.extend([1, 1])
    metrics.add(name="summary").summary.data_points.add(count=1, sum=2.0, **at).quantile_values.add(
        quantile=0.5, value=2.0
    )
    metrics.add(name="no data")
    table = decode([record(Kind.METRICS, request.SerializeToString())]).metrics
    columns = ["name", "type", "temporality", "monotonic", "value", "count", "sum"]
    assert [tuple(row.values()) for row in table.select(columns).to_pylist()] == [
        ("gauge", "gauge", None, None, 7.0, None, None),
        ("sum", "sum", "cumulative", True, 1.5, None, None),
        ("histogram", "histogram", "delta", None, None, 3, 6.0),
        ("exponential", "exponential_histogram", None, None, None, 2, None),
        ("summary", "summary", None, None, None, 1, 2.0),
    ]
    details = [text and json.loads(text) for text in table["detail"].to_pylist()]
    assert details[2] == {"bounds": [2.0], "counts": [1, 2], "min": 1.0}
    assert details[3]["positive"] == {"offset": 0, "counts": [1, 1]}
    assert details[4] == {"quantiles": [{"quantile": 0.5, "value": 2.0}]}
    assert len(set(table["point_id"].to_pylist())) == 5


def test_every_captured_body_is_decoded(captures: Path) -> None:
    """What real agents sent makes rows, in protobuf and in JSON, and none too few."""
    total = 0
    for index in sorted(captures.glob("*/otlp/index.jsonl")):
        for line in index.read_text().splitlines():
            entry = json.loads(line)
            name = Path(entry["file"]).stem.rsplit("-", 1)[1]
            encoding = Encoding.JSON if "json" in entry["content_type"] else Encoding.PLAIN
            body = (index.parent / entry["file"]).read_bytes()
            batch = decode([record(BY_NAME[name].kind, body, encoding)])
            total += batch.spans.num_rows + batch.logs.num_rows + batch.metrics.num_rows
    assert total > 5000
