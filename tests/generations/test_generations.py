"""Does whatever generation of an SDK is installed count right? The same handful of calls through each.

`scripts/generations.py` runs this file in an environment a generation; `GENERATION` then names the one SDK that has
to be there. Without it, every SDK that is installed has its turn.
"""

import asyncio
import gc
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, nullcontext
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest

SYSTEM = "You tell people what to wear. Look up the weather first."
ASKED: Any = [{"role": "user", "content": "I am off to Oslo."}]
ANSWERED: Any = [
    *ASKED,
    {"role": "assistant", "content": "Let me look."},
    {"role": "user", "content": "4 degrees."},
]
WITH_SYSTEM = {"role": "system", "content": SYSTEM}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION: Any = {"name": "get_weather", "description": "The weather in a city.", "parameters": SCHEMA}
TOOLS: Any = [{"type": "function", "function": FUNCTION}]
USAGE: Any = {"stream_options": {"include_usage": True}}
MISSING = "no-such-model"

pytestmark = pytest.mark.filterwarnings(
    "default"
)  # what an SDK warns of, its own use of Pydantic say, is not ours


class Sdk(NamedTuple):
    """How an SDK asks a model, given its name and the messages: at once, streamed, and both in asyncio."""

    model: str
    plain: Callable[[str, Any], object]
    stream: Callable[[str, Any], Iterator[Any]]
    async_plain: Callable[[str, Any], Awaitable[object]] | None = None
    async_stream: Callable[[str, Any], AsyncIterator[Any]] | None = None
    client: Any = nullcontext()
    async_client: Any = nullcontext()
    """What is closed at the end: context managers."""


def openai(url: dict[str, str]) -> Sdk:
    """OpenAI's own, Chat Completions."""
    import openai

    options: Any = {"base_url": f"{url['openai']}/v1", "api_key": "demo", "max_retries": 0}
    return _chat(openai.OpenAI(**options), openai.AsyncOpenAI(**options), "gpt-5-mini", USAGE)


def groq(url: dict[str, str]) -> Sdk:
    """Groq's, made by the same generator."""
    import groq

    options: Any = {"base_url": url["groq"], "api_key": "demo", "max_retries": 0}
    return _chat(groq.Groq(**options), groq.AsyncGroq(**options), "openai/gpt-oss-20b", {})


def _chat(client: Any, async_client: Any, name: str, streamed: Any) -> Sdk:
    def asked(model: str, messages: Any) -> Any:
        return {"model": model, "messages": [WITH_SYSTEM, *messages], "tools": TOOLS}

    def stream(model: str, messages: Any) -> Iterator[Any]:
        with client.chat.completions.create(**asked(model, messages), stream=True, **streamed) as chunks:
            yield from chunks

    async def async_stream(model: str, messages: Any) -> AsyncIterator[Any]:
        got = await async_client.chat.completions.create(**asked(model, messages), stream=True, **streamed)
        async with got as chunks:
            async for chunk in chunks:
                yield chunk

    return Sdk(
        name,
        lambda model, messages: client.chat.completions.create(**asked(model, messages)),
        stream,
        lambda model, messages: async_client.chat.completions.create(**asked(model, messages)),
        async_stream,
        client,
        async_client,
    )


def anthropic(url: dict[str, str]) -> Sdk:
    """Anthropic's, Messages."""
    import anthropic

    options: Any = {"base_url": url["anthropic"], "api_key": "demo", "max_retries": 0}
    client, async_client = anthropic.Anthropic(**options), anthropic.AsyncAnthropic(**options)
    tool = {"name": FUNCTION["name"], "description": FUNCTION["description"], "input_schema": SCHEMA}

    def asked(model: str, messages: Any) -> Any:
        return {"model": model, "messages": messages, "system": SYSTEM, "max_tokens": 99, "tools": [tool]}

    def stream(model: str, messages: Any) -> Iterator[Any]:
        with client.messages.stream(**asked(model, messages)) as events:
            yield from events

    async def async_stream(model: str, messages: Any) -> AsyncIterator[Any]:
        async with async_client.messages.stream(**asked(model, messages)) as events:
            async for event in events:
                yield event

    return Sdk(
        "claude-sonnet-5-5",
        lambda model, messages: client.messages.create(**asked(model, messages)),
        stream,
        lambda model, messages: async_client.messages.create(**asked(model, messages)),
        async_stream,
        client,
        async_client,
    )


