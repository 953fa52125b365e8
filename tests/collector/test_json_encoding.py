"""Is OTLP's JSON read by OTLP's rules, where they differ from protobuf's own?"""

import json
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector.otlp.json_encoding import from_json

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
SPAN_ID = "b7ad6b7169203331"


def read(span: dict[str, Any]) -> Any:
    body = {
        "resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": TRACE_ID, "spanId": SPAN_ID, **span}]}]}]
    }
    request: Any = from_json(ExportTraceServiceRequest, json.dumps(body).encode())
    return request.resource_spans[0].scope_spans[0].spans[0]


def read_value(value: dict[str, Any]) -> Any:
    return read({"attributes": [{"key": "k", "value": value}]}).attributes[0].value


def test_ids_are_hex_in_either_case() -> None:
    """J1: in spans, their parents and links; the stock mapping would read base64."""
    span = read(
        {
            "traceId": TRACE_ID.upper(),
            "parentSpanId": SPAN_ID,
            "links": [{"traceId": TRACE_ID, "spanId": SPAN_ID.upper()}],
        }
    )
    assert (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()) == (
        TRACE_ID,
        SPAN_ID,
        SPAN_ID,
    )
    assert (span.links[0].trace_id.hex(), span.links[0].span_id.hex()) == (TRACE_ID, SPAN_ID)


def test_an_empty_parent_is_none() -> None:
    """Emitters write "" for a root."""
    assert read({"parentSpanId": ""}).parent_span_id == b""


def test_enums_are_numbers() -> None:
    """J2: numbers count, unknown ones too; names are refused with the field's name."""
    assert read({"kind": 3, "status": {"code": 2}}).kind == 3
    assert read({"kind": 77}).kind == 77
    with pytest.raises(ValueError, match="kind is 'SPAN_KIND_CLIENT'; OTLP wants enum values as numbers"):
        read({"kind": "SPAN_KIND_CLIENT"})


def test_unknown_names_are_ignored() -> None:
    """J3: a newer emitter may say more."""
    assert read({"name": "known", "inventedLater": {"a": [1]}}).name == "known"


def test_snake_case_is_unknown() -> None:
    """J4: only lowerCamelCase counts."""
    assert read({"start_time_unix_nano": "5"}).start_time_unix_nano == 0
    assert read({"startTimeUnixNano": "5"}).start_time_unix_nano == 5


@pytest.mark.parametrize("time", ["1790000000000000001", 1790000000000000001])
def test_long_integers_are_strings_or_numbers(time: object) -> None:
    """J5: both keep every digit."""
    assert read({"startTimeUnixNano": time}).start_time_unix_nano == 1790000000000000001


def test_bytes_doubles_and_null() -> None:
    """J6: bytes are base64, doubles have names where JSON has no number, null is absent."""
    assert read_value({"bytesValue": "aGk="}).bytes_value == b"hi"
    assert str(read_value({"doubleValue": "NaN"}).double_value) == "nan"
    assert read({"name": None}).name == ""


def test_two_members_in_one_value_are_refused() -> None:
    """J7: it is not said which one is meant."""
    with pytest.raises(ValueError, match="oneof"):
        read_value({"stringValue": "a", "intValue": "1"})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "Expecting value"),
        (b"[]", "not an object but list"),
        (b'{"resourceSpans": ', "Expecting value"),
        (b'{"resourceSpans": 7}', "resourceSpans"),
        (
            b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}',
            "traceId is not a hexadecimal",
        ),
        (
            b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": 7}]}]}]}',
            "traceId is not a hexadecimal",
        ),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "\\ud800"}]}]}]}', "surrogate|UTF-8|utf-8"),
        (b'{"resourceSpans": NaN}', "NaN is no JSON"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_otlp_is_refused_with_a_reason(body: bytes, reason: str) -> None:
    """Nothing gets further than a ValueError, and it says what was wrong."""
    with pytest.raises(ValueError, match=reason):
        from_json(ExportTraceServiceRequest, body)
