"""Do Cohere's exchanges, and rankings by others, read as what their makers document?"""

from collections.abc import Callable
from typing import Any

import pytest

from otel_burn import names
from otel_burn.usage import Usage, UsageStatus

Exchanged = Callable[..., Any]
V1, V2 = "/v1/chat", "/v2/chat"
ASKED = {"model": "command-a", "messages": [{"role": "user", "content": "hi"}]}
USAGE = {
    "billed_units": {"input_tokens": 33, "output_tokens": 22},
    "tokens": {"input_tokens": 1452, "output_tokens": 33},
    "cached_tokens": 144,
}
COUNTED = Usage(input_tokens=33, output_tokens=22)
MESSAGE = {
    "role": "assistant",
    "tool_plan": "I will look",
    "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hello"}],
    "tool_calls": [
        {"id": "t1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}
    ],
}


def events() -> list[dict[str, Any]]:
    """The same answer, streamed."""
    call = {"id": "t1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}
    messages: list[tuple[str, int, dict[str, Any]]] = [
        ("tool-plan-delta", 0, {"tool_plan": "I will "}),
        ("tool-plan-delta", 0, {"tool_plan": "look"}),
        ("content-start", 0, {"content": {"type": "thinking", "thinking": ""}}),
        ("content-delta", 0, {"content": {"thinking": "hm"}}),
        ("content-start", 1, {"content": {"type": "text", "text": ""}}),
        ("content-delta", 1, {"content": {"text": "hel"}}),
        ("content-delta", 1, {"content": {"text": "lo"}}),
        ("tool-call-start", 0, {"tool_calls": call}),
        ("tool-call-delta", 0, {"tool_calls": {"function": {"arguments": '{"city":'}}}),
        ("tool-call-delta", 0, {"tool_calls": {"function": {"arguments": '"Paris"}'}}}),
    ]
    return [
        {"type": "message-start", "id": "c1", "delta": {"message": {"role": "assistant"}}},
        *({"type": kind, "index": index, "delta": {"message": said}} for kind, index, said in messages),
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL", "usage": USAGE}},
    ]


@pytest.mark.parametrize(
    "said",
    [{"id": "c1", "finish_reason": "TOOL_CALL", "message": MESSAGE, "usage": USAGE}, events()],
    ids=["whole", "streamed"],
)
def test_what_was_billed_counts(exchanged: Exchanged, said: Any) -> None:
    """Not the tokens, whose cached part can be more than all that was billed; the answer comes back as it was."""
    response = exchanged(V2, ASKED, said).response
    assert response.usage == COUNTED
    assert '"cached_tokens":144' in response.usage_raw
    assert (response.id, response.finish_reasons, response.complete) == ("c1", ("TOOL_CALL",), True)
    back = exchanged(V2, ASKED | {"messages": [MESSAGE]}, {}).context
    assert list(response.output) == back
    assert [call.name for call in response.tool_calls] == ["get_weather"]


def test_a_stream_without_its_end_reports_nothing(exchanged: Exchanged) -> None:
    """The usage comes last."""
    response = exchanged(V2, ASKED, events()[:-1]).response
    assert (response.complete, response.usage_status, response.tool_calls) == (False, UsageStatus.MISSING, ())


def test_a_request_is_read_in_both_versions(exchanged: Exchanged) -> None:
    """Abbreviated parameters, documents, and results that find their tool."""
    result = {
        "role": "tool",
        "tool_call_id": "t1",
        "content": [{"type": "document", "document": {"data": "no"}}],
    }
    asked = ASKED | {
        "k": 5, "p": 0.9, "documents": ["d"],
        "messages": [{"role": "system", "content": "be"}, MESSAGE, result],
    }  # fmt: skip
    second = exchanged(V2, asked, {})
    assert second.request.parameters == {names.REQUEST_TOP_K: 5, names.REQUEST_TOP_P: 0.9}
    assert [(b.kind, b.tool) for b in second.context] == [
        ("document", ""), ("system", ""), ("reasoning", ""), ("reasoning", ""), ("assistant", ""),
        ("tool_call", "get_weather"), ("tool_result", "get_weather"),
    ]  # fmt: skip
    first = exchanged(V1, {
        "message": "hi", "preamble": "be", "model": "command-r",
        "chat_history": [{"role": "USER", "message": "a"}, {"role": "CHATBOT", "message": "b"}],
        "tool_results": [{"call": {"name": "f", "parameters": {}}, "outputs": [{"x": 1}]}],
    }, {})  # fmt: skip
    assert [(b.kind, b.tool) for b in first.context] == [
        ("system", ""), ("user", ""), ("assistant", ""), ("user", ""), ("tool_result", "f"),
    ]  # fmt: skip


def test_the_first_version_repeats_the_answer_at_the_end_of_a_stream(exchanged: Exchanged) -> None:
    """Whole and streamed read the same; without the end there is nothing but an id."""
    whole = {
        "response_id": "r", "generation_id": "g", "text": "he", "finish_reason": "COMPLETE",
        "tool_calls": [{"name": "f", "parameters": {"a": 1}}], "meta": USAGE,
    }  # fmt: skip
    stream: list[dict[str, Any]] = [
        {"event_type": "stream-start", "generation_id": "g"},
        {"event_type": "text-generation", "text": "he"},
        {"event_type": "stream-end", "finish_reason": "COMPLETE", "response": whole},
    ]
    asked = {"message": "hi", "stream": True}
    response = exchanged(V1, asked, whole).response
    assert (response.id, response.usage) == ("r", COUNTED)
    assert exchanged(V1, asked, stream, kind="application/stream+json").response == response
    cut = exchanged(V1, asked, stream[:-1], kind="application/stream+json").response
    assert (cut.id, cut.complete, cut.usage) == ("g", False, None)


def test_a_path_that_three_share_is_told_by_the_body(exchanged: Exchanged) -> None:
    """`/v1/chat` is Cohere's with a message, Writer's with messages."""
    assert exchanged(V1, {"message": "hi"}, {}).format.provider == "cohere"
    assert exchanged(V1, ASKED, {}).format.provider == "writer"
    assert exchanged(V2, ASKED, {}).format.provider == "cohere"
    assert exchanged("/api/chat", ASKED, {}).format.provider == "ollama"


def test_embeddings_count_texts_and_images(exchanged: Exchanged) -> None:
    """Both are billed as tokens; older models bill images by the piece."""
    meta = {"billed_units": {"input_tokens": 4, "image_tokens": 10}}
    asked = {
        "model": "embed-v4.0",
        "inputs": [{"content": [{"type": "text", "text": "x"}, {"type": "image_url"}]}],
    }
    exchange = exchanged("/v2/embed", asked, {"id": "e", "meta": meta})
    assert exchange.response.usage == Usage(input_tokens=14, image_input_tokens=10)
    assert [block.kind for block in exchange.context] == ["user", "image"]
    by_image = exchanged("/v1/embed", {"images": ["data:"]}, {"meta": {"billed_units": {"images": 1}}})
    assert by_image.response.usage == Usage(units={"images": 1})


@pytest.mark.parametrize(
    ("path", "more", "said", "provider", "usage"),
    [
        ("/v2/rerank", {"top_n": 1}, {"meta": {"billed_units": {"search_units": 2}}}, "cohere",
         Usage(units={"search_units": 2})),
        ("/v1/rerank", {"top_k": 1}, {"usage": {"total_tokens": 43}}, "voyage_ai", Usage(input_tokens=43)),
        ("/v1/rerank", {}, {"usage": {"total_tokens": 9, "prompt_tokens": 8}}, "cohere", Usage(input_tokens=8)),
        ("/rerank", {}, {"error": {"type": "x"}}, "cohere", None),
    ],
)  # fmt: skip
def test_rankings_are_billed_by_search_or_by_token(
    exchanged: Exchanged, path: str, more: Any, said: Any, provider: str, usage: Usage | None
) -> None:
    """Cohere's by search, Voyage's, Jina's and Together's by token."""
    asked = {"model": "m", "query": "q", "documents": ["a", {"text": "b"}]} | more
    exchange = exchanged(path, asked, said)
    assert (exchange.format.provider, exchange.response.usage) == (provider, usage)
    assert [block.kind for block in exchange.context] == ["user", "document", "document"]


def test_voyages_other_embeddings_count_what_they_read(exchanged: Exchanged) -> None:
    """Images and contexts included."""
    usage = {"text_tokens": 5, "image_pixels": 2000, "total_tokens": 9}
    asked = {"model": "m", "inputs": [{"content": [{"type": "text", "text": "x"}, {"type": "image_url"}]}]}
    multimodal = exchanged("/v1/multimodalembeddings", asked, {"model": "m", "usage": usage})
    assert multimodal.response.usage == Usage(input_tokens=9)
    assert [block.kind for block in multimodal.context] == ["user", "image"]
    contextual = exchanged("/v1/contextualizedembeddings", {"inputs": [["a", "b"], ["c"]]}, {"usage": usage})
    assert (contextual.response.usage, len(contextual.context)) == (Usage(input_tokens=9), 3)
