"""Do taps see every call, and does nobody notice them?"""

import asyncio
import copy
import functools
import gzip
import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import anthropic
import httpx
import httpx2
import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

import otel_burn
from otel_burn import instrumentation
from otel_burn.taps.observer import Observer

Spans = Callable[[], list[ReadableSpan]]

QUESTION = [{"role": "user", "content": "what does main.py do?"}]
CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5-2025-08-07",
    "service_tier": "default",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "it runs"}, "finish_reason": "stop"}
    ],
    "usage": {
        "prompt_tokens": 1000,
        "completion_tokens": 200,
        "total_tokens": 1200,
        "prompt_tokens_details": {"cached_tokens": 800},
        "completion_tokens_details": {"reasoning_tokens": 150},
    },
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-8",
    "content": [{"type": "text", "text": "it runs"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 100,
        "cache_read_input_tokens": 800,
        "cache_creation_input_tokens": 90,
        "cache_creation": {"ephemeral_5m_input_tokens": 60, "ephemeral_1h_input_tokens": 30},
        "output_tokens": 200,
        "service_tier": "standard",
    },
}


def sse(*events: dict[str, Any] | str) -> bytes:
    """Events as Anthropic (named) or OpenAI (nameless) frame them."""
    parts = []
    for event in events:
        if isinstance(event, dict) and "type" in event:
            parts.append(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n")
        else:
            parts.append(f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n")
    return "".join(parts).encode()


def chat_stream() -> bytes:
    """The chat answer as a stream, with the usage chunk at the end."""
    head = {key: CHAT[key] for key in ("id", "created", "model")} | {"object": "chat.completion.chunk"}
    word = {"index": 0, "delta": {"content": "it runs"}, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    usage = head | {"choices": [], "usage": CHAT["usage"]}
    return sse(head | {"choices": [word]}, head | {"choices": [last]}, usage, "[DONE]")


def message_stream() -> bytes:
    """The message as a stream: a placeholder of one output token first, the truth at the end."""
    start = MESSAGE | {"content": [], "stop_reason": None, "usage": MESSAGE["usage"] | {"output_tokens": 1}}  # type: ignore[operator]
    return sse(
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "it runs"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 200},
        },
        {"type": "message_stop"},
    )


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """A span's attributes without those that differ from run to run."""
    changing = (
        "server.",
        "burn.call.id",
        "burn.context.",
        "burn.output.",
        "gen_ai.response.time_to",
        "burn.cost",
        "burn.usage.raw",
    )
    found = {k: v for k, v in (span.attributes or {}).items() if not k.startswith(changing)}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in found.items()}


CHAT_ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai_compatible",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.model": "gpt-5-2025-08-07",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.cache_read.input_tokens": 800,
    "gen_ai.usage.output_tokens": 200,
    "gen_ai.usage.reasoning.output_tokens": 150,
    "http.response.status_code": 200,
    "burn.usage.status": "exact",
    "burn.attempt.number": 1,
}
MESSAGE_ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "anthropic",
    "gen_ai.request.model": "claude-opus-4-8",
    "gen_ai.request.max_tokens": 500,
    "gen_ai.response.id": "msg_1",
    "gen_ai.response.model": "claude-opus-4-8",
    "gen_ai.response.finish_reasons": ["end_turn"],
    "gen_ai.usage.input_tokens": 990,
    "gen_ai.usage.cache_read.input_tokens": 800,
    "gen_ai.usage.cache_write.input_tokens": 90,
    "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 60,
    "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 30,
    "gen_ai.usage.output_tokens": 200,
    "http.response.status_code": 200,
    "burn.usage.status": "exact",
    "burn.service_tier": "standard",
    "burn.attempt.number": 1,
}
ABANDONED_MESSAGE = {
    key: value for key, value in MESSAGE_ATTRIBUTES.items() if key != "gen_ai.usage.output_tokens"
} | {
    "burn.usage.status": "partial",
    "error.type": "stream_abandoned",
    "gen_ai.request.stream": True,
    "gen_ai.response.finish_reasons": ["error"],
}


def ask_openai(url: str, asynchronous: bool, stream: bool, **options: Any) -> Any:
    """Ask through the real OpenAI SDK and read the answer to its end."""
    asked: dict[str, Any] = {"model": "gpt-5", "messages": QUESTION, "stream": stream, **options}
    if not asynchronous:
        with openai.OpenAI(base_url=f"{url}/v1", max_retries=2) as client:
            answer = client.chat.completions.create(**asked)
            return list(answer) if stream else answer

    async def ask() -> Any:
        async with openai.AsyncOpenAI(base_url=f"{url}/v1", max_retries=2) as client:
            answer = await client.chat.completions.create(**asked)
            return [chunk async for chunk in answer] if stream else answer

    return asyncio.run(ask())


