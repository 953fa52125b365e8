"""Is OTLP received by the letter, whatever carries it? A test for each row T1 to T11 of the specification's list."""

import gzip
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB = 1 << 20
JSON = "application/json"
Collector = Any
Call = Callable[..., Any]
Stored = Callable[..., int]
MakeSpans = Callable[..., bytes]


def unknown_field(size: int) -> bytes:
    """A request of *size* bytes that says nothing: one field that OTLP does not have."""
    head = b"\xca\x3e"  # field 1001, a string
    length = size - len(head) - 4
    varint = bytes(
        [length & 0x7F | 0x80, length >> 7 & 0x7F | 0x80, length >> 14 & 0x7F | 0x80, length >> 21]
    )
    return head + varint + b"x" * length


def spans(*ids: tuple[bytes, bytes], name: str = "", **fields: Any) -> bytes:
    """A request with a span for each pair of ids."""
    request = ExportTraceServiceRequest()
    found = request.resource_spans.add().scope_spans.add().spans
    for trace_id, span_id in ids:
        found.add(trace_id=trace_id, span_id=span_id, name=name, start_time_unix_nano=10**18, **fields)
    return bytes(request.SerializeToString())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, collector_process: Any) -> Any:
    """A collector that takes requests of up to 1 MiB."""
    folder = tmp_path_factory.mktemp("small")
    one = collector_process(folder / "burn.duckdb", "--max-request", "1", home=folder / "home")
    yield one
    assert one.stop() == 0, one.log.read_text()


def peak_mebibytes(collector: Collector) -> float:
    """The most memory that the receiver ever had."""
    status = Path(f"/proc/{collector.child('receiver')}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def test_t1_none_and_gzip_and_zstd(
    collector: Collector, calling: Call, stored: Stored, make_spans: MakeSpans
) -> None:
    """The two that every receiver has to take, over both transports; zstd over HTTP beside."""
    bodies = [make_spans(*range(n * 10 + 1, n * 10 + 11), service="t1", trace=31) for n in range(5)]
    assert collector.send(bodies[0]).status == 200
    assert collector.send(gzip.compress(bodies[1]), Content_Encoding="gzip").status == 200
    assert collector.send(zstd.compress(bodies[2]), Content_Encoding="zstd").status == 200
    for body, compression in zip(
        bodies[3:], (grpc.Compression.NoCompression, grpc.Compression.Gzip), strict=True
    ):
        assert calling(collector.grpc_target, body, compression=compression).code is grpc.StatusCode.OK
    assert stored(collector, "service_name = 't1'") == 50


def test_t1_a_compression_in_several_parts_is_one_body(
    collector: Collector, stored: Stored, make_spans: MakeSpans
) -> None:
    """Members of gzip and frames of zstd, one behind the other."""
    body = make_spans(1, 2, 3, service="t1 parts", trace=32)
    for n, (name, compress) in enumerate({"gzip": gzip.compress, "zstd": zstd.compress}.items()):
        body = make_spans(n + 1, service="t1 parts", trace=32)
        cut = compress(body[:20]) + compress(body[20:])
        assert collector.send(cut, Content_Encoding=name).status == 200
    assert stored(collector, "service_name = 't1 parts'") == 2


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_t1_a_compression_cut_short_is_refused_and_never_taken_for_an_empty_one(
    collector: Collector, make_spans: MakeSpans, name: str
) -> None:
    """At every byte: what is acknowledged is whole."""
    whole = {"gzip": gzip.compress, "zstd": zstd.compress}[name](make_spans(1))
    for end in range(1, len(whole)):
        assert collector.send(whole[:end], Content_Encoding=name).status == 400, end
    assert collector.send(whole + b"junk", Content_Encoding=name).status == 400


def test_t2_the_limit_holds_before_and_after_decompression(
    small: Collector, calling: Call, make_spans: MakeSpans
) -> None:
    """Exactly the limit is taken, one byte more is not, however it is sent."""
    for size, status, code in (
        (MIB, 200, grpc.StatusCode.OK),
        (MIB + 1, 413, grpc.StatusCode.RESOURCE_EXHAUSTED),
    ):
        body = unknown_field(size)
        assert small.send(body).status == status
        assert small.send(gzip.compress(body), Content_Encoding="gzip").status == status
        assert small.send(zstd.compress(body), Content_Encoding="zstd").status == status
        assert calling(small.grpc_target, body).code is code
        assert calling(small.grpc_target, body, compression=grpc.Compression.Gzip).code is code
    assert small.send(make_spans(1)).status == 200


