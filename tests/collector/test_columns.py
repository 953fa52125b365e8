"""Do columns say what a parser that goes message by message says?"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from otel_burn_collector.decode import decode
from otel_burn_collector.decode.span_rows import span_rows
from otel_burn_collector.decode.trace_columns import TwoMembersError, span_table
from otel_burn_collector.journal.records import Encoding, Kind, Position, Record

NOW = 1_790_000_000_000_000_000
KEYS = st.sampled_from(["service.name", "a", "b", "gen_ai.request.model", "", "ü"])
LEAVES = st.one_of(
    st.builds(AnyValue),
    st.builds(AnyValue, string_value=st.text(max_size=5)),
    st.just(AnyValue(string_value="line\nfeed\u2028\x85")),
    st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(AnyValue, double_value=st.floats()),
    st.builds(AnyValue, bool_value=st.booleans()),
    st.builds(AnyValue, bytes_value=st.binary(max_size=3)),
    st.builds(AnyValue, string_value_strindex=st.integers(0, 3)),
)


def nested(inner: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[AnyValue]:
    lists = st.lists(inner, max_size=3).map(lambda values: AnyValue(array_value={"values": values}))
    maps = st.lists(pair(inner), max_size=3).map(lambda pairs: AnyValue(kvlist_value={"values": pairs}))
    return st.one_of(lists, maps)


def pair(values: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[KeyValue]:
    return st.one_of(st.builds(KeyValue, key=KEYS), st.builds(KeyValue, key=KEYS, value=values))


ATTRIBUTES = st.lists(pair(st.recursive(LEAVES, nested, max_leaves=6)), max_size=4)
TIMES = st.sampled_from([0, 1, NOW, 2**63 - 1, 2**63, 2**64 - 1])
IDS = st.sampled_from(
    [b"", b"short", bytes(8), bytes(16), b"s" * 8, b"t" * 16, bytes(range(16)), b"\xff" * 8]
)
SPAN = st.fixed_dictionaries(
    {
        "trace_id": st.one_of(st.just(b"t" * 16), IDS),
        "span_id": st.one_of(st.just(b"s" * 8), IDS),
        "parent_span_id": IDS,
        "name": st.text(max_size=3),
        "kind": st.integers(-1, 9),
        "start_time_unix_nano": TIMES,
        "end_time_unix_nano": TIMES,
        "attributes": ATTRIBUTES,
        "status": st.sampled_from([None, {}, {"code": 2, "message": "boom"}, {"code": 7}]),
        "events": st.lists(
            st.fixed_dictionaries(
                {"name": st.text(max_size=2), "time_unix_nano": TIMES, "attributes": ATTRIBUTES}
            ),
            max_size=2,
        ),
        "links": st.lists(
            st.fixed_dictionaries({"trace_id": IDS, "span_id": IDS, "attributes": ATTRIBUTES}), max_size=2
        ),
    }
)
SCOPE = st.fixed_dictionaries(
    {
        "scope": st.sampled_from([None, {}, {"name": "otel_burn", "version": "1"}]),
        "spans": st.lists(SPAN, max_size=3),
    }
)
RESOURCE = st.fixed_dictionaries(
    {
        "resource": st.one_of(st.none(), st.fixed_dictionaries({"attributes": ATTRIBUTES})),
        "scope_spans": st.lists(SCOPE, max_size=2),
    }
)
REQUEST = st.lists(RESOURCE, max_size=2).map(
    lambda resources: ExportTraceServiceRequest(resource_spans=resources).SerializeToString()
)


def rows(table: Any) -> list[dict[str, Any]]:
    times = {name: table[name].cast("int64") for name in ("started_at", "ended_at")}
    for name, column in times.items():
        table = table.set_column(table.schema.get_field_index(name), name, column)
    found: list[dict[str, Any]] = table.to_pylist(maps_as_pydicts="strict")
    return found


@settings(max_examples=150)
@given(st.lists(REQUEST, max_size=3))
def test_columns_say_what_rows_say(bodies: list[bytes]) -> None:
    """Whatever requests say, in one go and one by one, each field is the same."""
    slow = [row for body in bodies for row in rows(span_rows(body, NOW))]
    assert rows(span_table(bodies, [NOW] * len(bodies))) == slow


def test_the_last_member_of_a_oneof_counts() -> None:
    """A value that says two members is legal protobuf; the request around it keeps its other spans."""
    twice = AnyValue(string_value="first").SerializeToString() + AnyValue(int_value=2).SerializeToString()
    pair_of = b"\x0a\x01k" + b"\x12" + bytes([len(twice)]) + twice
    span = (
        ExportTraceServiceRequest()
        .resource_spans.add()
        .scope_spans.add()
        .spans.add(trace_id=b"t" * 16, span_id=b"s" * 8, start_time_unix_nano=NOW)
    )
    inner = span.SerializeToString() + b"\x4a" + bytes([len(pair_of)]) + pair_of
    for _ in range(2):
        inner = b"\x12" + bytes([len(inner)]) + inner
    body = b"\x0a" + bytes([len(inner)]) + inner
    with pytest.raises(TwoMembersError):
        span_table([body], [NOW])
    other = ExportTraceServiceRequest()
    other.resource_spans.add().scope_spans.add().spans.add(trace_id=b"t" * 16, span_id=b"o" * 8, name="other")
    nowhere = Position(1, 0)
    batch = decode(
        [
            Record(Kind.TRACES, Encoding.PLAIN, NOW, each, nowhere, nowhere)
            for each in (body, other.SerializeToString())
        ]
    )
    assert [(row["name"], row["attributes"]) for row in rows(batch.spans)] == [
        ("", {"k": "2"}),
        ("other", {}),
    ]


def test_a_value_nested_too_deeply_is_no_request() -> None:
    """Forty levels are read; a hundred are refused as protobuf refuses them, not with a full stack."""

    def body(levels: int) -> bytes:
        value = AnyValue(string_value="deep").SerializeToString()
        for _ in range(levels):
            value = _field(0x2A, _field(0x0A, value))
        pair_of = _field(0x0A, b"k") + _field(0x12, value)
        span = _field(0x0A, b"t" * 16) + _field(0x12, b"s" * 8) + _field(0x4A, pair_of)
        return _field(0x0A, _field(0x12, _field(0x12, span)))

    (row,) = span_table([body(40)], [NOW])["attributes"].to_pylist()
    assert row == [("k", "[" * 40 + '"deep"' + "]" * 40)]
    with pytest.raises(ValueError, match="nested deeper"):
        span_table([body(100)], [NOW])


def _field(tag: int, data: bytes) -> bytes:
    length, number = b"", len(data)
    while number > 127:
        length += bytes([number & 127 | 128])
        number >>= 7
    return bytes([tag]) + length + bytes([number]) + data
