"""Does whoever calls through urllib3 itself notice nothing, however the answer is framed and read?"""

import gc
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn.instrumentation import active

Spans = Callable[[], list[ReadableSpan]]
Facts = Callable[[ReadableSpan], dict[str, Any]]


@pytest.fixture
def url(server: Any) -> str:
    """Where chats are asked."""
    return f"{server.url}/v1/chat/completions"


READS: dict[str, Callable[[Any], bytes]] = {
    "read": lambda r: r.read(),
    "read 7": lambda r: b"".join(iter(lambda: r.read(7), b"")),
    "read1": lambda r: b"".join(iter(lambda: r.read1(7), b"")),
    "stream": lambda r: b"".join(r.stream(13)),
    "readinto": lambda r: _into(r),
    "iter": lambda r: b"".join(r),
    "data": lambda r: r.data,
}


def _into(response: Any) -> bytes:
    found, buffer = b"", bytearray(16)
    while count := response.readinto(buffer):
        found += buffer[:count]
    return found


@pytest.mark.parametrize("framing", ["chunked", "length", "close"])
@pytest.mark.parametrize("read", READS)
def test_however_it_is_read(
    server: Any, spans: Spans, url: str, asked: Any, chat_stream: bytes, facts: Facts, framing: str, read: str
) -> None:
    """Every way of reading gives the bytes that were sent, and one span with their counts."""
    server.answer(chat_stream[:100], chat_stream[100:101], chat_stream[101:], framing=framing)
    server.answers[-1].content_type = "text/event-stream"
    response = urllib3.request("POST", url, json=asked, preload_content=False)
    assert type(response) is urllib3.HTTPResponse
    assert READS[read](response) == chat_stream
    (span,) = spans()
    assert (facts(span)["burn.usage.status"], facts(span).get("error.type")) == ("exact", None)
    response.release_conn()
    response.close()
    assert len(spans()) == 1


@pytest.mark.parametrize("framing", ["length", "close"])
def test_drained(
    server: Any, spans: Spans, url: str, asked: Any, chat: Any, facts: Facts, framing: str
) -> None:
    """A response that is drained was read."""
    server.answer(json.dumps(chat).encode(), framing=framing)
    urllib3.request("POST", url, json=asked, preload_content=False).drain_conn()
    assert facts(spans()[0])["burn.usage.status"] == "exact"


@pytest.mark.parametrize("framing", ["chunked", "length"])
@pytest.mark.parametrize("cut_at", [1, 60])
def test_cut(
    server: Any,
    spans: Spans,
    url: str,
    asked: Any,
    chat_stream: bytes,
    facts: Facts,
    framing: str,
    cut_at: int,
) -> None:
    """A body that ends before its end is broken, whatever the caller is told."""
    server.answer(chat_stream[:60], chat_stream[60:][:cut_at], framing=framing, cut=True)
    response = urllib3.request("POST", url, json=asked, preload_content=False)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        response.read(10_000)
        response.read(10_000)
    assert facts(spans()[0])["error.type"] == "http.client.IncompleteRead"


def test_the_wire_is_left_as_it_was(server: Any, spans: Spans, url: str, asked: Any, chat: Any) -> None:
    """Connections are used again, dropped responses are freed at once, json() works."""
    with urllib3.PoolManager() as pool:
        for _ in range(3):
            server.say(chat)
            assert pool.request("POST", url, json=asked).json() == chat
        (connections,) = pool.pools._container.values()
        assert (connections.num_connections, connections.num_requests) == (1, 3)
        server.say(chat)
        gc.disable()
        try:
            dropped = pool.request("POST", url, json=asked, preload_content=False)
            del dropped
            assert len(spans()) == 4
        finally:
            gc.enable()


def test_headers_of_the_caller_stay_the_caller_s(server: Any, spans: Spans, url: str, asked: Any) -> None:
    """Labels that go to no provider are taken out of what is sent, not out of the caller's own dict."""
    headers = {"Baggage": "a=1,gen_ai.conversation.id=secret", "x-other": "1"}
    urllib3.request("POST", url, json=asked, headers=headers)
    assert headers == {"Baggage": "a=1,gen_ai.conversation.id=secret", "x-other": "1"}
    sent = server.requests[-1][1]
    assert (sent["x-other"], sent["baggage"]) == ("1", "a=1")
    assert len(spans()) == 1


def test_a_request_is_counted_once(server: Any, spans: Spans, asked: Any, chat: Any) -> None:
    """Beneath requests, urllib3 counts no host a second time."""
    import requests

    server.say(chat)
    requests.post(f"{server.url}/v1/chat/completions", json=asked)
    requests.get(f"{server.url}/")
    urllib3.request("GET", f"{server.url}/")
    running = active()
    assert running is not None
    assert running.observer.hosts == {f"127.0.0.1:{server.port}": 3}
    assert running.observer.llm_calls == len(spans()) == 1


class Played(urllib3.connection.HTTPConnection):
    """A connection to nobody, whose response is its own file, as vcrpy's is."""

    body = b""

    def request(self, *_: Any, **__: Any) -> None:
        """Nothing is sent."""

    def getresponse(self) -> Any:
        played: Any = type("Response", (io.BytesIO,), {"data": self.body})(self.body)
        played.status, played.headers, played.reason = 200, {"content-type": "text/event-stream"}, "OK"
        played.version_string, played.length_remaining = "HTTP/1.1", 0
        played.get_redirect_location = lambda: False
        return played


@pytest.mark.parametrize("preload", [True, False])
def test_what_is_played_in_its_place(
    spans: Spans, asked: Any, chat_stream: bytes, facts: Facts, preload: bool
) -> None:
    """A response of another class is left what it is, and seen."""
    pool = urllib3.HTTPConnectionPool("llm")
    pool.ConnectionCls = type("Connection", (Played,), {"body": chat_stream})
    response: Any = pool.urlopen(
        "POST", "/v1/chat/completions", json.dumps(asked).encode(), {}, preload_content=preload
    )
    assert isinstance(response, io.BytesIO)
    assert b"".join(iter(lambda: response.read(50), b"")) == chat_stream
    assert facts(spans()[0])["gen_ai.usage.output_tokens"] == 200


def test_a_redirect_to_somewhere_else(server: Any, spans: Spans, url: str, asked: Any) -> None:
    """What becomes a GET elsewhere is no second call."""
    server.answer(b"", status=303, headers={"location": "/elsewhere"})
    assert urllib3.request("POST", url, json=asked).data == b"{}"
    assert len(spans()) == 1