def google_genai(url: dict[str, str]) -> Sdk:
    """Google's, with an API key."""
    from google import genai
    from google.genai import types

    client = genai.Client(api_key="demo", http_options=types.HttpOptions(base_url=url["gemini"]))
    declared: Any = {"function_declarations": [FUNCTION]}
    config: Any = {"system_instruction": SYSTEM, "tools": [declared]}

    def asked(model: str, messages: Any) -> Any:
        roles = {"user": "user", "assistant": "model"}
        contents = [{"role": roles[m["role"]], "parts": [{"text": m["content"]}]} for m in messages]
        return {"model": model, "contents": contents, "config": config}

    async def async_stream(model: str, messages: Any) -> AsyncIterator[Any]:
        async for chunk in await client.aio.models.generate_content_stream(**asked(model, messages)):
            yield chunk

    return Sdk(
        "gemini-2.5-flash",
        lambda model, messages: client.models.generate_content(**asked(model, messages)),
        lambda model, messages: client.models.generate_content_stream(**asked(model, messages)),
        lambda model, messages: client.aio.models.generate_content(**asked(model, messages)),
        async_stream,
        client,
        client.aio,
    )


def mistralai(url: dict[str, str]) -> Sdk:
    """Mistral's; its generations stand at different places."""
    try:
        from mistralai import Mistral
    except ImportError:
        from mistralai.client import Mistral

    client = Mistral(api_key="demo", server_url=url["mistral"])

    def asked(model: str, messages: Any) -> Any:
        return {"model": model, "messages": [WITH_SYSTEM, *messages], "tools": TOOLS}

    def stream(model: str, messages: Any) -> Iterator[Any]:
        with client.chat.stream(**asked(model, messages)) as events:
            yield from events

    async def async_stream(model: str, messages: Any) -> AsyncIterator[Any]:
        async with await client.chat.stream_async(**asked(model, messages)) as events:
            async for event in events:
                yield event

    return Sdk(
        "mistral-small-latest",
        lambda model, messages: client.chat.complete(**asked(model, messages)),
        stream,
        lambda model, messages: client.chat.complete_async(**asked(model, messages)),
        async_stream,
        client,
        client,
    )


def cohere(url: dict[str, str]) -> Sdk:
    """Cohere's, the second version of its chat."""
    import cohere

    client = cohere.ClientV2(api_key="demo", base_url=url["cohere"])
    async_client = cohere.AsyncClientV2(api_key="demo", base_url=url["cohere"])

    def asked(model: str, messages: Any) -> Any:
        return {"model": model, "messages": [WITH_SYSTEM, *messages], "tools": TOOLS}

    return Sdk(
        "command-a-03-2025",
        lambda model, messages: client.chat(**asked(model, messages)),
        lambda model, messages: client.chat_stream(**asked(model, messages)),
        lambda model, messages: async_client.chat(**asked(model, messages)),
        lambda model, messages: async_client.chat_stream(**asked(model, messages)),
        client,
        async_client,
    )


