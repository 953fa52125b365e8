"""Does InvokeModel leave exact spans for every family of models, whole and streamed?"""

import itertools
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names
from otel_burn.answers import Answer
from otel_burn.exchange import Response
from otel_burn.formats import recognise
from otel_burn.formats.body import Body
from otel_burn.formats.format import About, Format

Spans = Callable[[], list[ReadableSpan]]
Events = Callable[..., list[bytes]]
METRICS = {
    "amazon-bedrock-invocationMetrics": {
        "inputTokenCount": 11, "outputTokenCount": 7, "invocationLatency": 9, "firstByteLatency": 2,
        "cacheReadInputTokenCount": 30,
    }
}  # fmt: skip
HEADERS = {
    "x-amzn-bedrock-input-token-count": "11", "x-amzn-bedrock-output-token-count": "7",
    "x-amzn-bedrock-service-tier": "flex",
}  # fmt: skip
TEXT = {"type": "message", "content": [{"type": "text", "text": "Hi!"}], "stop_reason": "end_turn"}

Case = tuple[dict[str, Any], str, dict[str, Any], tuple[int | None, int | None] | None, str | None]
"""What is asked, the operation, the answer, the tokens that it counts itself, and why it ended."""
WHOLE: dict[str, Case] = {
    "Anthropic": (
        {"anthropic_version": "b", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}, "chat",
        TEXT | {"usage": {"input_tokens": 3, "output_tokens": 5, "cache_read_input_tokens": 10}}, (13, 5), "end_turn",
    ),
    "Anthropic's first": (
        {"prompt": "Human: hi", "max_tokens_to_sample": 5}, "text_completion",
        {"type": "completion", "completion": "Hi!", "stop_reason": "stop_sequence"}, None, "stop_sequence",
    ),
    "Nova": (
        {"messages": [{"role": "user", "content": [{"text": "hi"}]}], "inferenceConfig": {"max_new_tokens": 5}}, "chat",
        {
            "output": {"message": {"content": [{"text": "Hi!"}], "role": "assistant"}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 7, "outputTokens": 5, "totalTokens": 22, "cacheReadInputTokenCount": 10},
        }, (17, 5), "end_turn",
    ),
    "Titan": (
        {"inputText": "hi", "textGenerationConfig": {"maxTokenCount": 5}}, "text_completion",
        {
            "inputTextTokenCount": 3,
            "results": [{"tokenCount": 4, "outputText": "Hi!", "completionReason": "FINISH"},
                        {"tokenCount": 2, "outputText": "Hi?", "completionReason": "FINISH"}],
        }, (3, 6), "FINISH",
    ),
    "Llama": (
        {"prompt": "hi", "max_gen_len": 5}, "text_completion",
        {"generation": "Hi!", "prompt_token_count": 3, "generation_token_count": 5, "stop_reason": "stop"},
        (3, 5), "stop",
    ),
    "Mistral": (
        {"prompt": "<s>[INST] hi [/INST]", "max_tokens": 5}, "text_completion",
        {"outputs": [{"text": "Hi!", "stop_reason": "stop"}]}, None, "stop",
    ),
    "Mistral's chat": (
        {"messages": [{"role": "user", "content": "hi"}]}, "chat",
        {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi!"}, "stop_reason": "stop"}]},
        None, "stop",
    ),
    "Cohere Command": (
        {"prompt": "hi", "max_tokens": 5}, "text_completion",
        {"id": "1", "generations": [{"id": "2", "text": "Hi!", "finish_reason": "COMPLETE"}], "prompt": "hi"},
        None, "COMPLETE",
    ),
    "Cohere Command R": (
        {"message": "hi", "chat_history": [{"role": "CHATBOT", "message": "hello"}]}, "chat",
        {"response_id": "1", "text": "Hi!", "finish_reason": "COMPLETE",
         "tool_calls": [{"name": "f", "parameters": {}}]},
        None, "COMPLETE",
    ),
    "AI21 Jurassic": (
        {"prompt": "hi", "maxTokens": 5}, "text_completion",
        {"id": 1234, "completions": [{"data": {"text": "Hi!"}, "finishReason": {"reason": "endoftext"}}]},
        None, "endoftext",
    ),
    "OpenAI's shape (Jamba, gpt-oss, Qwen, DeepSeek, Writer …)": (
        {"messages": [{"role": "user", "content": "hi"}], "max_completion_tokens": 5}, "chat",
        {
            "id": "1", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi!"},
                                    "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8},
        }, (3, 5), "stop",
    ),
    "a text in OpenAI's shape (DeepSeek R1, SageMaker endpoints)": (
        {"prompt": "hi", "max_tokens": 5}, "text_completion",
        {"choices": [{"text": "Hi!", "stop_reason": "length"}], "usage": {"prompt_tokens": 3, "completion_tokens": 5}},
        (3, 5), "length",
    ),
    "Titan embeddings": (
        {"inputText": "hi"}, "embeddings", {"embedding": [0.1], "inputTextTokenCount": 3}, (3, None), None,
    ),
    "Cohere Embed": (
        {"texts": ["hi"], "input_type": "search_query"}, "embeddings", {"embeddings": [[0.1]], "id": "1"}, None, None,
    ),
    "Nova embeddings": (
        {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": {"text": {"value": "hi"}}}, "embeddings",
        {"embeddings": [{"embedding": [0.1]}]}, None, None,
    ),
    "rerank": (
        {"query": "hi", "documents": ["a"], "api_version": 2}, "rerank",
        {"results": [{"index": 0, "relevance_score": 0.9}]}, None, None,
    ),
}  # fmt: skip


def spoken(body: Body, path: str) -> Format:
    """The format that we read it in."""
    return next(format for format in recognise("POST", path) if format.is_request(body))


def read(asked: dict[str, Any], data: bytes, path: str, **headers: str) -> Response:
    """Our reading of an answer."""
    body = Body(httpx.Request("POST", "http://x", json=asked).content)
    answer = Answer(spoken(body, path), About(path, body, headers), encoded=False)
    answer.feed(data)
    return answer.response()


@pytest.mark.parametrize(("asked", "operation", "answer", "tokens", "reason"), WHOLE.values(), ids=WHOLE)
def test_every_family_is_read(
    server: Any,
    spans: Spans,
    asked: dict[str, Any],
    operation: str,
    answer: dict[str, Any],
    tokens: tuple[int | None, int | None] | None,
    reason: str | None,
) -> None:
    """Its own counts where it has some, else those of the headers; its text, its reason to stop."""
    server.say(answer, **HEADERS)
    httpx.post(f"{server.url}/model/some.model-v1%3A0/invoke", json=asked)
    (span,) = spans()
    found: dict[str, Any] = dict(span.attributes or {})
    assert (found[names.OPERATION_NAME], found[names.PROVIDER_NAME]) == (operation, "aws.bedrock")
    assert (found[names.REQUEST_MODEL], found[names.SERVICE_TIER]) == ("some.model-v1:0", "flex")
    counted = found.get(names.USAGE_INPUT_TOKENS), found.get(names.USAGE_OUTPUT_TOKENS)
    expected = tokens or (11, 7)
    assert counted == (expected[0], 7 if expected[1] is None else expected[1])
    assert found[names.USAGE_STATUS] == "exact"
    assert found.get(names.RESPONSE_FINISH_REASONS, (None,))[-1] == reason
    assert found[names.CONTEXT_KINDS][-1] == "user"
    if reason:
        assert found[names.OUTPUT_KINDS][0] == "assistant"
        assert found[names.OUTPUT_BYTES][0] == 3


STREAMS: dict[str, tuple[dict[str, Any], list[dict[str, Any]], tuple[int, int], str]] = {
    "Anthropic": (
        {"messages": [], "max_tokens": 5},
        [
            {"type": "message_start", "message": {"usage": {"input_tokens": 3, "output_tokens": 1}}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi!"}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"} | METRICS,
        ], (3, 5), "end_turn",
    ),
    "Anthropic's first": (
        {"prompt": "hi"},
        [
            {"type": "completion", "completion": "Hi", "stop_reason": None, "stop": None},
            {"type": "completion", "completion": "!", "stop_reason": "stop_sequence"} | METRICS,
        ], (41, 7), "stop_sequence",
    ),
    "Nova": (
        {"messages": []},
        [
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"delta": {"text": "Hi!"}, "contentBlockIndex": 0}},
            {"contentBlockStop": {"contentBlockIndex": 0}},
            {"messageStop": {"stopReason": "end_turn"}},
            {"metadata": {"usage": {"inputTokens": 3, "outputTokens": 5}, "metrics": {}, "trace": {}}} | METRICS,
        ], (3, 5), "end_turn",
    ),
    "Titan": (
        {"inputText": "hi", "textGenerationConfig": {}},
        [
            {"outputText": "Hi", "index": 0, "totalOutputTextTokenCount": None, "completionReason": None,
             "inputTextTokenCount": 3},
            {"outputText": "!", "index": 0, "totalOutputTextTokenCount": 5, "completionReason": "FINISH",
             "inputTextTokenCount": None} | METRICS,
        ], (3, 5), "FINISH",
    ),
    "Llama": (
        {"prompt": "hi"},
        [
            {"generation": "Hi", "prompt_token_count": 3, "generation_token_count": 1, "stop_reason": None},
            {"generation": "!", "prompt_token_count": None, "generation_token_count": 5, "stop_reason": "stop"}
            | METRICS,
        ], (3, 5), "stop",
    ),
    "Mistral": (
        {"prompt": "hi"},
        [
            {"outputs": [{"text": "Hi", "stop_reason": None}]},
            {"outputs": [{"text": "!", "stop_reason": "stop"}]} | METRICS,
        ], (41, 7), "stop",
    ),
    "Cohere Command": (
        {"prompt": "hi"},
        [{"text": "Hi!", "is_finished": False}, {"is_finished": True, "finish_reason": "COMPLETE"} | METRICS],
        (41, 7), "COMPLETE",
    ),
    "Cohere Command R": (
        {"message": "hi"},
        [
            {"event_type": "text-generation", "text": "Hi!", "is_finished": False},
            {"event_type": "stream-end", "is_finished": True, "finish_reason": "COMPLETE",
             "response": {"text": "Hi!", "meta": {"billed_units": {"input_tokens": 3, "output_tokens": 5}}}} | METRICS,
        ], (3, 5), "COMPLETE",
    ),
    "OpenAI's shape": (
        {"messages": []},
        [
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi!"}}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}} | METRICS,
        ], (3, 5), "stop",
    ),
    "OpenAI's shape, uncounted": (
        {"messages": []},
        [
            {"choices": [{"index": 0, "delta": {"content": "Hi!"}}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]} | METRICS,
        ], (41, 7), "stop",
    ),
}  # fmt: skip
STREAMING = "/model/some.model/invoke-with-response-stream"
AWS = {"content-type": "application/vnd.amazon.eventstream"}


