"""Is OTLP/HTTP received by the letter? A test for each row H1 to H11 of the specification's list."""

import http.client
import json
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status

PROTOBUF, JSON = "application/x-protobuf", "application/json"
PATHS = ["/v1/traces", "/v1/metrics", "/v1/logs"]
FINAL = {400, 401, 403, 404, 405, 413, 415, 501}
Collector = Any
MakeSpans = Callable[..., bytes]
Asking = Callable[..., Any]


def status_of(answer: Any) -> Status:
    """The google.rpc.Status of a refusal, read in the encoding that its content type says."""
    if answer.headers["content-type"] == PROTOBUF:
        return Status.FromString(answer.body)
    assert answer.headers["content-type"] == JSON
    said = answer.json
    return Status(code=said["code"], message=said["message"])


@pytest.mark.parametrize("path", PATHS)
def test_h1_each_signal_has_its_path(collector: Collector, path: str) -> None:
    """POST, over HTTP/1.1."""
    assert collector.send(b"", path=path).status == 200


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_h1_profiles_are_refused_for_good(collector: Collector, content_type: str) -> None:
    """501, which no client retries, and a sentence."""
    answer = collector.send(b"{}", content_type, path="/v1development/profiles")
    assert answer.status == 501
    assert "no profiles" in status_of(answer).message
    assert answer.headers["content-type"] == content_type


def test_h1_another_path_is_not_found(collector: Collector) -> None:
    """With the paths that there are."""
    answer = collector.send(b"", path="/v1/trace")
    assert answer.status == 404
    assert "/v1/traces" in status_of(answer).message


def test_h2_and_h3_protobuf_and_json_on_one_port(collector: Collector, make_spans: MakeSpans) -> None:
    """Told by the content type, whatever its parameters and case; the answer is in the same."""
    for content_type in (PROTOBUF, f"{PROTOBUF}; charset=utf-8", "APPLICATION/X-PROTOBUF"):
        answer = collector.send(make_spans(1), content_type)
        assert (answer.status, answer.headers["content-type"]) == (200, PROTOBUF)
    for content_type in (JSON, f"{JSON};charset=UTF-8", f'{JSON} ; charset="utf-8"'):
        answer = collector.send(b"{}", content_type)
        assert (answer.status, answer.headers["content-type"]) == (200, JSON)


def test_h4_an_answer_is_readable_without_compression(collector: Collector) -> None:
    """A client may offer gzip; our answers have no more than 4 KiB, and come plain."""
    answer = collector.send(b"{}", JSON, Accept_Encoding="gzip")
    assert (answer.body, answer.headers.get("content-encoding")) == (b"{}", None)


@pytest.mark.parametrize("path", PATHS)
def test_h5_success_is_200_with_the_signals_message(collector: Collector, path: str) -> None:
    """No bytes of protobuf, an empty object of JSON."""
    assert (collector.send(b"", path=path).status, collector.send(b"", path=path).body) == (200, b"")
    assert (collector.send(b"{}", JSON, path=path).status, collector.send(b"{}", JSON, path=path).body) == (
        200,
        b"{}",
    )


