"""Does every recorded exchange, through every tap, become a span with exactly the usage that its bytes carry?"""

import asyncio
import base64
import gzip
import json
import random
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn.formats import recognise
from otel_burn.framing.eventstream import EventStream
from otel_burn.spans import UNBILLED

RECORDED = Path(__file__).parents[3] / "shared/data/recorded/exchanges.jsonl.gz"
pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not RECORDED.exists(), reason="needs ../shared/data/recorded beside the project"),
]
Exchange = dict[str, Any]
Counts = tuple[int | None, int | None]
NO_USAGE = ("/count_tokens", "/input_tokens", ":countTokens", "/count-tokens")
"""These count what a call would take, and none was made."""
NO_CALL = ("/messages",)
"""Below `/threads`: a note in a conversation, which no model answers."""


@cache
def exchanges() -> list[Exchange]:
    """All of them, in the order of the recording."""
    with gzip.open(RECORDED, "rt") as lines:
        return [json.loads(line) | {"number": number} for number, line in enumerate(lines)]


def data(body: Any) -> bytes:
    """A recorded body's bytes."""
    if isinstance(body, dict):
        return base64.b64decode(body["base64"])
    return (body or "").encode()


def objects(exchange: Exchange) -> list[Any]:
    """Every JSON value in the answer, whatever stands around it."""
    body = data(exchange["response"])
    if "amazon.eventstream" in (exchange["content_type"] or ""):
        events = list(EventStream().feed(body))
        return [json.loads(base64.b64decode(e["chunk"]["bytes"])) if "chunk" in e else e for e in events]
    found = []
    for piece in [body] if body.lstrip()[:1] in (b"{", b"[") else []:
        with suppress(ValueError):
            return [json.loads(piece)]
    for line in body.decode("utf-8", "replace").splitlines():
        with suppress(ValueError):
            found.append(json.loads(line.removeprefix("data:")))
    return found


SKIPPED = {
    "iterations",
    "usage_breakdown",
    "tool_usage",
    "content",
    "choices_usage",
    "modelUsage",
    "messages",
    "input",
}
"""Members under which counts stand that are parts of others, or somebody's words."""


def numbers(value: Any) -> Iterator[tuple[str, int]]:
    """Each count in *value*, in order, by its name."""
    if isinstance(value, list):
        for item in value:
            yield from numbers(item)
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, int | float) and not isinstance(inner, bool):
                yield name, int(inner)
            elif name not in SKIPPED and not (name == "tokens" and "billed_units" in value):
                yield from numbers(inner)


RULES: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("promptTokenCount", "toolUsePromptTokenCount"), ("candidatesTokenCount", "thoughtsTokenCount")),
    (("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"), ("outputTokens",)),
    (("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"), ("output_tokens",)),
    (("inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount"), ("outputTokenCount",)),
    (("prompt_tokens",), ("completion_tokens",)),
    (("prompt_eval_count",), ("eval_count",)),
    (("prompt_token_count",), ("generation_token_count",)),
    (("inputTextTokenCount",), ("tokenCount",)),
    (("inputTextTokenCount",), ("totalOutputTextTokenCount",)),
    (("total_tokens",), ()),
]
"""The counts whose sums are the input and the output, by provider. OpenAI's and Anthropic's `input_tokens` differ in
what they include, but only Anthropic's has the two names beside it."""


def independent(exchange: Exchange) -> Counts | None:
    """What the answer says was read and written, by names alone: none of our parsers; None when it says nothing."""
    said: dict[str, int] = {}
    for value in objects(exchange):
        said |= dict(numbers(value))  # of a count that is repeated, the last one holds
    if "/openai/" in exchange["url"] and "googleapis" in exchange["url"]:
        said["completion_tokens"] = (
            said["total_tokens"] - said["prompt_tokens"]
        )  # it leaves its reasoning out
    if "search_units" in said:
        return None, None  # searches are billed, no tokens
    for given, made in sorted(
        RULES, key=lambda rule: -sum(2 - at for at in (0, 1) if set(rule[at]) & set(said))
    ):
        input, output = ([said[name] for name in side if name in said] for side in (given, made))
        if input or output:
            return sum(input) if input else None, sum(output) if output else None
    return None


