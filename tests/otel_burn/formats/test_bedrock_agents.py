"""Is each model call within a Bedrock agent billed once, by what its traces report?"""

from collections.abc import Callable
from typing import Any

import httpx
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names

Spans = Callable[[], list[ReadableSpan]]
Events = Callable[..., list[bytes]]
AGENT = "/agents/ABCDEFGHIJ/agentAliases/ALIAS12345/sessions/s1/text"


def model_call(step: str, trace_id: str, model: str, given: int, written: int) -> list[dict[str, Any]]:
    """The two trace events of a model call, as bedrock-agent-runtime's service model has them."""
    usage = {"inputTokens": given, "outputTokens": written}
    asked = {"traceId": trace_id, "type": "ORCHESTRATION", "text": "secret", "foundationModel": model}
    answered = {"traceId": trace_id, "rawResponse": {"content": "secret"}, "metadata": {"usage": usage}}
    return [
        {"trace": {"agentId": "A", "trace": {step: {"modelInvocationInput": asked}}}},
        {"trace": {"agentId": "A", "trace": {step: {"modelInvocationOutput": answered}}}},
    ]


def ask(server: Any, spans: Spans, path: str, chunks: list[bytes], **asked: Any) -> list[dict[str, Any]]:
    """The spans of a call whose answer is an event stream of *chunks*."""
    server.stream(chunks)
    server.answers[-1].content_type = "application/vnd.amazon.eventstream"
    httpx.post(server.url + path, json=asked)
    return [dict(span.attributes or {}) for span in spans()]


def test_each_model_call_of_a_traced_agent_is_a_call(
    server: Any, spans: Spans, aws_stream: Events, aws_chunks: Events
) -> None:
    """The agent's own span carries no usage; each model call has its model and counts; no content leaves."""
    traced = [
        *model_call("preProcessingTrace", "t0", "anthropic.claude-3-haiku", 100, 5),
        *model_call("orchestrationTrace", "t1", "us.amazon.nova-pro-v1:0", 2000, 50),
        {"trace": {"trace": {"orchestrationTrace": {"rationale": {"text": "secret", "traceId": "t1"}}}}},
        *model_call("postProcessingTrace", "t2", "us.amazon.nova-pro-v1:0", 300, 20),
    ]
    chunks = [*aws_stream(*traced), *aws_chunks('{"this": "is text"}')]
    agent, *calls = ask(server, spans, AGENT, chunks, inputText="hi", enableTrace=True)
    assert (agent[names.OPERATION_NAME], agent[names.PROVIDER_NAME]) == ("invoke_agent", "aws.bedrock")
    assert names.USAGE_INPUT_TOKENS not in agent
    assert names.ERROR_TYPE not in agent
    assert agent[names.OUTPUT_BYTES] == (19,)
    keys = (names.OPERATION_NAME, names.RESPONSE_MODEL, names.USAGE_INPUT_TOKENS, names.USAGE_OUTPUT_TOKENS)
    assert [tuple(call[key] for key in keys) for call in calls] == [
        ("chat", "anthropic.claude-3-haiku", 100, 5),
        ("chat", "us.amazon.nova-pro-v1:0", 2000, 50),
        ("chat", "us.amazon.nova-pro-v1:0", 300, 20),
    ]
    assert "secret" not in str([agent, *calls])


def test_an_agent_without_a_trace_is_a_call_whose_usage_is_missing(
    server: Any, spans: Spans, aws_chunks: Events
) -> None:
    """Nothing tells what it burned, which is not nothing."""
    asked = {"inputText": "hi", "foundationModel": "anthropic.claude", "instruction": "You help."}
    (span,) = ask(server, spans, "/agents/session%3A1", aws_chunks("Hi", "!"), **asked)
    assert (span[names.OPERATION_NAME], span[names.USAGE_STATUS]) == ("chat", "missing")
    assert (span[names.REQUEST_MODEL], span[names.OUTPUT_BYTES]) == ("anthropic.claude", (3,))


def test_an_exception_is_named(server: Any, spans: Spans, aws_stream: Events, aws_chunks: Events) -> None:
    """An agent's answer that broke off, after what it had burned."""
    chunks = [
        *aws_stream(*model_call("orchestrationTrace", "t", "m", 10, 5)),
        *aws_chunks("Hi"),
        *aws_stream({"dependencyFailedException": {"message": "secret"}}),
    ]
    agent, call = ask(server, spans, AGENT, chunks, inputText="hi", enableTrace=True)
    assert agent[names.ERROR_TYPE] == "dependencyFailedException"
    assert names.OUTPUT_HASHES not in agent
    assert call[names.USAGE_INPUT_TOKENS] == 10


def test_a_flow_is_a_workflow(server: Any, spans: Spans, aws_stream: Events) -> None:
    """Its nodes' models report no usage."""
    chunks = aws_stream(
        {"flowOutputEvent": {"nodeName": "out", "content": {"document": "done"}}},
        {"flowCompletionEvent": {"completionReason": "SUCCESS"}},
    )
    inputs = [{"nodeName": "in", "nodeOutputName": "document", "content": {"document": "hi"}}]
    (span,) = ask(server, spans, "/flows/FLOW123456/aliases/ALIAS12345", chunks, inputs=inputs)
    assert span[names.OPERATION_NAME] == "invoke_workflow"
    assert (span[names.CONTEXT_BYTES], span[names.OUTPUT_BYTES]) == ((2,), (4,))
    assert span[names.RESPONSE_FINISH_REASONS] == ("SUCCESS",)


def test_a_knowledge_base_answers_with_a_model(server: Any, spans: Spans, aws_stream: Events) -> None:
    """Whole and streamed; its usage is missing."""
    arn = "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude"
    configuration = {"type": "KNOWLEDGE_BASE", "knowledgeBaseConfiguration": {"modelArn": arn}}
    asked = {"input": {"text": "hi"}, "retrieveAndGenerateConfiguration": configuration}
    server.say({"output": {"text": "Hi!"}, "citations": [], "sessionId": "s"})
    httpx.post(f"{server.url}/retrieveAndGenerate", json=asked)
    chunks = aws_stream({"output": {"text": "Hi"}}, {"output": {"text": "!"}}, {"citation": {}})
    whole, streamed = ask(server, spans, "/retrieveAndGenerateStream", chunks, **asked)
    for span in (whole, streamed):
        assert (span[names.REQUEST_MODEL], span[names.USAGE_STATUS]) == (arn, "missing")
        assert names.ERROR_TYPE not in span
    assert whole[names.OUTPUT_HASHES] == streamed[names.OUTPUT_HASHES]
