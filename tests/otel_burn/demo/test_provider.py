"""Do the real SDKs find in the scripted provider what they expect of OpenAI, Anthropic and Google?"""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import anthropic
import openai
import pytest

from otel_burn.demo.provider import ScriptedProvider

MESSAGES: list[Any] = [{"role": "user", "content": "Hello?"}]
LONG = "A rule that everyone keeps. " * 400
GPT: dict[str, Any] = {"model": "gpt-5", "messages": MESSAGES}
CLAUDE: dict[str, Any] = {"model": "claude-sonnet-5-5", "max_tokens": 64, "messages": MESSAGES}
TOOL_ASKING = "You fix failing tests."
WORDS = ["I", "am", "scripted,", "and", "my", "script", "has", "no", "part", "for", "you."]


def openai_plain() -> Any:
    """Sync, not streamed."""
    with openai.OpenAI() as client:
        return client.chat.completions.create(**GPT).usage


def openai_streamed() -> Any:
    """Sync, streamed, usage asked for."""
    with openai.OpenAI() as client:
        chunks = list(
            client.chat.completions.create(**GPT, stream=True, stream_options={"include_usage": True})
        )
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    return chunks[-1].usage


def openai_async() -> Any:
    """Async, streamed."""

    async def ask() -> Any:
        async with openai.AsyncOpenAI() as client:
            options: Any = {"include_usage": True}
            stream: Any = await client.chat.completions.create(**GPT, stream=True, stream_options=options)
            return [chunk async for chunk in stream][-1].usage

    return asyncio.run(ask())


def responses_plain() -> Any:
    """OpenAI's Responses, not streamed."""
    with openai.OpenAI() as client:
        return client.responses.create(model="gpt-5", input="Hello?").usage


def responses_streamed() -> Any:
    """OpenAI's Responses, streamed; the SDK checks the order of the events."""
    with openai.OpenAI() as client, client.responses.stream(model="gpt-5", input="Hello?") as stream:
        assert [event.sequence_number for event in stream] == list(range(len(WORDS) + 10))
        answer = stream.get_final_response()
    assert answer.output_text.split() == WORDS
    return answer.usage


def anthropic_plain() -> Any:
    """Sync, not streamed."""
    with anthropic.Anthropic() as client:
        return client.messages.create(**CLAUDE).usage


def anthropic_streamed() -> Any:
    """Sync, streamed."""
    with anthropic.Anthropic() as client, client.messages.stream(**CLAUDE) as stream:
        return stream.get_final_message().usage


def anthropic_async() -> Any:
    """Async, streamed."""

    async def ask() -> Any:
        async with anthropic.AsyncAnthropic() as client, client.messages.stream(**CLAUDE) as stream:
            return (await stream.get_final_message()).usage

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "ask",
    [
        openai_plain,
        openai_streamed,
        openai_async,
        responses_plain,
        responses_streamed,
        anthropic_plain,
        anthropic_streamed,
        anthropic_async,
    ],
)
def test_the_sdk_sees_the_usage_that_was_served(ask: Callable[[], Any], provider: ScriptedProvider) -> None:
    """Plain or streamed, sync or async: every number arrives."""
    seen = ask().model_dump(exclude_none=True)
    (served,) = provider.served
    assert {key: seen[key] for key in served["usage"]} == served["usage"]


@pytest.mark.parametrize("method", ["generateContent", "streamGenerateContent?alt=sse"])
def test_gemini_tells_the_usage_that_was_served(method: str, provider: ScriptedProvider) -> None:
    """By hand, as Google's SDK is not installed everywhere; plain it is one object, streamed the last of several."""
    body = json.dumps({"contents": [{"role": "user", "parts": [{"text": "Hello?"}]}]}).encode()
    url = f"http://{provider.gemini.address}/v1beta/models/gemini-2.5-flash:{method}"
    with urllib.request.urlopen(urllib.request.Request(url, body, {"x-goog-api-key": "demo"})) as answer:
        said = answer.read().decode()
    events = [json.loads(event.removeprefix("data: ")) for event in said.strip().split("\r\n\r\n")]
    text = "".join(event["candidates"][0]["content"]["parts"][0]["text"] for event in events)
    (served,) = provider.served
    assert (text.split(), len(events) > 1) == (WORDS, served["stream"])
    assert events[-1]["usageMetadata"] == served["usage"]
    used = served["usage"]
    counts = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    assert used["totalTokenCount"] == sum(used[count] for count in counts)