def test_h6_too_large_is_413(collector: Collector) -> None:
    """Known by the declared length, before a byte of it is sent, and without one as it arrives."""
    parts = urlsplit(collector.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.putrequest("POST", "/v1/traces")
    connection.putheader("Content-Type", PROTOBUF)
    connection.putheader("Content-Length", str((64 << 20) + 1))
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    assert Status.FromString(response.read()).code == 8
    connection.close()
    chunks = (bytes(1 << 20) for _ in range(66))
    connection.request("POST", "/v1/traces", chunks, {"Content-Type": PROTOBUF}, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_h7_bad_data_is_400_with_details(collector: Collector) -> None:
    """BadRequest says what is wrong; in JSON too."""
    answer = collector.send(b"\xff\xff")
    status, details = status_of(answer), BadRequest()
    assert answer.status == 400
    assert status.details[0].Unpack(details)
    assert details.field_violations[0].description == status.message
    said = collector.send(b'{"resourceSpans": 1}', JSON).json
    assert said["details"][0]["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert said["details"][0]["fieldViolations"][0]["description"] == said["message"]


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_h8_every_refusal_is_a_status_in_the_requests_encoding(
    collector: Collector, asking: Asking, content_type: str
) -> None:
    """400, 403, 404, 405, 413, 415 (JSON where the request's encoding is unknown) and 501."""
    headers = {"Content-Type": content_type}
    answers = [
        collector.send(b"\xff", content_type),
        collector.send(b"", content_type, Host="evil.example"),
        collector.send(b"", content_type, path="/nothing"),
        asking(collector.url, "/v1/traces", None, headers),
        collector.send(b"", content_type, Content_Encoding="br"),
        collector.send(b"", content_type, path="/v1development/profiles"),
    ]
    assert [answer.status for answer in answers] == [400, 403, 404, 405, 415, 501]
    for answer in answers:
        assert answer.headers["content-type"] == content_type
        assert status_of(answer).code > 0
        assert len(status_of(answer).message) > 20
    assert status_of(collector.send(b"", "text/plain")).code == 3


def test_h8_what_is_no_http_gets_a_status_too(collector: Collector) -> None:
    """In JSON, as nobody can know better."""
    import socket

    parts = urlsplit(collector.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(b"this is no HTTP\r\n\r\n")
        response = http.client.HTTPResponse(connection)
        response.begin()
        assert response.status == 400
        assert json.loads(response.read())["code"] == 3


def test_h9_overload_is_503_with_a_short_retry_after(
    start_collector: Callable[..., Collector], make_spans: MakeSpans, overloaded: Any
) -> None:
    """Stock exporters give up after ten seconds in all: a second is what they wait for."""
    collector = start_collector("--max-request", "1")
    overloaded(collector)
    for content_type, body in ((PROTOBUF, make_spans(1)), (JSON, b'{"resourceSpans": []}')):
        answer = collector.send(body, content_type)
        assert answer.status == 503
        assert answer.headers["content-type"] == content_type
        assert 0 < int(answer.headers["retry-after"]) <= 2
        assert status_of(answer).code == 14
    info = RetryInfo()
    assert status_of(collector.send(make_spans(1))).details[0].Unpack(info)
    overloaded.release()
    assert collector.send(make_spans(1)).status == 200


def test_h10_only_overload_may_be_retried(collector: Collector, asking: Asking) -> None:
    """Everything that is wrong with the request itself is final, and says nothing of a retry."""
    answers = [
        collector.send(b"\xff"),
        collector.send(b"", path="/nothing"),
        collector.send(b"", "text/plain"),
        asking(collector.url, "/v1/traces"),
        collector.send(b"", path="/v1development/profiles"),
    ]
    for answer in answers:
        assert answer.status in FINAL
        assert "retry-after" not in answer.headers


def preflight(asking: Asking, url: str, origin: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization",
    }
    return asking(url, "/v1/traces", None, headers, method="OPTIONS")


def test_h11_web_pages_may_not_send_unless_allowed(collector: Collector, asking: Asking) -> None:
    """Without --cors-origin a preflight fails, and what needs none is no OTLP."""
    answer = preflight(asking, collector.url, "https://app.example")
    assert answer.status == 405
    assert "access-control-allow-origin" not in answer.headers
    assert collector.send(b"{}", "text/plain", Origin="https://app.example").status == 415


def test_h11_allowed_origins_may_send(
    start_collector: Callable[..., Collector], asking: Asking, make_spans: MakeSpans
) -> None:
    """With --cors-origin that origin may, with any header, and others may not."""
    collector = start_collector("--cors-origin", "https://app.example")
    allowed = preflight(asking, collector.url, "https://app.example")
    assert allowed.status == 200
    assert allowed.headers["access-control-allow-origin"] == "https://app.example"
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    assert int(allowed.headers["access-control-max-age"]) > 0
    sent = collector.send(make_spans(1), Origin="https://app.example")
    assert (sent.status, sent.headers["access-control-allow-origin"]) == (200, "https://app.example")
    refused = preflight(asking, collector.url, "https://evil.example")
    assert refused.status == 400
    assert "access-control-allow-origin" not in refused.headers


def test_connections_are_kept(collector: Collector, make_spans: MakeSpans) -> None:
    """One connection serves request after request, refusals between them included."""
    parts = urlsplit(collector.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.connect()
    there = connection.sock
    for body, status in ((make_spans(1), 200), (b"\xff", 400), (make_spans(2), 200), (b"", 200)):
        connection.request("POST", "/v1/traces", body, {"Content-Type": PROTOBUF})
        response = connection.getresponse()
        response.read()
        assert response.status == status
        assert connection.sock is there
    assert parsedate_to_datetime(response.headers["date"])
    connection.close()
