"""Does whoever calls through requests notice nothing, and are retries, redirects and other adapters seen?"""

import copy
import io
import json
import pickle
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import urllib3
from opentelemetry.sdk.trace import ReadableSpan
from requests.adapters import HTTPAdapter

Spans = Callable[[], list[ReadableSpan]]
Facts = Callable[[ReadableSpan], dict[str, Any]]
EVENTS = {"content_type": "text/event-stream"}


@pytest.fixture
def url(server: Any) -> str:
    """Where chats are asked."""
    return f"{server.url}/v1/chat/completions"


def test_the_response_is_the_library_s_own(
    server: Any, spans: Spans, url: str, asked: Any, chat: Any
) -> None:
    """Type, content, elapsed time, pickling, copying, iterating and closing are as without us."""
    server.say(chat)
    response = requests.post(url, json=asked)
    assert type(response) is requests.Response
    assert type(response.raw) is urllib3.HTTPResponse
    assert response.json() == chat
    assert response.elapsed.total_seconds() > 0
    assert pickle.loads(pickle.dumps(response)).json() == copy.copy(response).json() == chat
    assert b"".join(response.iter_content(7)) == response.content
    response.close()
    response.close()
    assert response.request.body == json.dumps(asked).encode()
    assert len(spans()) == 1


@pytest.mark.parametrize(
    "read",
    [
        lambda r: b"".join(r.iter_content(3)),
        lambda r: b"".join(r.iter_content(None)),
        lambda r: b"".join(line + b"\n" for line in r.iter_lines(chunk_size=5)),
        lambda r: r.content,
        lambda r: r.raw.read(),
        lambda r: b"".join(iter(lambda: r.raw.read(10), b"")),
        lambda r: b"".join(r.raw.stream(11)),
        lambda r: b"".join(r.raw.read_chunked()),
        lambda r: b"".join(r.raw),
        lambda r: pickle.loads(pickle.dumps(r)).content,
    ],
    ids=[
        "content 3",
        "content",
        "lines",
        "whole",
        "raw",
        "raw 10",
        "raw stream",
        "chunked",
        "iter",
        "pickled",
    ],
)
def test_however_a_stream_is_read(
    server: Any, spans: Spans, url: str, asked: Any, chat_stream: bytes, facts: Facts, read: Any
) -> None:
    """Every way of reading gives the bytes that were sent, and one span with their counts."""
    server.answer(chat_stream[:100], chat_stream[100:], **EVENTS)
    with requests.post(url, json=asked, stream=True) as response:
        assert read(response).rstrip() == chat_stream.rstrip()
    (span,) = spans()
    assert facts(span)["burn.usage.status"] == "exact"


def test_a_stream_is_consumed_once(
    server: Any, spans: Spans, url: str, asked: Any, chat_stream: bytes
) -> None:
    """Reading again raises what requests raises."""
    server.answer(chat_stream, **EVENTS)
    response = requests.post(url, json=asked, stream=True)
    list(response.iter_content(None))
    with pytest.raises(requests.exceptions.StreamConsumedError):
        response.iter_content(None)
    assert response.raw.read() == b""
    assert len(spans()) == 1


def test_the_connection_is_used_again(server: Any, spans: Spans, url: str, asked: Any, chat: Any) -> None:
    """Responses that were read give their connection back."""
    with requests.Session() as session:
        for _ in range(3):
            server.say(chat)
            session.post(url, json=asked)
        (pool,) = session.get_adapter(url).poolmanager.pools._container.values()  # type: ignore[attr-defined]
        assert (pool.num_connections, pool.num_requests) == (1, 3)
    assert len(spans()) == 3


def test_exceptions_are_unchanged(
    server: Any, spans: Spans, url: str, asked: Any, chat_stream: bytes
) -> None:
    """A broken stream raises what requests raises, caused by what causes it."""
    server.answer(chat_stream[:50], cut=True, **EVENTS)
    with pytest.raises(requests.exceptions.ChunkedEncodingError) as raised:
        requests.post(url, json=asked)
    assert isinstance(raised.value.__context__, urllib3.exceptions.ProtocolError)
    own = [frame for frame in traceback.extract_tb(raised.tb) if "prepared_send" in frame.filename]
    assert len(own) == 1
    assert len(spans()) == 1


def test_retries_of_an_adapter(server: Any, spans: Spans, url: str, asked: Any, chat: Any) -> None:
    """Each attempt that an adapter makes by itself is a span, all of one call."""
    server.say({"error": {"message": "slow"}}, 429)
    server.say({"error": {"message": "slow"}}, 503)
    server.say(chat)
    retry = urllib3.Retry(3, status_forcelist=[429, 503], allowed_methods=None, backoff_factor=0)
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retry))
        assert session.post(url, json=asked).json() == chat
    found = [span.attributes or {} for span in spans()]
    assert [attempt["http.response.status_code"] for attempt in found] == [429, 503, 200]
    assert [attempt["burn.attempt.number"] for attempt in found] == [1, 2, 3]
    assert len({attempt["burn.call.id"] for attempt in found}) == 1


