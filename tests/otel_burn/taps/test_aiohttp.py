"""Does whoever calls through aiohttp notice nothing, and is a body seen however it is read and sent?"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from opentelemetry.sdk.trace import ReadableSpan

Spans = Callable[[], list[ReadableSpan]]
Facts = Callable[[ReadableSpan], dict[str, Any]]
Use = Callable[[aiohttp.ClientSession], Awaitable[Any]]


def with_session(use: Use, **options: Any) -> Any:
    """What *use* gives within a session."""

    async def run() -> Any:
        async with aiohttp.ClientSession(**options) as session:
            return await use(session)

    return asyncio.run(run())


@pytest.fixture
def url(server: Any) -> str:
    """Where chats are asked."""
    return f"{server.url}/v1/chat/completions"


def test_the_response_is_the_library_s_own(
    server: Any, spans: Spans, url: str, asked: Any, chat: Any
) -> None:
    """Type, content, text, headers, closing and reading after it are as without us."""
    server.say(chat)

    async def use(session: aiohttp.ClientSession) -> None:
        response = await session.post(url, json=asked)
        assert type(response) is aiohttp.ClientResponse
        assert type(response.content) is aiohttp.StreamReader
        assert await response.json() == json.loads(await response.text()) == chat
        assert response.content.at_eof()
        assert response.content.total_bytes == len(await response.read())
        response.raise_for_status()
        response.release()
        response.close()
        with pytest.raises(aiohttp.ClientConnectionError):
            await response.read()

    with_session(use)
    assert server.requests[-1][2] == json.dumps(asked).encode()
    assert server.requests[-1][1]["content-type"] == "application/json"
    assert len(spans()) == 1


async def _lines(content: Any) -> bytes:
    return b"".join([line async for line in content])


async def _readline(content: Any) -> bytes:
    return b"".join([line async for line in _until_empty(content.readline)])


async def _until_empty(read: Callable[[], Awaitable[bytes]]) -> AsyncIterator[bytes]:
    while data := await read():
        yield data


async def _chunked(content: Any) -> bytes:
    return b"".join([chunk async for chunk in content.iter_chunked(7)])


async def _any(content: Any) -> bytes:
    return b"".join([chunk async for chunk in content.iter_any()])


async def _chunks(content: Any) -> bytes:
    return b"".join([chunk async for chunk, _ in content.iter_chunks()])


async def _readany(content: Any) -> bytes:
    return b"".join([data async for data in _until_empty(content.readany)])


async def _read(content: Any) -> bytes:
    found: bytes = await content.read()
    return found


@pytest.mark.parametrize("read", [_lines, _readline, _chunked, _any, _chunks, _readany, _read])
def test_however_it_is_read(
    server: Any, spans: Spans, url: str, asked: Any, chat_stream: bytes, facts: Facts, read: Any
) -> None:
    """Every way of reading gives the bytes that were sent, and one span with their counts."""
    server.answer(chat_stream[:100], chat_stream[100:], content_type="text/event-stream")

    async def use(session: aiohttp.ClientSession) -> bytes:
        async with session.post(url, json=asked) as response:
            found: bytes = await read(response.content)
            return found

    assert with_session(use) == chat_stream
    assert facts(spans()[0])["burn.usage.status"] == "exact"


@pytest.mark.parametrize("decompress", [True, False])
def test_who_decompresses(
    server: Any, spans: Spans, url: str, asked: Any, chat: Any, facts: Facts, decompress: bool
) -> None:
    """Compressed bodies are read, whether aiohttp is told to decode them or not."""
    import gzip

    packed = gzip.compress(json.dumps(chat).encode())
    server.answer(packed[:30], packed[30:], headers={"content-encoding": "gzip"})

    async def use(session: aiohttp.ClientSession) -> bytes:
        async with session.post(url, json=asked) as response:
            return await response.read()

    assert with_session(use, auto_decompress=decompress) == (
        json.dumps(chat).encode() if decompress else packed
    )
    assert facts(spans()[0])["burn.usage.status"] == "exact"


async def _generated(body: bytes) -> AsyncIterator[bytes]:
    yield body[:20]
    yield body[20:]


class _Arriving:
    """A body that is iterated more than once, as no generator can be."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _generated(self._body)


@pytest.mark.parametrize(
    "make", [_generated, _Arriving, bytes, bytearray, lambda body: body.decode(), aiohttp.BytesPayload]
)
def test_bodies(server: Any, spans: Spans, url: str, asked: Any, chat: Any, make: Any) -> None:
    """Bodies are seen however they are given, and sent as they are."""
    server.say(chat)
    body = json.dumps(asked).encode()

    async def use(session: aiohttp.ClientSession) -> Any:
        async with session.post(url, data=make(body)) as response:
            return await response.json()

    assert with_session(use) == chat
    assert server.requests[-1][2] == body
    (span,) = spans()
    assert (span.attributes or {})["gen_ai.request.model"] == "gpt-5"


def test_a_proxy_that_hands_on_what_it_gets(
    server: Any, spans: Spans, url: str, asked: Any, chat: Any
) -> None:
    """The stream of one answer is the body of the next request, and seen as it passes."""
    body = json.dumps(asked).encode()
    server.answer(body[:30], body[30:])
    server.say(chat)

    async def use(session: aiohttp.ClientSession) -> Any:
        async with session.get(server.url) as first, session.post(url, data=first.content) as response:
            return await response.json()

    assert with_session(use) == chat
    assert server.requests[-1][2] == body
    (span,) = spans()
    assert (span.attributes or {})["burn.usage.status"] == "exact"