def test_t2_bombs_are_held_to_bounded_memory(
    start_collector: Callable[..., Collector], calling: Call, make_spans: MakeSpans
) -> None:
    """Sixteen requests at once that would unpack to a gigabyte each: refused, and memory stays below 512 MiB."""
    collector = start_collector()
    gzipped, zstandard = gzip.compress(bytes(MIB)) * 1024, zstd.compress(bytes(MIB)) * 1024
    wide = bytes.fromhex("28b52ffd") + b"\x00" + bytes([(27 - 10) << 3]) + b"\x01\x00\x00"

    def bomb(n: int) -> object:
        if n % 4 == 3:
            return calling(collector.grpc_target, gzipped).code
        body, name = ((gzipped, "gzip"), (zstandard, "zstd"), (wide, "zstd"))[n % 4]
        return collector.send(body, Content_Encoding=name).status

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(bomb, range(16)))
    assert set(answers[0::4] + answers[1::4]) <= {413, 503}
    assert set(answers[2::4]) == {400}, "a frame that asks for a window of 128 MiB"
    assert set(answers[3::4]) <= {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE}
    assert peak_mebibytes(collector) < 512
    assert collector.send(make_spans(1)).status == 200


def test_t2_a_bomb_of_items_is_held_to_bounded_memory(
    start_collector: Callable[..., Collector], make_spans: MakeSpans
) -> None:
    """64 KiB that unpack to 33 million empty messages: refused for good, and others are served meanwhile."""
    collector = start_collector()
    body = gzip.compress(b"\x0a\x00" * (32 * MIB))
    with ThreadPoolExecutor(1) as pool:
        refused = pool.submit(collector.send, body, Content_Encoding="gzip")
        served = 0
        while not refused.done():
            assert collector.send(make_spans(1)).status == 200
            served += 1
    assert refused.result().status in (400, 413)
    assert served > 5
    assert peak_mebibytes(collector) < 512


def test_t2_a_large_request_of_real_spans_is_kept(
    collector: Collector, stored: Stored, make_spans: MakeSpans
) -> None:
    """What another process looks at, in either encoding: spans of more than 4 MiB, a bad one among them."""
    request = ExportTraceServiceRequest.FromString(
        make_spans(*range(1, 5001), service="large" + "x" * 999, trace=42)
    )
    for span in request.resource_spans[0].scope_spans[0].spans:
        span.attributes.add(key="padding").value.string_value = "x" * 900
    request.resource_spans[0].scope_spans[0].spans.add(trace_id=b"bad")
    answer = collector.send(request.SerializeToString())
    assert ExportTraceServiceResponse.FromString(answer.body).partial_success.rejected_spans == 1
    attribute = {"key": "padding", "value": {"stringValue": "x" * 5_000_000}}
    span = {"traceId": "42" * 16, "spanId": "42" * 8, "startTimeUnixNano": "5", "attributes": [attribute]}
    in_json = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    assert collector.send(in_json, JSON).status == 200
    assert collector.send(in_json[:-1], JSON).status == 400
    assert stored(collector, "service_name LIKE 'large%'") == 5000
    assert stored(collector, "trace_id = repeat('42', 16) AND length(attributes['padding']) = 5000000") == 1


def test_t3_the_default_limit_is_64_mebibytes(collector: Collector) -> None:
    """What the specification recommends; another is --max-request."""
    assert collector.send(unknown_field(64 * MIB)).status == 200
    assert collector.send(unknown_field(64 * MIB + 1)).status == 413


def test_t4_answers_stay_small_whatever_was_sent(collector: Collector, calling: Call) -> None:
    """Refusals quote what they refuse, but not all of it: far below the 4 MiB that clients take."""
    name = "x" * 50_000
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{"kind": name, "traceId": name}]}]}]})
    for answer in (
        collector.send(body.encode(), JSON),
        collector.send(b"", "text/" + name),
        collector.send(b"", path="/" + name),
        collector.send(b"", Content_Encoding=name),
    ):
        assert 400 <= answer.status < 500
        assert len(answer.body) < 4096


@pytest.mark.parametrize("body", [b"", b"\x0a\x00", b"\x0a\x02\x12\x00"])
def test_t5_nothing_is_no_error(collector: Collector, calling: Call, body: bytes) -> None:
    """No bytes, an empty resource, an empty scope."""
    for path in ("/v1/traces", "/v1/logs", "/v1/metrics"):
        assert collector.send(body, path=path).status == 200
    for envelope in (b"{}", b'{"resourceSpans": []}', b'{"resourceSpans": [{"scopeSpans": [{}]}]}'):
        assert collector.send(envelope, JSON).status == 200
    assert calling(collector.grpc_target, body).code is grpc.StatusCode.OK


