"""Is a call through every client seen as it ends, and is the answer that the caller gets the one that was sent?"""

import asyncio
import contextlib
import gc
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from types import ModuleType
from typing import Any, Final, NamedTuple

import aiohttp
import httpx
import httpx2
import httpx_aiohttp
import pytest
import requests
import urllib3
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from opentelemetry.sdk.trace import ReadableSpan

Spans = Callable[[], list[ReadableSpan]]
SECONDS: Final = 0.3
"""The clients' patience."""
HEADERS: Final = {"content-type": "application/json"}


class Asked(NamedTuple):
    """What a client is to do: ask, and read the answer so far."""

    url: str
    body: bytes
    way: str
    """`plain`, or for a stream: `whole`, `abandoned` or `dropped` after the first chunk."""


def take(chunks: Iterator[bytes], close: Callable[[], object], way: str) -> bytes:
    """Read a stream in *way*; what came of it."""
    if way == "whole":
        return b"".join(chunks)
    first = next(chunks)
    if way == "abandoned":
        close()
    return first


async def take_async(chunks: AsyncIterator[bytes], way: str) -> bytes:
    """Read a stream in *way*; closing is its context's."""
    if way == "whole":
        return b"".join([chunk async for chunk in chunks])
    return await anext(chunks)


def through_httpx(library: ModuleType, asked: Asked) -> bytes:
    """By a client of httpx or httpx2."""
    with library.Client(timeout=SECONDS, verify=False) as client:
        request = client.build_request("POST", asked.url, content=asked.body, headers=HEADERS)
        if asked.way == "plain":
            body: bytes = client.send(request).content
            return body
        response = client.send(request, stream=True)
        chunks = response.iter_bytes()
        return take(chunks, response.close, asked.way)


def through_httpx_async(library: ModuleType, asked: Asked, **options: Any) -> bytes:
    """By an asynchronous one."""

    async def ask() -> bytes:
        async with library.AsyncClient(timeout=SECONDS, verify=False, **options) as client:
            request = client.build_request("POST", asked.url, content=asked.body, headers=HEADERS)
            if asked.way == "plain":
                body: bytes = (await client.send(request)).content
                return body
            response = await client.send(request, stream=True)
            if asked.way == "dropped":
                return await anext(response.aiter_bytes())
            async with contextlib.aclosing(response):
                return await take_async(response.aiter_bytes(), asked.way)

    return asyncio.run(ask())


def through_httpx_aiohttp(asked: Asked) -> bytes:
    """By httpx over aiohttp."""

    async def ask() -> bytes:
        async with (
            httpx_aiohttp.HttpxAiohttpClient(timeout=SECONDS) as client,
            client.stream("POST", asked.url, content=asked.body, headers=HEADERS) as response,
        ):
            way = "whole" if asked.way == "plain" else asked.way
            return await take_async(response.aiter_bytes(), way)

    return asyncio.run(ask())


def through_requests(asked: Asked) -> bytes:
    """By requests."""
    stream = asked.way != "plain"
    response = requests.post(asked.url, asked.body, headers=HEADERS, timeout=SECONDS, stream=stream)
    if not stream:
        return response.content
    return take(response.iter_content(None), response.close, asked.way)


def through_urllib3(asked: Asked) -> bytes:
    """By urllib3 itself."""
    options: dict[str, Any] = {"headers": HEADERS, "timeout": SECONDS, "retries": False}
    with urllib3.PoolManager() as pool:
        if asked.way == "plain":
            return pool.request("POST", asked.url, body=asked.body, **options).data
        response = pool.request("POST", asked.url, body=asked.body, preload_content=False, **options)
        return take(response.stream(), response.close, asked.way)


def through_botocore(asked: Asked) -> bytes:
    """By the session that boto3's clients send with."""
    session = URLLib3Session(timeout=SECONDS)
    request = AWSRequest("POST", asked.url, HEADERS, asked.body, stream_output=asked.way != "plain")
    response = session.send(request.prepare())
    if asked.way == "plain":
        content: bytes = response.content
    else:
        content = take(response.raw.stream(decode_content=True), response.raw.close, asked.way)
    return content