def ask_anthropic(url: str, asynchronous: bool, stream: bool) -> Any:
    """Ask through the real Anthropic SDK and read the answer to its end."""
    asked: dict[str, Any] = {
        "model": "claude-opus-4-8",
        "max_tokens": 500,
        "messages": QUESTION,
        "stream": stream,
    }
    if not asynchronous:
        with anthropic.Anthropic(base_url=url) as client:
            answer = client.messages.create(**asked)
            return list(answer) if stream else answer

    async def ask() -> Any:
        async with anthropic.AsyncAnthropic(base_url=url) as client:
            answer = await client.messages.create(**asked)
            return [event async for event in answer] if stream else answer

    return asyncio.run(ask())


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
class TestEverySdk:
    """The matrix of real SDKs."""

    def test_openai(self, server: Any, spans: Spans, asynchronous: bool, stream: bool) -> None:
        """A call through the OpenAI SDK is one span with the provider's own counts."""
        if stream:
            server.stream([chat_stream()])
        else:
            server.say(CHAT)
        ask_openai(server.url, asynchronous, stream)
        (span,) = spans()
        own = (
            {"gen_ai.request.stream": True}
            if stream
            else {"burn.service_tier": "default", "burn.request.id": "req_1"}
        )
        assert attributes(span) == CHAT_ATTRIBUTES | own
        assert span.name == "chat gpt-5"
        assert span.status.status_code is StatusCode.UNSET

    def test_anthropic(self, server: Any, spans: Spans, asynchronous: bool, stream: bool) -> None:
        """A call through the Anthropic SDK counts cached input in, and never the stream's placeholder."""
        if stream:
            server.stream([message_stream()])
        else:
            server.say(MESSAGE)
        ask_anthropic(server.url, asynchronous, stream)
        (span,) = spans()
        own = {"gen_ai.request.stream": True} if stream else {"burn.request.id": "req_1"}
        assert attributes(span) == MESSAGE_ATTRIBUTES | own

    def test_chunks_cut_anywhere(self, server: Any, spans: Spans, asynchronous: bool, stream: bool) -> None:
        """A stream that arrives in odd pieces reads the same."""
        body = chat_stream() if stream else json.dumps(CHAT).encode()
        pieces = [body[i : i + 7] for i in range(0, len(body), 7)]
        server.stream(pieces)
        if not stream:
            server.answers[-1].content_type = "application/json"
        ask_openai(server.url, asynchronous, stream)
        (span,) = spans()
        assert attributes(span)["gen_ai.usage.output_tokens"] == 200

    def test_compressed(self, server: Any, spans: Spans, asynchronous: bool, stream: bool) -> None:
        """A compressed body is decoded for us as it is for the caller."""
        body = gzip.compress(message_stream() if stream else json.dumps(MESSAGE).encode())
        server.stream([body[:50], body[50:]], content_encoding="gzip")
        if not stream:
            server.answers[-1].content_type = "application/json"
        ask_anthropic(server.url, asynchronous, stream)
        (span,) = spans()
        assert attributes(span)["gen_ai.usage.input_tokens"] == 990

    def test_error(self, server: Any, spans: Spans, asynchronous: bool, stream: bool) -> None:
        """A refused call raises as without us, and its span tells the status and the class."""
        server.say(
            {
                "error": {
                    "message": "no such model",
                    "type": "invalid_request_error",
                    "code": "model_not_found",
                }
            },
            404,
        )
        with pytest.raises(openai.NotFoundError):
            ask_openai(server.url, asynchronous, stream)
        (span,) = spans()
        found = attributes(span)
        assert span.status.status_code is StatusCode.ERROR
        assert (found["error.type"], found["http.response.status_code"]) == ("model_not_found", 404)
        assert found["burn.usage.status"] == "missing"
        assert not [name for name in found if name.startswith("gen_ai.usage")]


def test_retries_are_attempts_of_one_call(server: Any, spans: Spans) -> None:
    """Two refusals and an answer are three spans of one logical call; the next call is another one."""
    server.say({"error": {"message": "slow down"}}, 429, retry_after="0")
    server.say({"error": {"message": "slow down"}}, 429, retry_after="0")
    server.say(CHAT)
    server.say(CHAT)
    ask_openai(server.url, False, False)
    ask_openai(server.url, False, False)
    found = [span.attributes or {} for span in spans()]
    assert [attempt["burn.attempt.number"] for attempt in found] == [1, 2, 3, 1]
    assert [attempt["http.response.status_code"] for attempt in found] == [429, 429, 200, 200]
    first, _, third, other = (attempt["burn.call.id"] for attempt in found)
    assert first == third != other


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_abandoned_stream(server: Any, spans: Spans, asynchronous: bool) -> None:
    """A stream that the caller gives up keeps its span, its input, and no invented output."""
    body = message_stream()
    head = body.index(b"event: content_block_stop")
    server.stream([body[:head], body[head:]])
    asked: Any = {"model": "claude-opus-4-8", "max_tokens": 500, "messages": QUESTION, "stream": True}
    if asynchronous:

        async def ask() -> None:
            async with anthropic.AsyncAnthropic(base_url=server.url) as client:
                stream = await client.messages.create(**asked)
                async for _ in stream:
                    break
                await stream.close()

        asyncio.run(ask())
    else:
        with anthropic.Anthropic(base_url=server.url) as client, client.messages.create(**asked) as stream:
            next(iter(stream))
    (span,) = spans()
    assert attributes(span) == ABANDONED_MESSAGE
    assert span.status.status_code is StatusCode.UNSET