def test_a_conversation_that_is_not_stored_here_is_refused(provider: ScriptedProvider) -> None:
    """Responses that build on an earlier one by its id get a 400 that says why."""
    with (
        openai.OpenAI() as client,
        pytest.raises(openai.BadRequestError, match="send the whole conversation"),
    ):
        client.responses.create(model="gpt-5", input="Hello?", previous_response_id="resp_1")


def test_openais_usage_adds_up(provider: ScriptedProvider) -> None:
    """Cached tokens are part of the prompt, reasoning is part of the completion."""
    used = openai_plain()
    assert used.total_tokens == used.prompt_tokens + used.completion_tokens
    assert 0 < used.completion_tokens_details.reasoning_tokens < used.completion_tokens


def test_a_stream_that_did_not_ask_for_usage_gets_none(provider: ScriptedProvider) -> None:
    """OpenAI sends the usage chunk only on request."""
    with openai.OpenAI() as client:
        chunks = list(client.chat.completions.create(**GPT, stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).startswith("I am scripted")


def test_openai_caches_long_prefixes_by_itself(provider: ScriptedProvider) -> None:
    """The second time, the prefix is read from the cache, in steps of 128 tokens."""
    messages: list[Any] = [{"role": "system", "content": LONG}, *MESSAGES]
    with openai.OpenAI() as client:
        for question in ("one", "two"):
            messages[1] = {"role": "user", "content": question}
            client.chat.completions.create(model="gpt-5", messages=messages)
    reads = [served["usage"]["prompt_tokens_details"]["cached_tokens"] for served in provider.served]
    assert reads[0] == 0
    assert reads[1] > 2_000
    assert reads[1] % 128 == 0


def test_anthropic_caches_up_to_each_mark_for_its_lifetime(provider: ScriptedProvider) -> None:
    """First everything is written, an hour's part and a five minutes' part; then both are read."""
    system: list[Any] = [
        {"type": "text", "text": LONG, "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        {"type": "text", "text": LONG[::-1], "cache_control": {"type": "ephemeral"}},
    ]
    with anthropic.Anthropic() as client:
        first, second = (client.messages.create(**CLAUDE, system=system).usage for _ in range(2))
    assert first.cache_creation is not None
    assert first.cache_creation.ephemeral_1h_input_tokens > 2_000
    assert first.cache_creation.ephemeral_5m_input_tokens > 2_000
    assert (first.cache_read_input_tokens, second.cache_creation_input_tokens) == (0, 0)
    assert second.cache_read_input_tokens == first.cache_creation_input_tokens
    assert second.input_tokens == first.input_tokens < 50


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_asked_for_in_openais_format(stream: bool, provider: ScriptedProvider) -> None:
    """Name, id and arguments arrive whole, also from the pieces of a stream."""
    messages: list[Any] = [{"role": "system", "content": "You write release notes."}, *MESSAGES]
    with openai.OpenAI() as client:
        if stream:
            with client.chat.completions.stream(model="gpt-5", messages=messages) as events:
                message: Any = events.get_final_completion().choices[0].message
        else:
            message = client.chat.completions.create(model="gpt-5", messages=messages).choices[0].message
    (call,) = message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("list_files", {"folder": "."})
    assert call.id.startswith("call_")


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_asked_for_in_the_format_of_responses(stream: bool, provider: ScriptedProvider) -> None:
    """As items of the output; sent back with the result, they are one answer, and the next step follows."""
    asked: list[Any] = [{"role": "user", "content": "Hello?"}]
    options: Any = {"model": "gpt-5", "instructions": "You write release notes."}
    with openai.OpenAI() as client:
        if stream:
            with client.responses.stream(**options, input=asked) as events:
                answer: Any = events.get_final_response()
        else:
            answer = client.responses.create(**options, input=asked)
        *_, call = answer.output
        asked += [*answer.output, {"type": "function_call_output", "call_id": call.call_id, "output": "a, b"}]
        *_, second = client.responses.create(**options, input=asked).output
    assert (call.type, call.name, json.loads(call.arguments)) == (
        "function_call",
        "list_files",
        {"folder": "."},
    )
    assert (second.name, json.loads(second.arguments)) == ("read_file", {"path": "CHANGES.md"})


@pytest.mark.parametrize("stream", [False, True])
def test_tools_are_asked_for_in_anthropics_format(stream: bool, provider: ScriptedProvider) -> None:
    """As above, as content blocks."""
    with anthropic.Anthropic() as client:
        if stream:
            with client.messages.stream(**CLAUDE, system=TOOL_ASKING) as events:
                message: Any = events.get_final_message()
        else:
            message = client.messages.create(**CLAUDE, system=TOOL_ASKING)
    assert message.stop_reason == "tool_use"
    text, call = message.content
    assert text.text == "I will read the failing test first."
    assert (call.name, call.input) == ("read_file", {"path": "test_orders.py"})


def test_ids_lead_back_to_what_was_served(provider: ScriptedProvider) -> None:
    """The SDK's request id (a header) and response id stand in the record."""
    with openai.OpenAI() as gpt, anthropic.Anthropic() as claude:
        answers: list[Any] = [gpt.chat.completions.create(**GPT), claude.messages.create(**CLAUDE)]
    assert [(served["request_id"], served["response_id"]) for served in provider.served] == [
        (answer._request_id, answer.id) for answer in answers
    ]


def test_a_scripted_refusal_is_a_rate_limit_and_passes(provider: ScriptedProvider) -> None:
    """The first attempt of that turn gets 429 with retry-after; the SDK's own retry succeeds."""
    messages: list[Any] = [{"role": "system", "content": "You answer questions about order logs."}, *MESSAGES]
    messages += [{"role": "assistant", "content": "…"}] * 4
    with openai.OpenAI(max_retries=0) as client, pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(model="gpt-5", messages=messages)
    assert refused.value.response.headers["retry-after"] == "1"
    with openai.OpenAI(max_retries=0) as client:
        client.chat.completions.create(model="gpt-5", messages=messages)
    assert [served["status"] for served in provider.served] == [429, 200]


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/messages", b"{}", {}, 401),
        ("/v1/messages", b"{", {"x-api-key": "demo"}, 400),
        ("/v1/messages", b'{"model": "x"}', {"x-api-key": "demo"}, 400),
        ("/v1/chat/completions", b"[]", {"authorization": "Bearer demo"}, 400),
        ("/v1/embeddings", b"{}", {"authorization": "Bearer demo"}, 404),
    ],
)
def test_a_bad_request_gets_a_sentence(
    path: str, body: bytes, headers: dict[str, str], status: int, provider: ScriptedProvider
) -> None:
    """No key, no JSON, no messages, no such path: an error in the API's own shape, and nothing is recorded."""
    server = provider.anthropic if "messages" in path else provider.openai
    url = f"http://{server.address}{path}"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, body, headers))
    with refused.value as answer:
        assert (answer.code, len(json.load(answer)["error"]["message"]) > 20) == (status, True)
    assert provider.served == []


def test_the_same_requests_get_the_same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two providers that are asked the same serve the same, ids included; a repeated question gets a new id."""
    records = []
    for _ in range(2):
        with ScriptedProvider() as provider:
            for name, value in provider.environment.items():
                monkeypatch.setenv(name, value)
            openai_plain(), openai_plain(), anthropic_streamed()
        records.append(provider.served)
    assert records[0] == records[1]
    assert len({served["response_id"] for served in records[0]}) == 3