def ollama(url: dict[str, str]) -> Sdk:
    """Ollama's."""
    import ollama

    options: Any = {"host": url["ollama"], "headers": {"authorization": "Bearer demo"}}
    client, async_client = ollama.Client(**options), ollama.AsyncClient(**options)

    def asked(model: str, messages: Any) -> Any:
        return {"model": model, "messages": [WITH_SYSTEM, *messages], "tools": TOOLS}

    async def async_stream(model: str, messages: Any) -> AsyncIterator[Any]:
        async for part in await async_client.chat(**asked(model, messages), stream=True):
            yield part

    return Sdk(
        "llama3.2",
        lambda model, messages: client.chat(**asked(model, messages)),
        lambda model, messages: client.chat(**asked(model, messages), stream=True),
        lambda model, messages: async_client.chat(**asked(model, messages)),
        async_stream,
        client,
        async_client,
    )


def litellm(url: dict[str, str]) -> Sdk:
    """LiteLLM, to OpenAI through OpenAI's SDK."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else it fetches one from GitHub
    import litellm

    def asked(model: str, messages: Any) -> Any:
        messages = [WITH_SYSTEM, *messages]
        where = {"api_base": f"{url['openai']}/v1", "api_key": "demo", "num_retries": 0, "max_retries": 0}
        return {"model": f"openai/{model}", "messages": messages, "tools": TOOLS, **where}

    def stream(model: str, messages: Any) -> Iterator[Any]:
        chunks = litellm.completion(**asked(model, messages), stream=True, **USAGE)
        with closing(
            chunks.completion_stream
        ):  # LiteLLM's own stream can't be closed, and nothing else drops it
            yield from chunks

    async def async_stream(model: str, messages: Any) -> AsyncIterator[Any]:
        async for chunk in await litellm.acompletion(**asked(model, messages), stream=True, **USAGE):
            yield chunk

    return Sdk(
        "gpt-5-mini",
        lambda model, messages: litellm.completion(**asked(model, messages)),
        stream,
        lambda model, messages: litellm.acompletion(**asked(model, messages)),
        async_stream,
    )


def boto3(url: dict[str, str]) -> Sdk:
    """AWS's, Bedrock Converse; there is no asyncio in it."""
    import boto3

    names = ("aws_access_key_id", "aws_secret_access_key")
    client = boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url["bedrock"],
        **dict.fromkeys(names, "demo"),
    )
    spec = {"name": FUNCTION["name"], "description": "The weather.", "inputSchema": {"json": SCHEMA}}

    def asked(model: str, messages: Any) -> Any:
        said = [{"role": m["role"], "content": [{"text": m["content"]}]} for m in messages]
        tools = {"tools": [{"toolSpec": spec}]}
        return {"modelId": model, "messages": said, "system": [{"text": SYSTEM}], "toolConfig": tools}

    def stream(model: str, messages: Any) -> Iterator[Any]:
        events = client.converse_stream(**asked(model, messages))["stream"]
        try:
            yield from events
        finally:
            events.close()

    return Sdk(
        "amazon.nova-lite-v1:0", lambda model, messages: client.converse(**asked(model, messages)), stream
    )


def _by_hand(url: dict[str, str]) -> Any:
    """The request that somebody writes who uses no SDK."""
    where = f"{url['openai']}/v1/chat/completions"

    def asked(model: str, messages: Any, *, stream: bool) -> Any:
        body = {
            "model": model,
            "messages": [WITH_SYSTEM, *messages],
            "tools": TOOLS,
            "stream": stream,
            **USAGE,
        }
        return {"url": where, "json": body, "headers": {"authorization": "Bearer demo"}}

    return asked


def _httpx(module: Any, url: dict[str, str]) -> Sdk:
    asked = _by_hand(url)

    def plain(model: str, messages: Any) -> object:
        return module.post(**asked(model, messages, stream=False)).raise_for_status().json()

    def stream(model: str, messages: Any) -> Iterator[Any]:
        with module.stream("POST", **asked(model, messages, stream=True)) as answer:
            yield from answer.iter_lines()

    async def async_plain(model: str, messages: Any) -> object:
        async with module.AsyncClient() as client:
            return (await client.post(**asked(model, messages, stream=False))).json()

    async def async_stream(model: str, messages: Any) -> AsyncIterator[Any]:
        async with (
            module.AsyncClient() as client,
            client.stream("POST", **asked(model, messages, stream=True)) as answer,
        ):
            async for line in answer.aiter_lines():
                yield line

    return Sdk("gpt-5-mini", plain, stream, async_plain, async_stream)