def test_t6_and_t8_full_success_leaves_partial_success_unset(
    collector: Collector, calling: Call, make_spans: MakeSpans
) -> None:
    """Neither rejected items nor a warning: the message is empty."""
    body = make_spans(1, trace=36)
    assert collector.send(body).body == b""
    assert calling(collector.grpc_target, body).body == b""
    assert not ExportTraceServiceResponse.FromString(b"").HasField("partial_success")


def test_t7_one_bad_span_never_costs_its_batch(collector: Collector, calling: Call, stored: Stored) -> None:
    """The good ones are stored, the bad ones counted, in every encoding and transport, with a reason in English."""
    good, bad = (b"7" * 16, b"good"), (b"short", b"1" * 8)
    for n in range(3):
        body = spans(bad, (good[0], good[1] + f"{n:04}".encode()), bad, name="t7")
        if n == 0:
            said = collector.send(body).body
        elif n == 1:
            said = calling(collector.grpc_target, body).body
        else:
            said = collector.send(gzip.compress(body), Content_Encoding="gzip").body
        partial = ExportTraceServiceResponse.FromString(said).partial_success
        assert partial.rejected_spans == 2
        assert "invalid ids" in partial.error_message
    assert stored(collector, "name = 't7'") == 3


def test_t9_what_is_sent_again_counts_once(collector: Collector, calling: Call, stored: Stored) -> None:
    """A client that lost our answer sends again, perhaps another way, perhaps in another batch."""
    ids = [(b"9" * 16, f"{n:08}".encode()) for n in range(10)]
    body = spans(*ids, name="t9")
    for _ in range(2):
        assert collector.send(body).status == 200
        assert (
            calling(collector.grpc_target, body, compression=grpc.Compression.Gzip).code is grpc.StatusCode.OK
        )
    assert collector.send(spans(*ids[5:], (b"9" * 16, b"onemore!"), name="t9")).status == 200
    assert stored(collector, "name = 't9'") == 11


def test_t10_what_only_newer_versions_know_is_ignored(
    collector: Collector, calling: Call, stored: Stored
) -> None:
    """Unknown fields at every level, and indexes into a profile's strings where there is no profile."""
    request = ExportTraceServiceRequest.FromString(spans((b"a" * 16, b"unknown!"), name="t10"))
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.MergeFromString(b"\xf2\x7f\x03new")
    span.attributes.add(key_strindex=3).value.string_value = "lost"
    span.attributes.add(key="indexed").value.string_value_strindex = 7
    span.attributes.add(key="kept").value.string_value = "yes"
    body = bytes(request.SerializeToString()) + b"\xf2\x7f\x03new"
    assert collector.send(body).status == 200
    assert calling(collector.grpc_target, body).code is grpc.StatusCode.OK
    known = "name = 't10' AND attributes['kept'] = 'yes' AND attributes['indexed'] IS NULL"
    assert stored(collector, known) == 1


@pytest.mark.parametrize(
    "ids",
    [(b"", b"1" * 8), (b"1" * 15, b"1" * 8), (bytes(16), b"1" * 8), (b"1" * 16, b""), (b"1" * 16, bytes(8))],
    ids=["no trace", "short trace", "zero trace", "no span", "zero span"],
)
def test_t11_invalid_ids_are_rejected(collector: Collector, ids: tuple[bytes, bytes]) -> None:
    """Missing, of a wrong length, or all zero."""
    answer = collector.send(spans(ids))
    assert answer.status == 200
    assert ExportTraceServiceResponse.FromString(answer.body).partial_success.rejected_spans == 1


def test_t11_odd_spans_are_kept(collector: Collector, stored: Stored) -> None:
    """Equal span ids in two traces, high flags, no kind, a value without a member, a key twice (the last counts)."""
    request = ExportTraceServiceRequest.FromString(
        spans((b"x" * 16, b"samespan"), (b"y" * 16, b"samespan"), name="t11", flags=0xFFFFFFFF)
    )
    for span in request.resource_spans[0].scope_spans[0].spans:
        span.attributes.add(key="twice").value.int_value = 1
        span.attributes.add(key="twice").value.int_value = 2
        span.attributes.add(key="empty").value.Clear()
    answer = collector.send(bytes(request.SerializeToString()))
    assert (answer.status, answer.body) == (200, b"")
    assert (
        stored(collector, "name = 't11' AND attributes['twice'] = '2' AND attributes['empty'] IS NULL") == 2
    )


def test_a_refusal_names_the_limit_and_the_remedy(small: Collector) -> None:
    """Who reads it at night knows what to do."""
    said = Status.FromString(small.send(unknown_field(2 * MIB)).body).message
    assert said == (
        "The request is larger than 1 MiB. Send smaller batches, or start the collector with a larger --max-request."
    )