@pytest.mark.parametrize(("asked", "events", "tokens", "reason"), STREAMS.values(), ids=STREAMS)
def test_every_family_streams(
    aws_chunks: Events,
    asked: dict[str, Any],
    events: list[dict[str, Any]],
    tokens: tuple[int, int],
    reason: str,
) -> None:
    """Its own counts where it has some, else Bedrock's metrics; complete with its last chunk, and not before."""
    chunks = aws_chunks(*events)
    response = read(asked, b"".join(chunks), STREAMING, **AWS)
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens) == tokens
    assert (response.complete, response.finish_reasons) == (True, (reason,))
    assert [(block.kind, block.size) for block in response.output] == [("assistant", 3)]
    cut = read(asked, b"".join(chunks[:1]) + chunks[1][:-1], STREAMING, **AWS)
    assert (cut.complete, cut.output, cut.tool_calls) == (False, (), ())


def test_an_exception_ends_a_stream(aws_chunks: Events, aws_stream: Events) -> None:
    """What came before it is partial."""
    asked, events, _, _ = STREAMS["Llama"]
    chunks = [*aws_chunks(*events[:1]), *aws_stream({"modelTimeoutException": {"message": "x"}})]
    response = read(asked, b"".join(chunks), STREAMING, **AWS)
    assert (response.error_type, response.complete, response.usage_status) == (
        "modelTimeoutException", False, "partial",
    )  # fmt: skip


