"""Is OTLP's JSON read by the letter, through the socket into the table? A test for each row J1 to J7."""

import json
from collections.abc import Callable
from typing import Any

import pytest

JSON = "application/json"
Collector = Any
Stored = Callable[..., int]


def send(collector: Collector, span: dict[str, Any], **request: Any) -> Any:
    """POST one span in JSON; its name tells it from others."""
    whole = {
        "traceId": "ab" * 16,
        "spanId": f"{abs(hash(span['name'])):016x}"[-16:],
        "startTimeUnixNano": "5",
    }
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [whole | span]}]}], **request}
    return collector.send(json.dumps(body).encode(), JSON)


def value(collector: Collector, name: str, column: str) -> Any:
    """What is stored of the span called *name*."""
    with collector.ledger() as ledger:
        return ledger.query(f"SELECT {column} AS v FROM spans WHERE name = '{name}'")["v"][0].as_py()


def test_j1_ids_are_hex_in_either_case(collector: Collector) -> None:
    """Of spans, parents and links; the stock mapping would read base64."""
    trace, span, parent = "0AF7651916CD43DD8448EB211C80319C", "B7AD6B7169203331", "b7ad6b7169203332"
    link = {"traceId": trace.lower(), "spanId": span}
    answer = send(
        collector, {"name": "j1", "traceId": trace, "spanId": span, "parentSpanId": parent, "links": [link]}
    )
    assert answer.status == 200
    found = value(collector, "j1", "trace_id || span_id || parent_span_id")
    assert found == (trace + span + parent).lower()
    assert trace.lower() in json.dumps(value(collector, "j1", "links::VARCHAR"))
    assert send(collector, {"name": "j1 bad", "traceId": "not hex"}).status == 400


def test_j2_enums_are_numbers(collector: Collector) -> None:
    """Known and unknown ones; a name is refused, with the field's name."""
    assert send(collector, {"name": "j2", "kind": 3, "status": {"code": 2}}).status == 200
    assert send(collector, {"name": "j2 unknown", "kind": 77}).status == 200
    answer = send(collector, {"name": "j2 name", "kind": "SPAN_KIND_CLIENT"})
    assert answer.status == 400
    assert "enum values as numbers" in answer.json["message"]


def test_j3_unknown_names_are_ignored(collector: Collector) -> None:
    """At every level, whatever they hold."""
    span = {"name": "j3", "later": {"a": [1, {"traceId": 7}]}, "status": {"later": None}}
    assert send(collector, span, later=[[]]).status == 200
    assert value(collector, "j3", "count(*)") == 1


def test_j4_only_camel_case_counts(collector: Collector) -> None:
    """The names of protobuf are unknown names."""
    assert send(collector, {"name": "j4", "parent_span_id": "ab" * 8}).status == 200
    assert value(collector, "j4", "parent_span_id") is None


@pytest.mark.parametrize("time", ["1790000000000000001", 1790000000000000001])
def test_j5_long_integers_are_strings_or_numbers(collector: Collector, time: object) -> None:
    """To the last digit."""
    name = f"j5 {time}"
    assert send(collector, {"name": name, "startTimeUnixNano": time}).status == 200
    assert value(collector, name, "epoch_ns(started_at)") == 1790000000000000001


def test_j6_bytes_doubles_and_null(collector: Collector) -> None:
    """Bytes are base64, doubles have names where JSON has no number, null is absent."""
    attributes = [
        {"key": "b", "value": {"bytesValue": "aGk="}},
        {"key": "nan", "value": {"doubleValue": "NaN"}},
        {"key": "inf", "value": {"doubleValue": "-Infinity"}},
        {"key": "none", "value": None},
    ]
    assert (
        send(collector, {"name": "j6", "attributes": attributes, "status": None, "events": None}).status
        == 200
    )
    text = "attributes['b'] || attributes['nan'] || attributes['inf'] || coalesce(attributes['none'], '-')"
    assert value(collector, "j6", text) == "aGk=NaN-Infinity-"


def test_j7_two_members_in_one_value_are_refused(collector: Collector) -> None:
    """Nobody can know which one is meant."""
    attributes = [{"key": "k", "value": {"stringValue": "a", "intValue": "1"}}]
    assert send(collector, {"name": "j7", "attributes": attributes}).status == 400


@pytest.mark.parametrize("opening", ['{"a":', "[", '{"arrayValue":{"values":['])
def test_deep_nesting_is_refused(collector: Collector, opening: str) -> None:
    """A hundred thousand levels are an error of the request, not the end of the process."""
    answer = collector.send((opening * 100_000).encode(), JSON)
    assert answer.status == 400
    assert "nested too deeply" in answer.json["message"]
    assert send(collector, {"name": f"after {opening}"}).status == 200
