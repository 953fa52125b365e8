"""Does the receiver answer to the letter of OTLP/HTTP, whatever is sent to it?"""

import gzip
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

PROTOBUF, JSON = "application/x-protobuf", "application/json"
Collector = Any
MakeSpans = Callable[..., bytes]

JSON_SPAN = json.dumps(
    {
        "resourceSpans": [
            {"scopeSpans": [{"spans": [{"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "from json"}]}]}
        ]
    }
).encode()


def count(collector: Collector, where: str) -> int:
    with collector.ledger() as ledger:
        return int(ledger.query(f"SELECT count(*) AS n FROM spans WHERE {where}")["n"][0].as_py())


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_the_stock_exporter_is_acknowledged_and_its_spans_can_be_queried(
    collector: Collector, compression: str
) -> None:
    """opentelemetry-exporter-otlp-proto-http as it is, with and without gzip."""
    from opentelemetry.exporter.otlp.proto.http import Compression

    exporter = OTLPSpanExporter(endpoint=f"{collector.url}/v1/traces", compression=Compression(compression))
    provider = TracerProvider(
        resource=Resource({"service.name": f"stock {compression}"}), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("tests")
    for number in range(600):
        with tracer.start_as_current_span("work", attributes={"number": number}):
            pass
    assert provider.force_flush()
    provider.shutdown()
    assert count(collector, f"service_name = 'stock {compression}'") == 600


def test_success_is_an_empty_message_in_the_encoding_of_the_request(
    collector: Collector, make_spans: MakeSpans
) -> None:
    """200, no partial_success: zero bytes of protobuf, {} of JSON."""
    answer = collector.send(make_spans(1, trace=101))
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, PROTOBUF, b"")
    answer = collector.send(JSON_SPAN, JSON)
    assert (answer.status, answer.headers["content-type"], answer.body) == (200, JSON, b"{}")
    assert count(collector, "trace_id = repeat('ab', 16) AND span_id = repeat('cd', 8)") == 1


@pytest.mark.parametrize("content_type", [f"{PROTOBUF}; charset=utf-8", "Application/X-Protobuf"])
def test_parameters_and_case_of_the_content_type_do_not_matter(
    collector: Collector, make_spans: MakeSpans, content_type: str
) -> None:
    """Other receivers compare exactly, and reject."""
    assert collector.send(make_spans(2, trace=101), content_type).status == 200
    assert collector.send(JSON_SPAN, "application/json;charset=UTF-8").status == 200


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics"])
def test_an_empty_request_is_a_success(collector: Collector, path: str) -> None:
    """Nothing to keep is no error, in either encoding."""
    assert collector.send(b"", path=path).status == 200
    assert collector.send(b"{}", JSON, path=path).status == 200


def test_what_cannot_be_kept_is_counted_in_partial_success(collector: Collector) -> None:
    """The good span is kept, and the client knows not to send the bad ones again."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    spans.add(trace_id=b"t" * 16, span_id=b"partial1", name="good")
    spans.add(trace_id=b"short", span_id=b"partial2", name="bad")
    answer = collector.send(request.SerializeToString())
    said = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert (answer.status, said.rejected_spans) == (200, 1)
    assert "invalid ids" in said.error_message
    assert count(collector, "name IN ('good', 'bad')") == 1
    said_in_json = collector.send(
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "ab", "spanId": "cd"}]}]}]}', JSON
    )
    assert said_in_json.json["partialSuccess"]["rejectedSpans"] == "1"


def bad_bodies(make_spans: MakeSpans) -> dict[str, tuple[int, bytes, str, dict[str, str]]]:
    whole = make_spans(1, 2, 3)
    bomb = gzip.compress(bytes(65 << 20))
    return {
        "garbage": (400, b"\xff\xfe not otlp", PROTOBUF, {}),
        "truncated": (400, whole[:-3], PROTOBUF, {}),
        "json as protobuf": (400, JSON_SPAN, PROTOBUF, {}),
        "protobuf as json": (400, whole, JSON, {}),
        "truncated json": (400, JSON_SPAN[:-5], JSON, {}),
        "deep json": (400, b'{"a":' * 3000 + b"1" + b"}" * 3000, JSON, {}),
        "no gzip": (400, whole, PROTOBUF, {"Content_Encoding": "gzip"}),
        "truncated gzip": (400, gzip.compress(whole)[:-4], PROTOBUF, {"Content_Encoding": "gzip"}),
        "bomb": (413, bomb, PROTOBUF, {"Content_Encoding": "gzip"}),
        "text": (415, b"hello", "text/plain", {}),
        "no type": (415, whole, "", {}),
        "no zstd": (400, whole, PROTOBUF, {"Content_Encoding": "zstd"}),
        "other coding": (415, whole, PROTOBUF, {"Content_Encoding": "br"}),
    }


BAD = list(bad_bodies(lambda *numbers: b""))


@pytest.mark.parametrize("case", BAD)
def test_a_bad_body_is_refused_with_a_status_message(
    collector: Collector, make_spans: MakeSpans, case: str
) -> None:
    """The right HTTP status, and a google.rpc.Status that says why, in the request's encoding."""
    status, body, content_type, headers = bad_bodies(make_spans)[case]
    answer = collector.send(body, content_type, **headers)
    assert answer.status == status
    if content_type == PROTOBUF:
        assert answer.headers["content-type"] == PROTOBUF
        message = Status.FromString(answer.body).message
    else:
        assert answer.headers["content-type"] == JSON
        message = answer.json["message"]
    assert len(message) > 20
    assert collector.send(make_spans(9, trace=102)).status == 200, "and it serves on"


def test_a_body_over_the_limit_is_refused_before_it_is_read(collector: Collector) -> None:
    """The declared length is enough to know."""
    parts = urlsplit(collector.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        head = f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: {PROTOBUF}\r\n"
        connection.sendall(f"{head}Content-Length: {(64 << 20) + 1}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_only_post_is_allowed(collector: Collector, asking: Callable[..., Any]) -> None:
    """405 with Allow, and a Status body too."""
    answer = asking(collector.url, "/v1/traces")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert "POST" in answer.json["message"]
    put = asking(collector.url, "/v1/logs", b"", {"Content-Type": PROTOBUF}, method="PUT")
    assert put.status == 405
    assert "POST" in Status.FromString(put.body).message


def test_a_client_that_hangs_up_harms_nobody(collector: Collector, make_spans: MakeSpans) -> None:
    """Half a body, then silence: nothing is kept of it, and the next request is served."""
    parts = urlsplit(collector.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        head = f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: {PROTOBUF}\r\nContent-Length: 500\r\n\r\n"
        connection.sendall(head.encode() + b"half")
    assert collector.send(make_spans(10, trace=102)).status == 200
    assert "Traceback" not in collector.log.read_text()


def test_a_body_that_is_sent_again_counts_once(collector: Collector, make_spans: MakeSpans) -> None:
    """A client that did not hear our answer re-sends: equal bytes, equal bytes in another compression."""
    body = make_spans(*range(1, 51), trace=103)
    zipped = gzip.compress(body, mtime=1), gzip.compress(body, mtime=2)
    assert collector.send(body).status == collector.send(body).status == 200
    assert all(collector.send(one, Content_Encoding="gzip").status == 200 for one in zipped)
    assert count(collector, "trace_id = lpad('67', 32, '0')") == 50
    with collector.ledger() as ledger:
        assert (
            ledger.query("SELECT count(*) AS n FROM journal.bodies GROUP BY hash HAVING n > 1").num_rows == 0
        )


def test_healthz_says_who_this_is(collector: Collector, asking: Callable[..., Any]) -> None:
    """Enough for a client to know its own collector from a stranger."""
    said = asking(collector.url, "/healthz").json
    assert said["service"] == "otel-burn-collector"
    assert said["db"] == str(collector.db)
    assert said["sql_url"] == collector.running.sql_url
    assert len(said["journal"]) == len(said["loaded"]) == 2


@pytest.mark.parametrize("host", ["evil.example", "evil.example:4318", "127.0.0.1.evil.example"])
def test_another_name_is_refused(collector: Collector, asking: Callable[..., Any], host: str) -> None:
    """A web page cannot reach a loopback collector through a name of its own (DNS rebinding)."""
    for url, path in (
        (collector.url, "/healthz"),
        (collector.url, "/v1/traces"),
        (collector.running.sql_url, "/status"),
    ):
        answer = asking(url, path, headers={"Host": host})
        assert answer.status == 403
        assert "localhost" in answer.body.decode()


@pytest.mark.parametrize("host", ["localhost", "localhost:99", "127.0.0.1:4318", "[::1]:4318", "127.1.2.3"])
def test_loopback_names_are_answered(collector: Collector, asking: Callable[..., Any], host: str) -> None:
    """Whatever this machine calls itself."""
    assert asking(collector.url, "/healthz", headers={"Host": host}).status == 200


def command(collector: Collector, asking: Callable[..., Any], body: bytes, token: str | None = None) -> Any:
    bearer = {"Authorization": f"Bearer {token or collector.running.token}"}
    return asking(collector.url, "/command", body, bearer)


def test_commands_need_the_token(collector: Collector, asking: Callable[..., Any]) -> None:
    """A missing, a wrong and an almost right one are all refused, with where to find it."""
    body = b'{"verb": "import"}'
    for answer in (asking(collector.url, "/command", body), command(collector, asking, body, "wrong")):
        assert answer.status == 401
        assert "collector.json" in answer.json["error"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"not json", "Expecting value"),
        (b"[]", "there is no command None"),
        (b'{"verb": "drop"}', "there is no command 'drop'; there is: import, replace_findings"),
        (b'{"verb": "import", "signal": "sounds", "encoding": "json", "body": ""}', "import needs `signal`"),
        (b'{"verb": "import", "signal": "traces", "encoding": "json", "body": "%%"}', "base64|Only base64"),
        (
            b'{"verb": "import", "signal": "traces", "encoding": "protobuf", "body": "bm8gb3RscA=="}',
            "no OTLP",
        ),
        (b'{"verb": "replace_findings"}', "needs `detectors`"),
        (b'{"verb": "replace_findings", "detector": "d", "partitions": "p"}', "from names to states"),
        (
            b'{"verb": "replace_findings", "detector": "d", "partitions": [], "findings": "AAAA"}',
            "Arrow stream",
        ),
    ],
)
def test_an_unknown_command_is_refused(
    collector: Collector, asking: Callable[..., Any], body: bytes, reason: str
) -> None:
    """The set of verbs is closed, and what is journalled can be carried out."""
    answer = command(collector, asking, body)
    assert answer.status == 400
    assert any(part in answer.json["error"] for part in reason.split("|"))