def test_a_request_that_a_guardrail_blocked_is_complete(aws_chunks: Events) -> None:
    """It has no metrics, but a trace where one was asked for."""
    blocked = {
        "outputText": "no",
        "totalOutputTextTokenCount": 3,
        "inputTextTokenCount": 6,
        "amazon-bedrock-trace": {},
    }
    response = read({"inputText": "x"}, b"".join(aws_chunks(blocked)), STREAMING, **AWS)
    assert (response.complete, response.usage_status) == (True, "exact")


def test_chunks_that_are_no_events_are_skipped(aws_chunks: Events, aws_stream: Events) -> None:
    """Text, nothing, and what is no base64."""
    broken = [*aws_chunks("[DONE]", ""), *aws_stream({"chunk": {"bytes": "%%%"}}, {"chunk": {}})]
    assert read({"prompt": "x"}, b"".join(broken), STREAMING, **AWS) == Response(complete=False)


def test_images_are_counted() -> None:
    """Stability's and Titan's models report no tokens."""
    asked = {"taskType": "TEXT_IMAGE", "textToImageParams": {"text": "a cat"}}
    path = "/model/stability.sd3-large-v1:0/invoke"
    response = read(asked, b'{"images": ["aGk=", "aGk="], "finish_reasons": [null]}', path)
    assert response.usage is not None
    assert (dict(response.usage.units), response.usage.input_tokens) == ({"images": 2}, None)
    for body in (
        b'{"taskType": "TEXT_IMAGE"}',
        b'{"prompt": "x", "output_format": "png"}',
        b'{"text_prompts": []}',
    ):
        assert spoken(Body(body), path).operation == "generate_content"


def test_messages_of_every_shape_are_context() -> None:
    """OpenAI's, Anthropic's and Nova's messages: an equal tool result has an equal hash in all."""
    shapes: list[Any] = [
        [{"role": "assistant", "content": None,
          "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]},
         {"role": "tool", "tool_call_id": "1", "content": "ok"}],
        [{"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {}}]},
         {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "ok"}]}],
        [{"role": "assistant", "content": [{"toolUse": {"toolUseId": "1", "name": "f", "input": {}}}]},
         {"role": "user", "content": [{"toolResult": {"toolUseId": "1", "content": [{"text": "ok"}]}}]}],
    ]  # fmt: skip
    found = []
    for messages in shapes:
        body = Body(httpx.Request("POST", "http://x", json={"messages": messages}).content)
        found.append([(b.kind, b.hash, b.tool) for b in spoken(body, "/model/x/invoke").blocks(body)])
    assert found[0][0][0] == "tool_call"
    assert all(one == other for one, other in itertools.pairwise(found))