def test_broken_stream(server: Any, spans: Spans) -> None:
    """A connection that breaks in mid-stream raises as without us; the span is an error with what came."""
    body = message_stream()
    server.stream([body[: body.index(b"event: content_block_stop")]], cut=True)
    with pytest.raises(httpx2.RemoteProtocolError):
        ask_anthropic(server.url, False, True)
    (span,) = spans()
    found = attributes(span)
    assert found["error.type"] == "httpx2.RemoteProtocolError"
    assert found["burn.usage.status"] == "partial"
    assert "gen_ai.usage.output_tokens" not in found
    assert span.status.status_code is StatusCode.ERROR


def test_no_connection(spans: Spans) -> None:
    """A call that reaches nobody is a span with the exception's class."""
    with pytest.raises(openai.APIConnectionError):
        ask_openai("http://127.0.0.1:9", False, False, timeout=1)
    found = [attributes(span) for span in spans()]
    assert {attempt["error.type"] for attempt in found} == {"httpx2.ConnectError"}
    assert [attempt["burn.attempt.number"] for attempt in found] == [1, 2, 3]


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
class TestTheCallerNoticesNothing:
    """What a tapped client returns is what an untapped one returns."""

    def test_plain(self, server: Any, spans: Spans, library: Any) -> None:
        """Type, body, elapsed time and headers are the library's own."""
        server.say(CHAT)
        with library.Client() as client:
            response = client.post(
                f"{server.url}/v1/chat/completions", json={"model": "m", "messages": QUESTION}
            )
        assert type(response) is library.Response
        assert response.json() == CHAT
        assert response.elapsed.total_seconds() > 0
        assert len(spans()) == 1

    def test_stream(self, server: Any, spans: Spans, library: Any) -> None:
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
        assert attributes(span)["burn.usage.status"] == "missing"

    def test_other_requests_pass(self, server: Any, spans: Spans, library: Any) -> None:
        """What is no LLM call makes no span: another path, another method, another body."""
        with library.Client(base_url=server.url) as client:
            client.post("/v1/files", json={"messages": QUESTION})
            client.get("/v1/chat/completions")
            client.post("/v1/threads/t/messages", json={"role": "user"})
            client.post("/v1/messages", json={"to": "somebody", "text": "an SMS"})
            client.post("/v1/chat/completions", content=b"\xff not JSON")
        assert spans() == []

    def test_mock_transport(self, spans: Spans, library: Any) -> None:
        """A client over a mock transport works as before."""
        transport = library.MockTransport(lambda _: library.Response(200, json=CHAT))
        with library.Client(transport=transport) as client:
            response = client.post(
                "http://llm/v1/chat/completions", json={"model": "m", "messages": QUESTION}
            )
        assert response.json() == CHAT
        assert attributes(spans()[0])["gen_ai.usage.input_tokens"] == 1000

    def test_client_within_a_client(self, server: Any, spans: Spans, library: Any) -> None:
        """A transport that sends through another client is seen once."""
        server.say(CHAT)
        inner = library.Client()

        class Relay(library.BaseTransport):  # type: ignore[misc]
            def handle_request(self, request: Any) -> Any:
                answer = inner.post(str(request.url), content=request.content)
                return library.Response(answer.status_code, json=answer.json())

        with inner, library.Client(transport=Relay()) as client:
            client.post(f"{server.url}/v1/chat/completions", json={"model": "m", "messages": QUESTION})
        assert len(spans()) == 1

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


def test_our_failure_is_not_theirs(server: Any, spans: Spans, monkeypatch: pytest.MonkeyPatch) -> None:
    """When our own code fails in every hook, the caller gets its answer all the same."""
    monkeypatch.delenv("OTEL_BURN_RAISE")
    server.say(CHAT)
    server.stream([chat_stream()])

    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a defect of ours")

    with monkeypatch.context() as patch:
        patch.setattr("otel_burn.taps.observer.recognise", broken)
        assert ask_openai(server.url, False, False).id == "chatcmpl-1"
    monkeypatch.setattr("otel_burn.recorder.describe", broken)
    assert len(ask_openai(server.url, False, True)) == 3
    assert spans() == []


