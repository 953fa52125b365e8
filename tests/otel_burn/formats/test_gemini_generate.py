"""Does a generateContent exchange read as what Google documents?"""

from collections.abc import Callable
from typing import Any

import pytest

from otel_burn.exchange import BlockKind
from otel_burn.usage import Usage, UsageStatus

Exchanged = Callable[..., Any]
PLAIN = "/v1beta/models/gemini-3-pro:generateContent"
STREAM = "/v1/projects/p/locations/l/publishers/google/models/gemini-3-pro:streamGenerateContent"
ASKED = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def candidate(*parts: Any, finish: str | None = "STOP", **more: Any) -> dict[str, Any]:
    """One candidate."""
    ended = {"finishReason": finish} if finish else {}
    return {"content": {"role": "model", "parts": list(parts)}, "index": 0, **ended, **more}


def test_every_class_of_tokens_is_counted_once(exchanged: Exchanged) -> None:
    """Tool prompts are input, thoughts are output, what was cached is part of the prompt; searches are units."""
    usage = {
        "promptTokenCount": 100,
        "toolUsePromptTokenCount": 40,
        "cachedContentTokenCount": 60,
        "candidatesTokenCount": 20,
        "thoughtsTokenCount": 30,
        "totalTokenCount": 190,
        "promptTokensDetails": [
            {"modality": "AUDIO", "tokenCount": 50},
            {"modality": "IMAGE", "tokenCount": 20},
        ],
        "toolUsePromptTokensDetails": [{"modality": "IMAGE", "tokenCount": 5}],
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 7}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 3}],
        "trafficType": "PROVISIONED_THROUGHPUT",
    }
    grounding = {"webSearchQueries": ["a", "b", ""]}
    said = {"candidates": [candidate({"text": "x"}, groundingMetadata=grounding)], "usageMetadata": usage}
    response = exchanged(PLAIN, ASKED, said | {"responseId": "r", "modelVersion": "m"}).response
    assert response.usage == Usage(
        input_tokens=140, output_tokens=50, cache_read_tokens=60, reasoning_tokens=30,
        audio_input_tokens=50, audio_cache_read_tokens=7, image_input_tokens=25, image_output_tokens=3,
        units={"tool_use_input_tokens": 40, "web_search_requests": 2},
    )  # fmt: skip
    assert (response.id, response.model, response.service_tier) == ("r", "m", "PROVISIONED_THROUGHPUT")


def test_enumerations_may_be_numbers(exchanged: Exchanged) -> None:
    """Vertex writes them so where asked to."""
    usage = {
        "promptTokenCount": 9,
        "promptTokensDetails": [{"modality": 4, "tokenCount": 9}],
        "trafficType": 1,
    }
    said = {"candidates": [candidate({"text": "x"}, finish=None, finishReason=2)], "usageMetadata": usage}
    response = exchanged(PLAIN, ASKED, said).response
    assert response.finish_reasons == ("MAX_TOKENS",)
    assert response.service_tier == "ON_DEMAND"
    assert response.usage == Usage(input_tokens=9, audio_input_tokens=9)