def expected(exchange: Exchange) -> Counts | None:
    """What the span is to say."""
    path = urlsplit(exchange["url"]).path
    return None if exchange["status"] != 200 or path.endswith(NO_USAGE) else independent(exchange)


def pieces(exchange: Exchange, *, odd: bool) -> list[bytes]:
    """The answer's bytes as they arrive: at once, or cut at places that mean nothing."""
    body = data(exchange["response"])
    if not odd:
        return [body]
    chance = random.Random(exchange["number"])
    places = sorted({0, len(body), *(chance.randrange(len(body) + 1) for _ in range(min(len(body), 9)))})
    return [body[a:b] for a, b in pairwise(places)]


def headers(exchange: Exchange) -> dict[str, str]:
    """The answer's headers as far as they were recorded, and one that its span can be told by."""
    kind = {"content-type": exchange["content_type"]} if exchange["content_type"] else {}
    return {"x-request-id": f"exchange {exchange['number']}"} | kind


@pytest.fixture(scope="module")
def player() -> Iterator[int]:
    """A server on loopback that answers with the exchange of the number asked for, in odd pieces; its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            exchange = exchanges()[int(self.headers["x-exchange"])]
            self.send_response(exchange["status"])
            for name, value in headers(exchange).items():
                self.send_header(name, value)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            for piece in pieces(exchange, odd=True):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()

        do_GET = do_POST = answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def everybody_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every host name leads to loopback, so that URLs keep the providers' own hosts."""
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *args, **kwargs: real("127.0.0.1", *args, **kwargs)
    )


def local(exchange: Exchange, port: int) -> str:
    """The URL on the player."""
    url = urlsplit(exchange["url"])
    return url._replace(scheme="http", netloc=f"{url.hostname}:{port}").geturl()


def asked(exchange: Exchange) -> dict[str, str]:
    """The request's headers."""
    return {"x-exchange": str(exchange["number"]), "content-type": "application/json"}


def with_httpx(library: str, *, odd: bool) -> Callable[[int, list[Exchange]], None]:
    """Through httpx or httpx2, over a transport that plays the recording."""

    def play(_port: int, played: list[Exchange]) -> None:
        module = pytest.importorskip(library)

        def respond(request: Any) -> Any:
            exchange = exchanges()[int(request.headers["x-exchange"])]
            content = iter(pieces(exchange, odd=odd))
            return module.Response(exchange["status"], headers=headers(exchange), content=content)

        with module.Client(transport=module.MockTransport(respond)) as client:
            for exchange in played:
                method, url = exchange["method"].upper(), exchange["url"]
                body = data(exchange["request"])
                with client.stream(method, url, content=body, headers=asked(exchange)) as response:
                    assert b"".join(response.iter_raw()) == data(exchange["response"])

    return play


def with_httpx_async(_port: int, played: list[Exchange]) -> None:
    """Through httpx2's asynchronous client."""
    module = pytest.importorskip("httpx2")

    async def respond(request: Any) -> Any:
        exchange = exchanges()[int(request.headers["x-exchange"])]

        async def content() -> Any:
            for piece in pieces(exchange, odd=True):
                yield piece

        return module.Response(exchange["status"], headers=headers(exchange), content=content())

    async def play() -> None:
        async with module.AsyncClient(transport=module.MockTransport(respond)) as client:
            for exchange in played:
                method, url, body = exchange["method"].upper(), exchange["url"], data(exchange["request"])
                async with client.stream(method, url, content=body, headers=asked(exchange)) as response:
                    await response.aread()

    asyncio.run(play())


def with_requests(port: int, played: list[Exchange]) -> None:
    """Through requests."""
    with pytest.importorskip("requests").Session() as session:
        for exchange in played:
            url, body = local(exchange, port), data(exchange["request"])
            response = session.request(exchange["method"].upper(), url, data=body, headers=asked(exchange))
            assert response.content == data(exchange["response"])


