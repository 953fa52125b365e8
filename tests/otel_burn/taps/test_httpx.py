"""Does whoever calls through httpx or httpx2 notice nothing?"""

import asyncio
import contextvars
import copy
import json
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any

import httpx
import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan

import otel_burn

Spans = Callable[[], list[ReadableSpan]]
Facts = Callable[[ReadableSpan], dict[str, Any]]
QUESTION = [{"role": "user", "content": "what does main.py do?"}]


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
class TestTheCallerNoticesNothing:
    """What a tapped client returns is what an untapped one returns."""

    def test_plain(self, server: Any, spans: Spans, library: Any, chat: dict[str, Any]) -> None:
        """Type, body, elapsed time and headers are the library's own."""
        server.say(chat)
        with library.Client() as client:
            response = client.post(
                f"{server.url}/v1/chat/completions", json={"model": "m", "messages": QUESTION}
            )
        assert type(response) is library.Response
        assert response.json() == chat
        assert response.elapsed.total_seconds() > 0
        assert len(spans()) == 1

    def test_stream(self, server: Any, spans: Spans, library: Any, facts: Facts) -> None:
        """Chunks arrive one by one and unchanged; the stream is of the library's own type."""
        pieces = [b"data: {}\n\n", b"data: [DONE]\n\n"]
        server.stream(pieces)
        body = {"model": "m", "messages": QUESTION, "stream": True}
        with (
            library.Client() as client,
            client.stream("POST", f"{server.url}/v1/chat/completions", json=body) as got,
        ):
            assert isinstance(got.stream, library.SyncByteStream)
            assert not isinstance(got.stream, library.AsyncByteStream)
            assert b"".join(got.iter_raw()) == b"".join(pieces)
        assert got.elapsed.total_seconds() > 0
        assert got.is_closed
        (span,) = spans()
        assert facts(span)["burn.usage.status"] == "missing"

    def test_other_requests_pass(self, server: Any, spans: Spans, library: Any) -> None:
        """What is no LLM call makes no span: another path, another method, another body."""
        with library.Client(base_url=server.url) as client:
            client.post("/v1/files", json={"messages": QUESTION})
            client.get("/v1/chat/completions")
            client.post("/v1/threads/t/messages", json={"role": "user"})
            client.post("/v1/messages", json={"to": "somebody", "text": "an SMS"})
            client.post("/v1/chat/completions", content=b"\xff not JSON")
        assert spans() == []

    def test_mock_transport(self, spans: Spans, library: Any, chat: dict[str, Any], facts: Facts) -> None:
        """A client over a mock transport works as before."""
        transport = library.MockTransport(lambda _: library.Response(200, json=chat))
        with library.Client(transport=transport) as client:
            response = client.post(
                "http://llm/v1/chat/completions", json={"model": "m", "messages": QUESTION}
            )
        assert response.json() == chat
        assert facts(spans()[0])["gen_ai.usage.input_tokens"] == 1000

    def test_a_body_that_is_a_stream(
        self, server: Any, spans: Spans, library: Any, chat: dict[str, Any], asked: dict[str, Any]
    ) -> None:
        """As proxies send theirs: it is seen as it passes, and the request keeps its own stream."""
        body = json.dumps(asked).encode()
        server.say(chat)
        with library.Client() as client:
            request = client.build_request(
                "POST", f"{server.url}/v1/chat/completions", content=iter([body[:9], body[9:]])
            )
            stream = request.stream
            assert client.send(request).json() == chat
        assert request.stream is stream
        assert server.requests[-1][2] == body
        (span,) = spans()
        assert (span.attributes or {})["burn.usage.status"] == "exact"

    def test_an_async_body_that_is_a_stream(
        self, server: Any, spans: Spans, library: Any, asked: dict[str, Any]
    ) -> None:
        """It is seen as far as it went, also where the answer never comes."""
        server.answer(cut=True, framing="length")

        async def pieces() -> AsyncIterator[bytes]:
            for piece in json.dumps(asked).partition(","):
                yield piece.encode()

        async def ask() -> None:
            async with library.AsyncClient() as client:
                await client.post(f"{server.url}/v1/chat/completions", content=pieces())

        with pytest.raises(library.RemoteProtocolError):
            asyncio.run(ask())
        (span,) = spans()
        assert (span.attributes or {})["gen_ai.request.model"] == "gpt-5"
        assert (span.attributes or {})["error.type"] == f"{library.__name__}.RemoteProtocolError"

    def test_client_within_a_client(
        self, server: Any, spans: Spans, library: Any, chat: dict[str, Any]
    ) -> None:
        """A transport that sends through another client is seen once."""
        server.say(chat)
        inner = library.Client()

        class Relay(library.BaseTransport):  # type: ignore[misc]
            def handle_request(self, request: Any) -> Any:
                answer = inner.post(str(request.url), content=request.content)
                return library.Response(answer.status_code, json=answer.json())

        with inner, library.Client(transport=Relay()) as client:
            client.post(f"{server.url}/v1/chat/completions", json={"model": "m", "messages": QUESTION})
        assert len(spans()) == 1

    def test_given_up_elsewhere(self, spans: Spans, library: Any) -> None:
        """A request that is closed in another context than it began in, as by the garbage collector, just ends."""

        class Forever:
            def __await__(self) -> Generator[None, None, None]:
                yield

        async def handler(_: Any) -> None:
            await Forever()

        client = library.AsyncClient(transport=library.MockTransport(handler))
        asking = client.post("http://llm/v1/chat/completions", json={"model": "m", "messages": QUESTION})
        contextvars.copy_context().run(asking.send, None)
        asking.close()
        (span,) = spans()
        assert (span.attributes or {})["error.type"] == "GeneratorExit"

    def test_taken_out(self, library: Any, spans: Spans) -> None:
        """Uninstrumenting leaves the classes as they were; instrumenting twice taps once."""
        tapped = library.Client.send
        otel_burn.instrument()
        assert library.Client.send is tapped
        otel_burn.uninstrument()
        assert library.Client.send is not tapped
        assert not hasattr(library.Client.send, "otel_burn_tap")
        assert not hasattr(library.AsyncClient.send, "otel_burn_tap")
        otel_burn.instrument()  # for the fixture's end


def test_a_stream_can_be_copied(server: Any, spans: Spans, chat_stream: bytes) -> None:
    """`copy` works on a response's stream as without us."""
    server.stream([chat_stream])
    with (
        httpx2.Client() as client,
        client.stream("POST", f"{server.url}/v1/chat/completions", json={"messages": []}) as r,
    ):
        copy.copy(r.stream)
        assert r.read() == chat_stream