def chunks() -> list[dict[str, Any]]:
    """A stream with a thought, text in pieces, and a call."""
    begun = {"promptTokenCount": 12, "totalTokenCount": 12}
    return [
        {"candidates": [candidate({"text": "hm", "thought": True}, finish=None)], "usageMetadata": begun},
        {
            "candidates": [candidate({"text": "It "}, finish=None)],
            "usageMetadata": {"trafficType": "ON_DEMAND"},
        },
        {"candidates": [candidate({"text": "is"}, finish=None)], "modelVersion": "m", "responseId": "r"},
        {
            "candidates": [
                candidate({"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "s"})
            ],
            "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 2},
        },
        {"usageMetadata": {"trafficType": "ON_DEMAND"}},
    ]


def test_a_stream_is_read_to_its_finish_reason(exchanged: Exchanged) -> None:
    """The last counts hold, and the blocks are those that will be sent back."""
    response = exchanged(STREAM, ASKED, chunks()).response
    assert response.usage == Usage(input_tokens=10, output_tokens=6, reasoning_tokens=2)
    assert (response.complete, response.finish_reasons) == (True, ("STOP",))
    back = {"role": "model", "parts": [
        {"text": "hm", "thought": True}, {"text": "It is"}, {"functionCall": {"name": "f", "args": {"a": 1}}},
    ]}  # fmt: skip
    carried = exchanged(PLAIN, {"contents": [back]}, {}).context
    assert list(response.output) == carried
    assert [block.kind for block in carried] == [
        BlockKind.REASONING,
        BlockKind.ASSISTANT,
        BlockKind.TOOL_CALL,
    ]
    assert [call.name for call in response.tool_calls] == ["f"]


def test_a_stream_without_alt_sse_is_one_list(exchanged: Exchanged) -> None:
    """A JSON list of the same chunks reads the same."""
    streamed = exchanged(STREAM, ASKED, chunks()).response
    assert exchanged(STREAM, ASKED, chunks(), kind="application/json").response == streamed


def test_a_stream_that_broke_off_is_partial(exchanged: Exchanged) -> None:
    """No finish reason, no end: counts so far, no blocks and no calls."""
    response = exchanged(STREAM, ASKED, chunks()[:3]).response
    assert not response.complete
    assert response.usage_status is UsageStatus.PARTIAL
    assert response.usage == Usage(input_tokens=12)
    assert (response.output, response.tool_calls, response.finish_reasons) == ((), (), ())


def test_every_candidate_must_finish(exchanged: Exchanged) -> None:
    """One of two that ended is not the end."""
    one, two = candidate({"text": "a"}), candidate({"text": "b"}, finish=None) | {"index": 1}
    assert not exchanged(STREAM, ASKED, [{"candidates": [one]}, {"candidates": [two]}]).response.complete
    ended = {"candidates": [candidate({"text": ""}) | {"index": 1}]}
    response = exchanged(STREAM, ASKED, [{"candidates": [one, two]}, ended]).response
    assert response.complete
    assert len(response.output) == 2


@pytest.mark.parametrize("as_stream", [True, False])
def test_a_blocked_prompt_is_complete(exchanged: Exchanged, *, as_stream: bool) -> None:
    """It has no candidates, and the prompt is counted."""
    said = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}
    response = exchanged(STREAM if as_stream else PLAIN, ASKED, [said] if as_stream else said).response
    assert (response.complete, response.finish_reasons) == (True, ("SAFETY",))
    assert response.usage == Usage(input_tokens=4)


@pytest.mark.parametrize("as_stream", [True, False])
def test_an_error_has_googles_status(exchanged: Exchanged, *, as_stream: bool) -> None:
    """Its canonical name, from a body or from within a stream."""
    said = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
    response = exchanged(STREAM, ASKED, [*chunks(), said] if as_stream else said).response
    assert response.error_type == "UNAVAILABLE"
    assert response.usage_status is (UsageStatus.PARTIAL if as_stream else UsageStatus.MISSING)


def test_both_spellings_ask_the_same(exchanged: Exchanged) -> None:
    """camelCase and snake_case give equal blocks and parameters."""
    camel = {
        "systemInstruction": {"parts": [{"text": "be"}]},
        "tools": [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}, {"googleSearch": {}}],
        "contents": [
            {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "a-_="}}]},
            {"role": "model", "parts": [{"functionCall": {"id": "1", "name": "f", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse": {"id": "1", "name": "f", "response": {"error": "no"}}}]},
            {"role": "user", "parts": [{"fileData": {"mimeType": "application/pdf", "fileUri": "u"}}]},
        ],
        "generationConfig": {"maxOutputTokens": 9, "topP": 0.5, "topK": 3, "candidateCount": 2,
                             "thinkingConfig": {"thinkingLevel": "LOW"}},
    }  # fmt: skip
    snake = {
        "system_instruction": {"parts": {"text": "be"}},
        "tools": [{"function_declarations": [{"name": "f"}, {"name": "g"}]}, {"google_search": {}}],
        "contents": [
            {"role": "user", "parts": [{"inline_data": {"mime_type": "image/png", "data": "a+/"}}]},
            {"role": "model", "parts": [
                {"function_call": {"id": "1", "name": "f", "args": {}}, "thought_signature": "s"}
            ]},
            {"role": "user", "parts": [
                {"function_response": {"id": "1", "name": "f", "response": {"error": "no"}}}
            ]},
            {"role": "user", "parts": [{"file_data": {"mime_type": "application/pdf", "file_uri": "u"}}]},
        ],
        "generation_config": {"max_output_tokens": 9, "top_p": 0.5, "top_k": 3, "candidate_count": 2,
                              "thinking_config": {"thinking_level": "LOW"}},
    }  # fmt: skip
    one, other = exchanged(PLAIN, camel, {}), exchanged(PLAIN, snake, {})
    assert one.request == other.request
    assert len(one.request.parameters) == 5
    assert [b.kind for b in one.context] == [
        *["tool_definition"] * 3, "system", "image", "tool_call", "tool_result", "document",
    ]  # fmt: skip
    assert one.context == other.context
    result = one.context[-2]
    # By the function's name, as the ids of calls are left out of their results.
    assert (result.tool, result.tool_call_id, result.error) == ("f", "f", "error")


def test_code_and_server_tools_are_calls_of_the_providers(exchanged: Exchanged) -> None:
    """They stand among the blocks, and not among the calls that the caller shall run."""
    parts = [
        {"executableCode": {"language": "PYTHON", "code": "1/0"}, "thoughtSignature": "s"},
        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "ZeroDivisionError: division"}},
        {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "args": {"queries": ["q"]}, "id": "t"}},
        {"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "response": {"x": 1}, "id": "t"}},
        {"text": "", "thoughtSignature": "s"},
    ]
    response = exchanged(PLAIN, ASKED, {"candidates": [candidate(*parts)]}).response
    assert [(b.kind, b.tool, b.error) for b in response.output] == [
        ("tool_call", "code_execution", ""), ("tool_result", "code_execution", "ZeroDivisionError"),
        ("tool_call", "google_search_web", ""), ("tool_result", "google_search_web", ""),
    ]  # fmt: skip
    assert response.tool_calls == ()


