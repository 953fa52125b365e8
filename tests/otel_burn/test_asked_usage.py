"""Is usage asked for where the caller didn't, without the caller ever noticing?"""

import asyncio
import gzip
import hashlib
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn.taps.asked_usage import AskedUsage, Hiding, asking

Spans = Callable[[], list[ReadableSpan]]
CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5"}
WORDS: list[dict[str, Any]] = [
    CHUNK | {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}], "usage": None}
    for word in ("one ", "two ", "three")
]
LAST: dict[str, Any] = CHUNK | {
    "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
    "usage": None,
}
COUNTED: dict[str, Any] = CHUNK | {"choices": [], "usage": {"prompt_tokens": 70, "completion_tokens": 3}}


def sse(*events: Any, end: str = "\n") -> bytes:
    """An event stream, with its terminator."""
    lines = [f"data: {json.dumps(event)}{end}{end}" for event in events]
    return "".join([*lines, f"data: [DONE]{end}{end}"]).encode()


@pytest.fixture
def known(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The server on loopback as a host that is known to understand the question; before `spans`."""
    monkeypatch.setenv("OTEL_BURN_PROVIDERS", f"127.0.0.1:{server.port}=openai")
    return server


def client(server: Any) -> openai.OpenAI:
    """The OpenAI SDK without retries."""
    return openai.OpenAI(base_url=f"{server.url}/v1", max_retries=0)


def ask(server: Any, **options: Any) -> list[Any]:
    """The chunks that the caller sees."""
    question: dict[str, Any] = {
        "model": "gpt-5",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
    }
    with client(server) as made:
        return list(made.chat.completions.create(**(question | options)))


def sent(server: Any) -> Any:
    """The body of the last request."""
    return json.loads(server.requests[-1][2])


def usage(span: ReadableSpan) -> tuple[Any, ...]:
    """The counts on a span."""
    said = span.attributes or {}
    return (
        said.get("gen_ai.usage.input_tokens"),
        said.get("gen_ai.usage.output_tokens"),
        said["burn.usage.status"],
    )


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_the_caller_sees_what_it_would_have_seen(known: Any, spans: Spans, cut: int) -> None:
    """The same chunks wherever the network cuts, and a span with the counts."""
    body = sse(*WORDS, LAST, COUNTED)
    known.stream([body[at : at + cut] for at in range(0, len(body), cut)])
    chunks = ask(known)
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["one ", "two ", "three", None]
    assert sent(known)["stream_options"] == {"include_usage": True}
    (span,) = spans()
    assert usage(span) == (70, 3, "exact")


def test_a_caller_that_asks_gets_its_answer(known: Any, spans: Spans) -> None:
    """Whoever asks for usage sees the chunk with it."""
    known.stream([sse(*WORDS, LAST, COUNTED)])
    assert ask(known, stream_options={"include_usage": True})[-1].usage.prompt_tokens == 70
    known.stream([sse(*WORDS, LAST)])
    assert len(ask(known, stream_options={"include_usage": False})) == 4
    assert sent(known)["stream_options"] == {"include_usage": False}
    assert [usage(span)[2] for span in spans()] == ["exact", "missing"]


def test_other_options_stay(known: Any, spans: Spans) -> None:
    """What the caller set beside it goes along."""
    known.stream([sse(*WORDS, LAST, COUNTED)])
    ask(known, stream_options={"include_obfuscation": False})
    assert sent(known)["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert len(spans()) == 1


def test_a_host_that_refuses_is_asked_once(known: Any, spans: Spans) -> None:
    """A 400 for what we added never reaches the caller, and that host is not asked again."""
    known.say({"error": {"message": "unknown field stream_options"}}, status=400)
    known.stream([sse(*WORDS, LAST)])
    known.stream([sse(*WORDS, LAST)])
    assert len(ask(known)) == len(ask(known)) == 4
    assert ["stream_options" in json.loads(body) for _, _, body in known.requests] == [True, False, False]
    first, second = spans()
    assert (usage(first), usage(second)) == ((None, None, "missing"), (None, None, "missing"))
    assert (first.attributes or {})["http.response.status_code"] == 200


def test_a_request_that_is_wrong_in_itself(known: Any, spans: Spans) -> None:
    """The caller gets the server's answer to its own request, and the host is asked again."""
    for _ in range(2):
        known.say({"error": {"message": "no such model", "code": "model_not_found"}}, status=400)
    with pytest.raises(openai.BadRequestError, match="no such model"):
        ask(known)
    known.stream([sse(*WORDS, LAST, COUNTED)])
    ask(known)
    assert [usage(span)[2] for span in spans()] == ["missing", "exact"]


def test_an_unknown_host_is_left_alone(server: Any, spans: Spans) -> None:
    """Nobody knows whether it would understand."""
    server.stream([sse(*WORDS, LAST)])
    ask(server)
    assert "stream_options" not in sent(server)
    assert usage(spans()[0])[2] == "missing"


def test_an_async_client(known: Any, spans: Spans) -> None:
    """The same without threads, refused and then not."""
    known.say({"error": {"message": "unknown field"}}, status=422)
    known.stream([sse(*WORDS, LAST)])

    async def chunks() -> int:
        async with openai.AsyncOpenAI(base_url=f"{known.url}/v1", max_retries=0) as made:
            stream = await made.chat.completions.create(model="m", messages=[], stream=True)
            return len([chunk async for chunk in stream])

    assert asyncio.run(chunks()) == 4
    assert ["stream_options" in json.loads(body) for _, _, body in known.requests] == [True, False]
    assert len(spans()) == 1


def test_a_signed_request_is_left_alone(known: Any, spans: Spans) -> None:
    """Its signature covers its body."""
    known.stream([sse(*WORDS, LAST)])
    ask(known, extra_headers={"x-amz-date": "20260101T000000Z"})
    assert "stream_options" not in sent(known)
    assert len(spans()) == 1


@pytest.fixture
def switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's switch; before `spans`."""
    monkeypatch.setenv("OTEL_BURN_INCLUDE_USAGE", "false")


def test_switched_off(known: Any, switched_off: None, spans: Spans) -> None:
    """`OTEL_BURN_INCLUDE_USAGE=false` asks nobody."""
    known.stream([sse(*WORDS, LAST)])
    ask(known)
    assert "stream_options" not in sent(known)
    assert len(spans()) == 1


def test_the_request_is_the_caller_s_own_afterwards(known: Any, spans: Spans) -> None:
    """Whoever looks at the request of a response finds what was asked, not what we made of it."""
    known.stream([sse(*WORDS, LAST, COUNTED)])
    body = {"model": "gpt-5", "messages": [], "stream": True}
    with (
        httpx2.Client() as plain,
        plain.stream("POST", f"{known.url}/v1/chat/completions", json=body) as response,
    ):
        response.read()
        assert json.loads(response.request.content) == body
        assert response.request.headers["accept-encoding"] != "identity"
        assert response.request.headers["content-length"] == str(len(response.request.content))
    assert b"prompt_tokens" not in response.content
    assert usage(spans()[0]) == (70, 3, "exact")


def test_what_hooks_and_authentication_do_to_the_request_stays(known: Any, spans: Spans) -> None:
    """Headers that are set while a request is sent are on it afterwards, and the body is signed as it is sent."""

    class Signing(httpx2.Auth):
        requires_request_body = True

        def auth_flow(self, request: httpx2.Request) -> Any:
            request.headers["x-signed"] = hashlib.sha256(request.content).hexdigest()
            yield request

    def trace(request: httpx2.Request) -> None:
        request.headers["x-trace"] = "1"

    body = {"model": "gpt-5", "messages": [], "stream": True}
    for refused in (False, True):
        if refused:
            known.say({"error": {"message": "unknown field stream_options"}}, status=400)
        known.stream([sse(*WORDS, LAST, COUNTED)])
        with (
            httpx2.Client(auth=Signing(), event_hooks={"request": [trace]}) as plain,
            plain.stream("POST", f"{known.url}/v1/chat/completions", json=body) as response,
        ):
            response.read()
            assert response.request.headers["x-trace"] == "1"
            assert response.request.headers["content-length"] == str(len(response.request.content))
        _, headers, sent_body = known.requests[-1]
        assert headers["x-signed"] == hashlib.sha256(sent_body).hexdigest()
    assert len(spans()) == 2


def test_a_hook_that_reads_the_answer(known: Any, spans: Spans) -> None:
    """As programs do to log it: the extra chunk is hidden all the same."""
    known.stream([sse(*WORDS, LAST, COUNTED)])
    hooks: Any = {"response": [lambda response: response.read()]}
    with httpx2.Client(event_hooks=hooks) as plain:
        made = openai.OpenAI(base_url=f"{known.url}/v1", http_client=plain)
        chunks = list(made.chat.completions.create(model="gpt-5", messages=[], stream=True))
    assert [chunk.choices[0].delta.content for chunk in chunks] == ["one ", "two ", "three", None]
    assert usage(spans()[0]) == (70, 3, "exact")


def test_one_request_that_is_sent_twice_at_once(known: Any, spans: Spans) -> None:
    """As programs do that hedge: each answer is what it would have been, and so is the request."""

    async def hedge() -> None:
        async with httpx2.AsyncClient() as plain:
            body = {"model": "gpt-5", "messages": [], "stream": True}
            request = plain.build_request("POST", f"{known.url}/v1/chat/completions", json=body)
            for response in await asyncio.gather(*(plain.send(request, stream=True) for _ in range(3))):
                assert b"prompt_tokens" not in await response.aread()
            assert json.loads(request.content) == body

    for _ in range(3):
        known.stream([sse(*WORDS, LAST, COUNTED)])
    asyncio.run(hedge())
    assert [usage(span) for span in spans()] == [(70, 3, "exact")] * 3


def test_a_body_that_is_sent_in_chunks(known: Any, spans: Spans) -> None:
    """It is framed in one way, not in two."""
    known.stream([sse(*WORDS, LAST, COUNTED)])
    with httpx2.Client() as plain:
        request = plain.build_request(
            "POST", f"{known.url}/v1/chat/completions", content=iter([b'{"messages":[],', b'"stream":true}'])
        )
        request.read()
        plain.send(request, stream=True).read()
    assert "content-length" not in known.requests[-1][1]
    assert "content-length" not in request.headers
    assert usage(spans()[0]) == (70, 3, "exact")


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Ctrl-C in the middle of our own code, once; before `spans`."""
    asked = AskedUsage.body

    def body(*args: Any) -> Any:
        monkeypatch.setattr(AskedUsage, "body", asked)
        raise KeyboardInterrupt

    monkeypatch.setattr(AskedUsage, "body", body)


def test_an_interrupt_leaves_nothing_behind(known: Any, interrupted: None, spans: Spans) -> None:
    """The calls after it are seen as before."""
    with pytest.raises(KeyboardInterrupt):
        ask(known)
    known.stream([sse(*WORDS, LAST, COUNTED)])
    ask(known)
    assert [usage(span)[2] for span in spans()] == ["missing", "exact"]


def test_a_server_that_compresses_all_the_same(known: Any, spans: Spans) -> None:
    """We asked for plain text; bytes that aren't are passed on as they are, one chunk more to the caller."""
    known.stream([gzip.compress(sse(*WORDS, LAST, COUNTED))], content_encoding="gzip")
    assert len(ask(known)) == 5
    assert usage(spans()[0]) == (70, 3, "exact")


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r", "\n\r\n", "\r\n\n"])
def test_an_event_is_shown_as_soon_as_it_has_its_end(end: str) -> None:
    """Not with the next one, whichever line ends the server writes."""
    event = f"data: {json.dumps(LAST)}{end}".encode()
    hiding = Hiding()
    for _ in range(3):
        assert b"".join(hiding.feed(event[at : at + 1]) for at in range(len(event))) == event


def test_an_event_of_megabytes_is_searched_once() -> None:
    """An image in an event costs what its size says, not the square of it."""
    event = b'data: {"choices":[{"delta":{"images":["' + b"A" * 4_000_000 + b'"]}}]}\n\n'
    hiding, began = Hiding(), time.process_time()
    shown = b"".join(hiding.feed(event[at : at + 4096]) for at in range(0, len(event), 4096))
    assert shown == event
    assert time.process_time() - began < 1


@given(st.lists(st.integers(0, 400), max_size=5), st.sampled_from(["\n", "\r\n", "\r"]))
def test_hiding_wherever_the_network_cuts(cuts: list[int], end: str) -> None:
    """Only the answer to our question is taken out, byte by byte the rest stays."""
    before, after = sse(*WORDS, LAST, COUNTED, end=end), sse(*WORDS, LAST, end=end)
    places = [0, *sorted(min(cut, len(before)) for cut in cuts), len(before)]
    hiding = Hiding()
    pieces = [before[a:b] for a, b in itertools.pairwise(places)]
    assert b"".join([*map(hiding.feed, pieces), hiding.end()]) == after


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b'{"stream": false}', b'{"stream": "true"}', b'{"stream": true, "stream_options": 7}',
     b'{"stream": true, "stream_options": {"include_usage": false}}', b"\xff", b'{"a":' + b"[" * 100_000],
)  # fmt: skip
def test_what_is_not_asked(body: bytes) -> None:
    """No stream, no JSON, or an answer given already."""
    assert asking(body) is None