def test_retries_that_are_given_up(server: Any, spans: Spans, url: str, asked: Any) -> None:
    """The last attempt has its status too."""
    for _ in range(2):
        server.say({"error": {"message": "slow"}}, 429)
    retry = urllib3.Retry(1, status_forcelist=[429], allowed_methods=None, backoff_factor=0)
    with requests.Session() as session, pytest.raises(requests.exceptions.RetryError):
        session.mount("http://", HTTPAdapter(max_retries=retry))
        session.post(url, json=asked)
    found = [span.attributes or {} for span in spans()]
    assert [attempt["http.response.status_code"] for attempt in found] == [429, 429]
    assert found[1]["error.type"] == "requests.exceptions.RetryError"


def test_a_redirect(server: Any, spans: Spans, url: str, asked: Any, chat: Any) -> None:
    """What is redirected is sent twice, one call."""
    server.answer(b"", status=307, headers={"location": f"{server.url}/v2/v1/chat/completions"})
    server.say(chat)
    response = requests.post(url, json=asked)
    assert (response.json(), len(response.history)) == (chat, 1)
    first, second = (span.attributes or {} for span in spans())
    assert (first["http.response.status_code"], first.get("error.type")) == (307, None)
    assert (second["burn.attempt.number"], second["burn.usage.status"]) == (2, "exact")
    assert first["burn.call.id"] == second["burn.call.id"]


def test_a_hook_that_asks_again(server: Any, spans: Spans, url: str, asked: Any, chat: Any) -> None:
    """A response hook can make calls of its own."""
    server.say(chat)
    server.say(chat)

    def hook(response: requests.Response, **_: Any) -> None:
        if not response.request.headers.get("x-second"):
            requests.post(url, json=asked, headers={"x-second": "1"})

    requests.post(url, json=asked, hooks={"response": hook})
    assert len(server.requests) == len(spans()) == 2


class Recorded(HTTPAdapter):
    """An adapter that answers from memory."""

    def __init__(self, raw: Any) -> None:
        super().__init__()
        self.raw = raw

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.raw, response.request = 200, self.raw, request
        response.url = request.url or ""
        response.headers["content-type"] = "text/event-stream"
        return response


class OddFile:
    """The least that requests can read from."""

    def __init__(self, body: bytes) -> None:
        self._file = io.BytesIO(body)

    def read(self, amount: int = -1) -> bytes:
        """Three bytes at most."""
        return self._file.read(min(amount, 3))

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    "raw",
    [
        io.BytesIO,
        OddFile,
        lambda body: urllib3.HTTPResponse(io.BytesIO(body), preload_content=False),
    ],
    ids=["file", "odd file", "urllib3"],
)
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_other_adapters(
    spans: Spans, facts: Facts, asked: Any, chat_stream: bytes, raw: Any, stream: bool
) -> None:
    """What is answered from memory is seen as what comes from the wire."""
    with requests.Session() as session:
        session.mount("http://", Recorded(raw(chat_stream)))
        response = session.post("http://llm/v1/chat/completions", json=asked, stream=stream)
        assert b"".join(response.iter_content(64)) == chat_stream
    (span,) = spans()
    assert facts(span)["gen_ai.usage.output_tokens"] == 200


def streamed(body: bytes) -> Iterator[bytes]:
    """*body* in pieces."""
    yield from (body[at : at + 9] for at in range(0, len(body), 9))


@pytest.mark.parametrize("make", [streamed, io.BytesIO, bytearray, lambda body: body.decode()])
def test_bodies(server: Any, spans: Spans, url: str, asked: Any, chat: Any, make: Any) -> None:
    """Bodies are seen however they are given, and sent as they are."""
    server.say(chat)
    body = json.dumps(asked).encode()
    assert requests.post(url, data=make(body)).json() == chat
    assert server.requests[-1][2] == body
    (span,) = spans()
    assert (span.attributes or {})["gen_ai.request.model"] == "gpt-5"


def test_other_requests_pass(server: Any, spans: Spans, asked: Any) -> None:
    """What is no LLM call makes no span."""
    requests.get(f"{server.url}/v1/chat/completions")
    requests.post(f"{server.url}/v1/files", json=asked)
    requests.post(f"{server.url}/v1/chat/completions", json={"text": "an SMS"})
    with pytest.raises(requests.exceptions.MissingSchema):
        requests.post("/v1/chat/completions")
    assert spans() == []