def httpx(url: dict[str, str]) -> Sdk:
    """By hand, with httpx."""
    import httpx

    return _httpx(httpx, url)


def httpx2(url: dict[str, str]) -> Sdk:
    """By hand, with httpx2."""
    import httpx2

    return _httpx(httpx2, url)


def requests(url: dict[str, str]) -> Sdk:
    """By hand, with requests."""
    import requests

    asked = _by_hand(url)

    def plain(model: str, messages: Any) -> object:
        answer = requests.post(**asked(model, messages, stream=False), timeout=20)
        answer.raise_for_status()
        return answer.json()

    def stream(model: str, messages: Any) -> Iterator[Any]:
        with requests.post(**asked(model, messages, stream=True), stream=True, timeout=20) as answer:
            yield from answer.iter_lines(chunk_size=None)

    return Sdk("gpt-5-mini", plain, stream)


def aiohttp(url: dict[str, str]) -> Sdk:
    """By hand, with aiohttp, which is asyncio alone."""
    import aiohttp

    asked = _by_hand(url)

    async def async_plain(model: str, messages: Any) -> object:
        async with (
            aiohttp.ClientSession(raise_for_status=True) as session,
            session.post(**asked(model, messages, stream=False)) as answer,
        ):
            return await answer.json()

    async def async_stream(model: str, messages: Any) -> AsyncIterator[Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(**asked(model, messages, stream=True)) as answer,
        ):
            async for line in answer.content:
                yield line

    def plain(model: str, messages: Any) -> object:
        return asyncio.run(async_plain(model, messages))

    def stream(model: str, messages: Any) -> Iterator[Any]:
        with asyncio.Runner() as runner:
            chunks = async_stream(model, messages)
            try:
                while True:
                    yield runner.run(anext(chunks))
            except StopAsyncIteration:
                return
            finally:
                runner.run(chunks.aclose())

    return Sdk("gpt-5-mini", plain, stream, async_plain, async_stream)


SDKS = {
    "openai": openai,
    "groq": groq,
    "anthropic": anthropic,
    "google-genai": google_genai,
    "mistralai": mistralai,
    "cohere": cohere,
    "ollama": ollama,
    "litellm": litellm,
    "boto3": boto3,
    "httpx": httpx,
    "httpx2": httpx2,
    "requests": requests,
    "aiohttp": aiohttp,
}


def _installed(name: str) -> bool:
    try:
        return find_spec(name.replace("-", ".")) is not None
    except ModuleNotFoundError:  # nor is the package around it
        return False


CHOSEN = [os.environ["GENERATION"]] if "GENERATION" in os.environ else [n for n in SDKS if _installed(n)]


@pytest.fixture(params=CHOSEN)
def sdk(request: pytest.FixtureRequest, provider: Any, spans: Any) -> Iterator[Sdk]:
    """Each SDK, led to the provider, while calls are recorded."""
    sdk = SDKS[request.param](provider.addresses)
    with sdk.client:
        yield sdk


def test_plain_calls(sdk: Sdk, provider: Any, spans: Any) -> None:
    """A tool call, and the last words."""
    for messages in (ASKED, ANSWERED):
        sdk.plain(sdk.model, messages)
    assert_spans_tell(spans(), provider.served, stream=False)


def test_streams(sdk: Sdk, provider: Any, spans: Any) -> None:
    """The same, streamed and read to the end."""
    for messages in (ASKED, ANSWERED):
        assert len(list(sdk.stream(sdk.model, messages))) > 2
    assert_spans_tell(spans(), provider.served, stream=True)