def test_streamed_arguments_are_put_together(exchanged: Exchanged) -> None:
    """Vertex can stream them by path; they end as the whole call has them."""
    pieces: list[dict[str, Any]] = [
        {"name": "f", "id": "c", "willContinue": True},
        {
            "partialArgs": [{"jsonPath": "$.city", "stringValue": "Pa", "willContinue": True}],
            "willContinue": True,
        },
        {"partialArgs": [{"jsonPath": "$.city", "stringValue": "ris"}], "willContinue": True},
        {"partialArgs": [{"jsonPath": "$.days[0].n", "numberValue": 2}], "willContinue": True},
        {},
        {"name": "g", "args": {}},
    ]
    streamed = [{"candidates": [candidate({"functionCall": piece}, finish=None)]} for piece in pieces]
    response = exchanged(STREAM, ASKED, [*streamed, {"candidates": [candidate()]}]).response
    whole = {"functionCall": {"name": "f", "id": "c", "args": {"city": "Paris", "days": [{"n": 2}]}}}
    same = exchanged(PLAIN, ASKED, {"candidates": [candidate(whole, {"functionCall": pieces[-1]})]}).response
    assert response.tool_calls == same.tool_calls
    assert response.output == same.output


@pytest.mark.parametrize("path", ["", "$", "$.a.b.c", "$.a[7]", "$.list[0][0]", "$.list[99999999]", None, 3])
def test_a_path_that_leads_nowhere_is_left(exchanged: Exchanged, path: Any) -> None:
    """What can't be placed changes nothing and raises nothing."""
    begun = {"functionCall": {"name": "f", "args": {"a": 1, "list": ["x"]}, "willContinue": True}}
    lost = {"functionCall": {"partialArgs": [{"jsonPath": path, "stringValue": "y"}]}}
    stream = [{"candidates": [candidate(begun, finish=None)]}, {"candidates": [candidate(lost)]}]
    whole = {"functionCall": {"name": "f", "args": {"a": 1, "list": ["x"]}}}
    same = exchanged(PLAIN, ASKED, {"candidates": [candidate(whole)]}).response
    assert exchanged(STREAM, ASKED, stream).response.output == same.output


def test_the_path_names_the_model(exchanged: Exchanged) -> None:
    """Whether at AI Studio or at Vertex, tuned or not; the verb tells of the stream."""
    assert exchanged(PLAIN, ASKED, {}).request.model == "gemini-3-pro"
    asked = exchanged(STREAM, ASKED, []).request
    assert (asked.model, asked.stream) == ("gemini-3-pro", True)
    assert exchanged("/v1beta/tunedModels/my%2Fown:generateContent", ASKED, {}).request.model == "my/own"


def test_a_count_of_tokens_is_no_usage(exchanged: Exchanged) -> None:
    """It generates nothing."""
    exchange = exchanged("/v1beta/models/m:countTokens", ASKED, {"totalTokens": 31})
    assert (exchange.format.operation, exchange.response.usage) == ("count_tokens", None)