def with_urllib3(port: int, played: list[Exchange]) -> None:
    """Through urllib3 alone."""
    with pytest.importorskip("urllib3").PoolManager() as pool:
        for exchange in played:
            url, body = local(exchange, port), data(exchange["request"])
            response = pool.request(
                exchange["method"].upper(), url, body=body, headers=asked(exchange), redirect=False
            )
            assert response.data == data(exchange["response"])


def with_botocore(port: int, played: list[Exchange]) -> None:
    """Through botocore's session, as boto3's clients send."""
    pytest.importorskip("botocore")
    from botocore.awsrequest import AWSRequest
    from botocore.httpsession import URLLib3Session

    session = URLLib3Session()
    for exchange in played:
        request = AWSRequest(
            exchange["method"].upper(), local(exchange, port), asked(exchange), data(exchange["request"])
        )
        assert session.send(request.prepare()).content == data(exchange["response"])
    session.close()


def with_aiohttp(port: int, played: list[Exchange]) -> None:
    """Through aiohttp."""
    aiohttp = pytest.importorskip("aiohttp")
    yarl = pytest.importorskip("yarl")

    async def play() -> None:
        async with aiohttp.ClientSession() as session:
            for exchange in played:
                url, body = yarl.URL(local(exchange, port), encoded=True), data(exchange["request"])
                method = exchange["method"].upper()
                async with session.request(method, url, data=body, headers=asked(exchange)) as response:
                    assert await response.read() == data(exchange["response"])

    asyncio.run(play())


TAPS: dict[str, Callable[[int, list[Exchange]], None]] = {
    "httpx": with_httpx("httpx", odd=True),
    "httpx2, whole": with_httpx("httpx2", odd=False),
    "httpx2, in pieces": with_httpx("httpx2", odd=True),
    "httpx2, async": with_httpx_async,
    "requests": with_requests,
    "urllib3": with_urllib3,
    "botocore": with_botocore,
    "aiohttp": with_aiohttp,
}


def counts(said: Any) -> Counts:
    """Input and output among a span's attributes."""
    return said.get("gen_ai.usage.input_tokens"), said.get("gen_ai.usage.output_tokens")


@pytest.mark.parametrize("tap", TAPS)
def test_every_exchange_through_every_tap(
    tap: str, player: int, everybody_is_here: None, spans: Callable[[], list[ReadableSpan]]
) -> None:
    """Exactly the usage that was served, or `missing` and no number; one span each."""
    called = [
        exchange
        for exchange in exchanges()
        if (exchange["request"] or exchange["method"] == "GET")  # some recordings lack the request
        and recognise(exchange["method"], urlsplit(exchange["url"]).path)
        and (tap != "botocore" or "bedrock-runtime" in exchange["url"])
    ]
    TAPS[tap](player, called)
    # Further responses within an answer, as of an advisor that another model asked, are spans of their own.
    found: dict[Any, ReadableSpan] = {
        (span.attributes or {}).get("burn.request.id"): span for span in spans()
    }
    wrong = []
    for exchange in called:
        span = found.get(f"exchange {exchange['number']}")
        said: Any = span.attributes if span else {"burn.usage.status": "no span"}
        truth = expected(exchange)
        status = "exact" if truth else "missing"
        uncounted = said.get("gen_ai.operation.name") in UNBILLED
        if counts(said) != (truth or (None, None)) or said.get("burn.usage.status") != (
            None if uncounted else status
        ):
            where = exchange["url"].split("?")[0], exchange["cassette"].rpartition("/")[2], exchange["status"]
            wrong.append((*where, truth, counts(said), said.get("burn.usage.status")))
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_that_is_an_llm_call_is_passed_over() -> None:
    """Every recorded exchange with usage in it is recognised."""
    missed = {
        urlsplit(exchange["url"]).path
        for exchange in exchanges()
        if exchange["status"] == 200
        and independent(exchange) is not None
        and not recognise(exchange["method"], urlsplit(exchange["url"]).path)
        and not urlsplit(exchange["url"]).path.endswith(NO_CALL)
    }
    assert missed == set()