def through_aiohttp(asked: Asked) -> bytes:
    """By aiohttp."""

    async def ask() -> bytes:
        timeout = aiohttp.ClientTimeout(sock_read=SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            if asked.way == "dropped":
                response = await session.post(asked.url, data=asked.body, headers=HEADERS)
                return await anext(aiter(response.content.iter_any()))
            async with session.post(asked.url, data=asked.body, headers=HEADERS) as response:
                if asked.way == "plain":
                    return await response.read()
                return await take_async(aiter(response.content.iter_any()), asked.way)

    return asyncio.run(ask())


class Client(NamedTuple):
    """A client, and the classes of what it raises."""

    ask: Callable[[Asked], bytes]
    refused: str
    timed_out: str
    cut: str
    """Of a stream that breaks: as the layer says that sees the bytes."""
    stalled: str
    """Of a stream that doesn't go on; likewise."""


def _of_httpx(ask: Callable[[Asked], bytes], name: str) -> Client:
    kinds = ("ConnectError", "ReadTimeout", "RemoteProtocolError", "ReadTimeout")
    return Client(ask, *(f"{name}.{kind}" for kind in kinds))


CLIENTS: Final = {
    "httpx": _of_httpx(lambda asked: through_httpx(httpx, asked), "httpx"),
    "httpx2": _of_httpx(lambda asked: through_httpx(httpx2, asked), "httpx2"),
    "httpx-async": _of_httpx(lambda asked: through_httpx_async(httpx, asked), "httpx"),
    "httpx2-async": _of_httpx(lambda asked: through_httpx_async(httpx2, asked), "httpx2"),
    "httpx-aiohttp": Client(
        through_httpx_aiohttp,
        "httpx.ConnectTimeout",
        "httpx.ReadTimeout",
        "httpx.ReadError",
        "httpx.ReadTimeout",
    ),
    "requests": Client(
        through_requests,
        "requests.exceptions.ConnectionError",
        "requests.exceptions.ReadTimeout",
        "http.client.IncompleteRead",
        "TimeoutError",
    ),
    "urllib3": Client(
        through_urllib3,
        "urllib3.exceptions.NewConnectionError",
        "urllib3.exceptions.ReadTimeoutError",
        "http.client.IncompleteRead",
        "TimeoutError",
    ),
    "botocore": Client(
        through_botocore,
        "botocore.exceptions.EndpointConnectionError",
        "botocore.exceptions.ReadTimeoutError",
        "http.client.IncompleteRead",
        "TimeoutError",
    ),
    "aiohttp": Client(
        through_aiohttp,
        "aiohttp.client_exceptions.ClientConnectorError",
        "aiohttp.client_exceptions.SocketTimeoutError",
        "aiohttp.client_exceptions.ClientPayloadError",
        "aiohttp.client_exceptions.SocketTimeoutError",
    ),
}


@pytest.fixture(params=CLIENTS)
def client(request: pytest.FixtureRequest) -> Client:
    """Each client."""
    return CLIENTS[request.param]


@pytest.fixture
def ask(server: Any, asked: dict[str, Any], client: Client) -> Callable[..., bytes]:
    """Asks the server through the client; what it got of the answer."""

    def asking(way: str, port: int | None = None) -> bytes:
        url = f"http://127.0.0.1:{port or server.port}/v1/chat/completions"
        body = json.dumps(asked | {"stream": way != "plain"}).encode()
        return client.ask(Asked(url, body, way))

    return asking


def outcome(spans: Spans) -> tuple[Any, ...]:
    """Status, class of error, usage status and output tokens of the one span."""
    gc.collect()
    (span,) = spans()
    found = span.attributes or {}
    assert found["gen_ai.request.model"] == "gpt-5"
    names = ("http.response.status_code", "error.type", "burn.usage.status", "gen_ai.usage.output_tokens")
    return tuple(found.get(name) for name in names)


def events(stream: bytes) -> list[bytes]:
    """A stream, cut behind each event."""
    return [event + b"\n\n" for event in stream.split(b"\n\n") if event]


def test_plain(server: Any, spans: Spans, ask: Any, chat: dict[str, Any]) -> None:
    """A whole answer."""
    body = json.dumps(chat).encode()
    server.answer(body[:99], body[99:])
    assert ask("plain") == body
    assert outcome(spans) == (200, None, "exact", 200)


def test_stream(server: Any, spans: Spans, ask: Any, chat_stream: bytes) -> None:
    """A stream that is read to its end."""
    server.answer(*events(chat_stream), content_type="text/event-stream")
    assert ask("whole") == chat_stream
    assert outcome(spans) == (200, None, "exact", 200)


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")
@pytest.mark.parametrize("way", ["abandoned", "dropped"])
def test_given_up(server: Any, spans: Spans, ask: Any, chat_stream: bytes, way: str) -> None:
    """A stream that the caller closes, or forgets, in the middle."""
    pieces = events(chat_stream)
    server.answer(*pieces, content_type="text/event-stream", held_from=1)
    assert ask(way) == pieces[0]
    assert outcome(spans) == (200, "stream_abandoned", "missing", None)


def raised(ask: Callable[..., bytes], way: str, port: int | None = None) -> str:
    """The class of what asking raises, as it is written in full."""
    try:
        ask(way, port)
    except Exception as error:  # noqa: BLE001 - each client has its own
        kind = type(error)
        return f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    return "nothing"


def test_cut(server: Any, spans: Spans, ask: Any, chat_stream: bytes, client: Client) -> None:
    """A connection that breaks in mid-stream raises, and the span says what."""
    server.answer(events(chat_stream)[0], content_type="text/event-stream", cut=True)
    assert raised(ask, "whole") != "nothing"
    assert outcome(spans) == (200, client.cut, "missing", None)


def test_stalled(server: Any, spans: Spans, ask: Any, chat_stream: bytes, client: Client) -> None:
    """A stream that doesn't go on times out."""
    server.answer(*events(chat_stream), content_type="text/event-stream", held_from=1)
    assert raised(ask, "whole") != "nothing"
    assert outcome(spans) == (200, client.stalled, "missing", None)


def test_timeout(server: Any, spans: Spans, ask: Any, client: Client) -> None:
    """A server that doesn't answer."""
    server.answer(b"{}", held_from=-1)
    assert raised(ask, "plain") == client.timed_out
    assert outcome(spans) == (None, client.timed_out, "missing", None)


def test_refused(spans: Spans, ask: Any, client: Client) -> None:
    """Nobody listens."""
    assert raised(ask, "plain", port=9) == client.refused
    assert outcome(spans) == (None, client.refused, "missing", None)


@pytest.mark.parametrize("way", ["plain", "whole"])
def test_too_many(server: Any, spans: Spans, ask: Any, way: str) -> None:
    """A refusal is passed on, and named as the provider names it."""
    server.say({"error": {"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}}, 429)
    assert b"slow down" in ask(way)
    assert outcome(spans) == (429, "rate_limit_exceeded", "missing", None)


@pytest.mark.parametrize("way", ["plain", "whole"])
@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed(
    server: Any, spans: Spans, ask: Any, chat: Any, chat_stream: bytes, way: str, encoding: str, compress: Any
) -> None:
    """A compressed body is decoded for us as it is for the caller, and cut wherever it is cut."""
    body = chat_stream if way == "whole" else json.dumps(chat).encode()
    packed = compress(body)
    kind = "text/event-stream" if way == "whole" else "application/json"
    server.answer(packed[:40], packed[40:], content_type=kind, headers={"content-encoding": encoding})
    got = ask(way)
    assert got in (body, packed)  # botocore leaves a whole body as it came
    assert outcome(spans) == (200, None, "exact", 200)