def test_json_of_the_session_s_own(server: Any, spans: Spans, url: str, asked: Any, chat: Any) -> None:
    """A serialiser of the caller's is asked once, and what it can't do is the caller's error."""
    server.say(chat)
    calls: list[Any] = []

    def serialise(value: Any) -> str:
        calls.append(value)
        return json.dumps(value, separators=(",", ":"))

    async def use(session: aiohttp.ClientSession) -> None:
        await (await session.post(url, json=asked)).read()
        with pytest.raises(TypeError, match="not JSON serializable"):
            await session.post(url, json={"messages": object()})
        with pytest.raises(ValueError, match="data and json"):
            await session.post(url, json=asked, data=b"1")

    with_session(use, json_serialize=serialise)
    assert calls[0] is asked
    assert server.requests[0][2] == json.dumps(asked, separators=(",", ":")).encode()
    assert len(server.requests) == 1
    assert (spans()[0].attributes or {})["burn.usage.status"] == "exact"


def test_trace_configs(server: Any, spans: Spans, url: str, asked: Any, chat: Any) -> None:
    """The session's own tracing sees what it saw before."""
    server.say(chat)
    seen: list[str] = []
    tracing = aiohttp.TraceConfig()
    for name in ("request_start", "request_chunk_sent", "response_chunk_received", "request_end"):

        async def told(*_: Any, name: str = name) -> None:
            seen.append(name)

        getattr(tracing, f"on_{name}").append(told)

    async def use(session: aiohttp.ClientSession) -> None:
        async with session.post(url, json=asked) as response:
            await response.read()

    with_session(use, trace_configs=[tracing])
    assert seen == ["request_start", "request_chunk_sent", "request_end", "response_chunk_received"]
    assert len(spans()) == 1


@pytest.mark.parametrize("raising", [True, False])
def test_raise_for_status(server: Any, spans: Spans, url: str, asked: Any, raising: bool) -> None:
    """A refusal is an error with its status, whoever raises it."""
    server.say({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, 429)

    async def use(session: aiohttp.ClientSession) -> None:
        async with session.post(url, json=asked) as response:
            response.raise_for_status()

    with pytest.raises(aiohttp.ClientResponseError) as raised:
        with_session(use, raise_for_status=raising)
    assert raised.value.status == 429
    assert (spans()[0].attributes or {})["http.response.status_code"] == 429


def test_a_total_timeout(server: Any, spans: Spans, url: str, asked: Any, chat_stream: bytes) -> None:
    """A stream that takes too long in all."""
    server.answer(chat_stream[:50], chat_stream[50:], held_from=1, content_type="text/event-stream")

    async def use(session: aiohttp.ClientSession) -> None:
        async with session.post(url, json=asked) as response:
            await response.content.read()

    with pytest.raises(TimeoutError):
        with_session(use, timeout=aiohttp.ClientTimeout(total=0.3))
    assert (spans()[0].attributes or {})["error.type"] == "TimeoutError"


@pytest.mark.parametrize("held_from", [-1, 1], ids=["before the head", "in the body"])
def test_cancelled(
    server: Any, spans: Spans, url: str, asked: Any, chat_stream: bytes, held_from: int
) -> None:
    """A task that is cancelled ends its call, and nothing of ours stays behind."""
    server.answer(chat_stream[:50], chat_stream[50:], held_from=held_from, content_type="text/event-stream")

    async def use(session: aiohttp.ClientSession) -> None:
        async def ask() -> bytes:
            async with session.post(url, json=asked) as response:
                return await response.read()

        task = asyncio.create_task(ask())
        await asyncio.sleep(0.2)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    with_session(use)
    (span,) = spans()
    assert (span.attributes or {})["error.type"] in ("asyncio.exceptions.CancelledError", "stream_abandoned")


def test_a_form(server: Any, spans: Spans) -> None:
    """A form with a file is sent as it is; its text fields are what is known of the request."""
    server.say({"text": "hello", "usage": {"type": "duration", "seconds": 2}})
    form = aiohttp.FormData()
    form.add_field("file", b"RIFF", filename="a.wav")
    form.add_field("model", "whisper-1")

    async def use(session: aiohttp.ClientSession) -> None:
        async with session.post(f"{server.url}/v1/audio/transcriptions", data=form) as response:
            assert (await response.json())["text"] == "hello"

    with_session(use)
    assert b"RIFF" in server.requests[-1][2]
    (span,) = spans()
    assert (span.attributes or {})["gen_ai.request.model"] == "whisper-1"


def test_other_requests_pass(server: Any, spans: Spans, asked: Any) -> None:
    """What is no LLM call makes no span, and what is no URL is aiohttp's to say."""

    async def use(session: aiohttp.ClientSession) -> None:
        for path in ("/v1/files", "/v1/threads"):
            async with session.post(f"{server.url}{path}", json=asked) as response:
                assert await response.read() == b"{}"
        async with session.head(f"{server.url}/v1/chat/completions"):
            pass
        with pytest.raises(aiohttp.InvalidURL):
            await session.post("http://", json=asked)

    with_session(use)
    assert spans() == []
