"""Do exchanges with Ollama, and those of Writer's, read as what they document?"""

from collections.abc import Callable
from typing import Any

import pytest

from otel_burn import names
from otel_burn.usage import Usage, UsageStatus

Exchanged = Callable[..., Any]
CHAT, LINES = "/api/chat", "application/x-ndjson"
ASKED = {"model": "llama3", "messages": [{"role": "user", "content": "hi"}]}
MESSAGE: dict[str, Any] = {
    "role": "assistant", "thinking": "hm", "content": "hello",
    "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}],
}  # fmt: skip
END = {"model": "llama3", "done": True, "done_reason": "stop", "eval_count": 5, "total_duration": 9}


def lines() -> list[dict[str, Any]]:
    """An answer with a thought, text in pieces, and a call."""
    pieces = [
        {"thinking": "hm"},
        {"content": "hel"},
        {"content": "lo"},
        {"tool_calls": MESSAGE["tool_calls"]},
    ]
    return [*({"message": {"role": "assistant", **piece}, "done": False} for piece in pieces), END]


@pytest.mark.parametrize("said", [END | {"message": MESSAGE}, lines()], ids=["whole", "streamed"])
def test_an_answer_is_read_to_done(exchanged: Exchanged, said: Any) -> None:
    """A prompt that was in the cache may not be counted, and none is not zero."""
    response = exchanged(CHAT, ASKED, said, kind=LINES).response
    assert response.usage == Usage(output_tokens=5)
    assert (response.complete, response.finish_reasons) == (True, ("stop",))
    assert list(response.output) == exchanged(CHAT, ASKED | {"messages": [MESSAGE]}, {}).context
    assert [call.name for call in response.tool_calls] == ["f"]


def test_a_stream_can_break_off_or_fail(exchanged: Exchanged) -> None:
    """Neither is complete, nor has it calls."""
    cut = exchanged(CHAT, ASKED, lines()[:-1], kind=LINES).response
    assert (cut.complete, cut.usage_status, cut.tool_calls) == (False, UsageStatus.MISSING, ())
    failed = exchanged(CHAT, ASKED, [*lines()[:2], {"error": "boom"}], kind=LINES).response
    assert (failed.complete, failed.error_type) == (False, "error")


def test_a_request_streams_unless_told_otherwise(exchanged: Exchanged) -> None:
    """Parameters stand in the options; results name their tool; images are apart."""
    asked = {
        "model": "llama3", "think": "low", "options": {"num_predict": 7, "temperature": 0.5},
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "messages": [{"role": "user", "content": "hi", "images": ["aGk="]}, MESSAGE,
                     {"role": "tool", "tool_name": "f", "content": "Error: no"}],
    }  # fmt: skip
    exchange = exchanged(CHAT, asked, {})
    assert exchange.request.stream
    assert not exchanged(CHAT, asked | {"stream": False}, {}).request.stream
    assert exchange.request.parameters == {
        names.REQUEST_MAX_TOKENS: 7, names.REQUEST_TEMPERATURE: 0.5, names.REQUEST_REASONING_LEVEL: "low",
    }  # fmt: skip
    assert [(b.kind, b.tool, b.error) for b in exchange.context] == [
        ("tool_definition", "f", ""), ("user", "", ""), ("image", "", ""), ("reasoning", "", ""),
        ("assistant", "", ""), ("tool_call", "f", ""), ("tool_result", "f", "error"),
    ]  # fmt: skip


def test_a_prompt_is_answered_as_a_chat_is(exchanged: Exchanged) -> None:
    """At `/api/generate`; without a prompt it loads a model, which is no call."""
    counts = {"prompt_eval_count": 3, "eval_count": 2}
    asked = {"model": "llama3", "prompt": "x", "system": "be"}
    said = [{"response": "hel", "done": False}, {"response": "lo", "done": True} | counts]
    exchange = exchanged("/api/generate", asked, said, kind=LINES)
    assert exchange.response.usage == Usage(input_tokens=3, output_tokens=2)
    assert [block.size for block in exchange.response.output] == [5]
    assert [block.kind for block in exchange.context] == ["system", "user"]
    with pytest.raises(StopIteration):
        exchanged("/api/generate", {"model": "llama3", "prompt": ""}, {})


def test_embeddings_count_their_input(exchanged: Exchanged) -> None:
    """The older path reports nothing."""
    new = exchanged("/api/embed", {"model": "m", "input": ["a", "b"]}, {"prompt_eval_count": 3})
    assert (new.response.usage, len(new.context)) == (Usage(input_tokens=3), 2)
    old = exchanged("/api/embeddings", {"model": "m", "prompt": "a"}, {"embedding": [1]})
    assert (old.response.usage, len(old.context)) == (None, 1)


def test_writers_streams_end_with_their_usage(exchanged: Exchanged) -> None:
    """No `[DONE]` follows it; the details are spelt in a way of their own."""
    usage = {
        "prompt_tokens": 39, "completion_tokens": 37, "total_tokens": 76,
        "prompt_token_details": {"cached_tokens": 8}, "completion_token_details": {"reasoning_tokens": 3},
    }  # fmt: skip
    counted = Usage(input_tokens=39, output_tokens=37, cache_read_tokens=8, reasoning_tokens=3)
    asked = ASKED | {"stream": True, "stream_options": {"include_usage": True}}
    stream: list[dict[str, Any]] = [
        {"id": "w", "choices": [{"index": 0, "delta": {"content": "hel"}}]},
        {"id": "w", "choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": "stop"}]},
        {"id": "w", "choices": [], "usage": usage},
    ]
    response = exchanged("/v1/chat", asked, stream).response
    assert (response.usage, response.complete) == (counted, True)
    assert not exchanged("/v1/chat", asked, stream[:-1]).response.complete
    message = {"role": "assistant", "content": "hello"}
    whole = {"id": "w", "choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}
    assert exchanged("/v1/chat", ASKED, whole).response == response


def test_writers_completions_have_no_usage(exchanged: Exchanged) -> None:
    """Nor has their stream an end; the same path with another model is OpenAI's."""
    asked = {"model": "palmyra-x4", "prompt": "x"}
    whole = exchanged("/v1/completions", asked, {"choices": [{"text": "hello"}], "model": "palmyra-x4"})
    streamed = exchanged("/v1/completions", asked | {"stream": True}, [{"value": "hel"}, {"value": "lo"}])
    assert whole.format.provider == "writer"
    assert whole.response.output == streamed.response.output
    assert (whole.response.usage, streamed.response.usage, streamed.response.complete) == (None, None, True)
    other = exchanged("/v1/completions", {"model": "gpt", "prompt": "x"}, {})
    assert other.format.provider != "writer"