def in_a_new_process(program: str) -> str:
    """What *program* prints in an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "order", ["import httpx2; otel_burn.instrument()", "otel_burn.instrument(); import httpx2"]
)
def test_before_and_after_the_import(order: str) -> None:
    """A library is tapped whether it was imported before or after, and its module keeps its own loader."""
    said = in_a_new_process(f"""
        import otel_burn
        {order}
        print(hasattr(httpx2.Client.send, "otel_burn_tap"), type(httpx2.__spec__.loader).__name__)
        otel_burn.uninstrument()
        print(hasattr(httpx2.Client.send, "otel_burn_tap"))
    """)
    assert said.split() == ["True", "SourceFileLoader", "False"]


def test_where_httpx_is_httpx2() -> None:
    """Where httpx is an alias of httpx2, the one class is tapped once and left as it was."""
    said = in_a_new_process("""
        import httpx2
        httpx2.alias_httpx()
        original = httpx2.Client.send
        import otel_burn
        otel_burn.instrument()
        import httpx
        print(httpx.Client is httpx2.Client, httpx.Client.send.__wrapped__ is original)
        otel_burn.uninstrument()
        print(httpx.Client.send is original)
    """)
    assert said.split() == ["True", "True", "True"]


@pytest.mark.parametrize(
    "order", ["import httpx; otel_burn.instrument()", "otel_burn.instrument(); import httpx"]
)
def test_a_module_of_the_user_s_own_that_is_called_httpx(tmp_path: Path, order: str) -> None:
    """It is imported as ever, and not tapped."""
    (tmp_path / "httpx.py").write_text("mine = True")
    said = in_a_new_process(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        import otel_burn
        {order}
        print(httpx.mine)
    """)
    assert said == "True"


def test_a_library_that_is_imported_anew() -> None:
    """Where a test throws httpx2 away and imports it again, the new one is tapped too."""
    said = in_a_new_process("""
        import sys, otel_burn
        otel_burn.instrument()
        import httpx2
        for name in [name for name in sys.modules if name.startswith("httpx2")]:
            del sys.modules[name]
        import httpx2
        print(hasattr(httpx2.Client.send, "otel_burn_tap"))
    """)
    assert said == "True"


def test_a_library_is_looked_up_without_being_imported() -> None:
    """`find_spec` gives a loader that can do all that the library's own can."""
    said = in_a_new_process("""
        import importlib.util, pkgutil, otel_burn
        otel_burn.instrument()
        loader = importlib.util.find_spec("httpx2").loader
        print(loader.get_filename("httpx2").endswith("__init__.py"), loader.is_package("httpx2"))
        print(pkgutil.get_data("httpx2", "py.typed") is not None)
    """)
    assert said.split() == ["True", "True", "True"]


def test_instrumenting_again_below_somebody_else_s_wrapper(
    spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrapper made with functools copies our mark; calls are seen again all the same, and once."""
    ours = httpx2.Client.send

    @functools.wraps(ours)
    def theirs(*args: Any, **kwargs: Any) -> Any:
        return ours(*args, **kwargs)

    monkeypatch.setattr(httpx2.Client, "send", theirs)
    otel_burn.uninstrument()
    otel_burn.instrument()
    ask_nobody()
    active = instrumentation.active()
    assert active is not None
    assert active.observer.llm_calls == 1
    otel_burn.uninstrument()
    monkeypatch.undo()


def test_half_an_opentelemetry(monkeypatch: pytest.MonkeyPatch, spans: Spans) -> None:
    """A call is seen while another thread is in the middle of importing OpenTelemetry."""
    with monkeypatch.context() as importing:
        importing.setitem(sys.modules, "opentelemetry.trace", ModuleType("opentelemetry.trace"))
        # The end of the call waits for the import in the recorder's thread, so only its start is played here.
        observer = Observer(lambda _: None)
        asked = observer.begin("POST", "llm", None, "/v1/chat/completions", lambda: b"{}", {})
    assert asked is not None
    assert asked.parent is None
    ask_nobody()
    assert len(spans()) == 1


def ask_nobody() -> None:
    """A call over a mock transport."""
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=CHAT))
    with httpx2.Client(transport=transport) as client:
        client.post("http://llm/v1/chat/completions", json={"messages": []})


def test_a_stream_can_be_copied(server: Any, spans: Spans) -> None:
    """`copy` works on a response's stream as without us."""
    server.stream([chat_stream()])
    with (
        httpx2.Client() as client,
        client.stream("POST", f"{server.url}/v1/chat/completions", json={"messages": []}) as r,
    ):
        copy.copy(r.stream)
        assert r.read() == chat_stream()