def test_asyncio(sdk: Sdk, provider: Any, spans: Any) -> None:
    """Both at once in an event loop."""
    ask = sdk.async_plain
    if ask is None:
        pytest.skip("this SDK knows no asyncio")

    async def both() -> None:
        async with sdk.async_client:
            await asyncio.gather(*(ask(sdk.model, messages) for messages in (ASKED, ANSWERED)))

    asyncio.run(both())
    assert_spans_tell(spans(), provider.served, stream=False)


def test_asyncio_streams(sdk: Sdk, provider: Any, spans: Any) -> None:
    """Streamed in an event loop and read to the end."""
    ask = sdk.async_stream
    if ask is None:
        pytest.skip("this SDK knows no asyncio")

    async def both() -> None:
        async with sdk.async_client:
            for messages in (ASKED, ANSWERED):
                assert len([chunk async for chunk in ask(sdk.model, messages)]) > 2

    asyncio.run(both())
    assert_spans_tell(spans(), provider.served, stream=True)


def test_an_error(sdk: Sdk, provider: Any, spans: Any) -> None:
    """A model that is not there: the SDK's own exception, and a failed span without a number."""
    with pytest.raises(Exception, match=r"(?i)404|not.?found|does not exist|no-such-model"):
        sdk.plain(MISSING, ASKED)
    assert [row["status"] for row in provider.served] == [404]
    (span,) = spans()
    told = span.attributes
    assert (told["gen_ai.request.model"], told["http.response.status_code"]) == (MISSING, 404)
    assert (told["burn.usage.status"], "gen_ai.usage.input_tokens" in told) == ("missing", False)
    assert told["error.type"]


def test_an_abandoned_stream(sdk: Sdk, provider: Any, spans: Any) -> None:
    """A stream that is given up after its first chunk: one span, whose numbers are not called exact."""
    provider.pace = 0.5
    chunks = sdk.stream(sdk.model, ASKED)
    next(iter(chunks))
    if hasattr(chunks, "close"):
        chunks.close()
    del chunks
    gc.collect()
    deadline = time.monotonic() + 5
    while not spans() and time.monotonic() < deadline:
        time.sleep(0.05)
    (span,) = spans()
    assert span.attributes["burn.usage.status"] in ("partial", "missing")
    assert span.attributes["error.type"] == "stream_abandoned"


def assert_spans_tell(spans: list[Any], served: list[Any], *, stream: bool) -> None:
    """Each of the two answers is told by one span, exactly; the first asked for a tool."""
    assert sorted(map(told, spans), key=str) == sorted(map(true, served), key=str)
    tools = [span.attributes.get("burn.tool_calls.names", ()) for span in spans]
    assert sorted(tools) == [(), ("get_weather",)]
    for span in spans:
        assert span.attributes["burn.usage.status"] == "exact"
        assert span.attributes["gen_ai.response.finish_reasons"]
        assert bool(span.attributes.get("gen_ai.request.stream")) == stream
        assert "error.type" not in span.attributes
        raw = json.loads(span.attributes["burn.usage.raw"])
        assert any(row["usage"].items() <= raw.items() for row in served)


def told(span: Any) -> tuple[Any, ...]:
    """What a span says of an answer."""
    names = ("gen_ai.request.model", "gen_ai.response.id", "http.response.status_code")
    counts = ("input_tokens", "output_tokens", "cache_read.input_tokens", "reasoning.output_tokens")
    said = span.attributes
    return (
        *(said.get(name) for name in names),
        *(said.get(f"gen_ai.usage.{count}") or 0 for count in counts),
    )


def true(row: Any) -> tuple[Any, ...]:
    """What it has to say."""
    tokens = row["tokens"]
    counts = ("input", "output", "cache_read", "reasoning")
    return (row["model"], row["response_id"], row["status"], *(tokens[count] for count in counts))
