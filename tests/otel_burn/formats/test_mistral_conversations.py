"""Do Mistral's own exchanges read as what it documents?"""

from collections.abc import Callable
from typing import Any

import pytest

from otel_burn import names
from otel_burn.usage import Usage

Exchanged = Callable[..., Any]
PATH = "/v1/conversations"
USAGE = {
    "prompt_tokens": 188, "completion_tokens": 55, "total_tokens": 7355, "connector_tokens": 7112,
    "connectors": {"web_search": 1},
}  # fmt: skip
OUTPUTS = [
    {"type": "tool.execution", "id": "te", "name": "web_search", "arguments": '{"q":"x"}'},
    {"type": "message.output", "id": "m", "model": "mistral-medium", "role": "assistant",
     "content": [{"type": "text", "text": "hello"}, {"type": "tool_reference", "tool": "web_search"}]},
    {"type": "function.call", "id": "fc", "tool_call_id": "tc", "name": "f", "arguments": '{"a":1}'},
]  # fmt: skip
CHAT = {
    "id": "c", "model": "codestral", "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "x"}}],
}  # fmt: skip


def events() -> list[dict[str, Any]]:
    """The same conversation, streamed."""
    message = {"type": "message.output.delta", "id": "m", "model": "mistral-medium", "role": "assistant"}
    call = {"type": "function.call.delta", "id": "fc", "tool_call_id": "tc", "name": "f"}
    return [
        {"type": "conversation.response.started", "conversation_id": "conv"},
        {"type": "tool.execution.started", "id": "te", "name": "web_search", "arguments": '{"q":'},
        {"type": "tool.execution.delta", "id": "te", "name": "web_search", "arguments": '"x"}'},
        {"type": "tool.execution.done", "id": "te", "name": "web_search", "info": {}},
        message | {"content": "hel"},
        message | {"content": {"type": "text", "text": "lo"}},
        message | {"content": {"type": "tool_reference", "tool": "web_search"}},
        call | {"arguments": '{"a":'},
        call | {"arguments": "1}"},
        {"type": "conversation.response.done", "usage": USAGE},
    ]


@pytest.mark.parametrize(
    "said", [{"object": "conversation.response", "outputs": OUTPUTS, "usage": USAGE}, events()],
    ids=["whole", "streamed"],
)  # fmt: skip
@pytest.mark.parametrize("path", [PATH, f"{PATH}/conv_1", f"{PATH}/conv_1/restart"])
def test_what_connectors_read_is_input(exchanged: Exchanged, path: str, said: Any) -> None:
    """The total tells; the answer's blocks are those that its entries give when they are sent back."""
    response = exchanged(path, {"inputs": "hi"}, said).response
    units = {"tool_use_input_tokens": 7112, "web_search_requests": 1}
    assert response.usage == Usage(input_tokens=7300, output_tokens=55, units=units)
    assert (response.model, response.complete) == ("mistral-medium", True)
    assert list(response.output) == exchanged(PATH, {"inputs": OUTPUTS}, {}).context
    assert [(call.id, call.name) for call in response.tool_calls] == [("tc", "f")]


def test_a_conversation_can_break_off_or_fail(exchanged: Exchanged) -> None:
    """Neither has usage."""
    cut = exchanged(PATH, {"inputs": "hi"}, events()[:-1]).response
    assert (cut.complete, cut.usage, cut.tool_calls) == (False, None, ())
    failure = {"type": "conversation.response.error", "message": "no", "code": 3051}
    assert exchanged(PATH, {"inputs": "hi"}, [failure]).response.error_type == "3051"
    refused = {"object": "error", "message": "no", "type": "invalid_request_error", "code": "3051"}
    assert exchanged(PATH, {"inputs": "hi"}, refused).response.error_type == "3051"


def test_a_conversation_is_asked_with_entries(exchanged: Exchanged) -> None:
    """Results find their tool, parameters stand in arguments of their own."""
    asked = {
        "model": "m", "instructions": "be", "tools": [{"type": "web_search"}],
        "completion_args": {"temperature": 0.3, "random_seed": 7},
        "inputs": [{"role": "user", "content": "hi"}, OUTPUTS[2],
                   {"type": "function.result", "tool_call_id": "tc", "result": "Error: no"}],
    }  # fmt: skip
    exchange = exchanged(PATH, asked, {})
    assert exchange.request.parameters == {names.REQUEST_TEMPERATURE: 0.3, names.REQUEST_SEED: 7}
    assert [(b.kind, b.tool, b.error) for b in exchange.context] == [
        ("tool_definition", "web_search", ""), ("system", "", ""), ("user", "", ""), ("tool_call", "f", ""),
        ("tool_result", "f", "error"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "asked", "operation", "model"),
    [
        ("/v1/fim/completions", {"model": "codestral", "prompt": "a", "suffix": "b"}, "text_completion", "codestral"),
        ("/v1/agents/completions", {"agent_id": "ag", "messages": [{"role": "user", "content": "a"}]}, "chat", None),
        ("/v1/projects/p/locations/l/publishers/mistralai/models/mistral-large:rawPredict",
         {"model": "mistral-large", "messages": [{"role": "user", "content": "a"}]}, "chat", "mistral-large"),
        ("/v1/projects/p/locations/l/publishers/meta/models/llama-4:streamRawPredict",
         {"messages": [{"role": "user", "content": "a"}]}, "chat", "llama-4"),
    ],
)  # fmt: skip
def test_what_is_answered_as_a_chat_completion(
    exchanged: Exchanged, path: str, asked: Any, operation: str, model: str | None
) -> None:
    """Other questions, the same answer."""
    exchange = exchanged(path, asked, CHAT)
    assert (exchange.format.operation, exchange.request.model) == (operation, model)
    assert exchange.response.usage == Usage(input_tokens=10, output_tokens=5)
    assert exchange.context[0].kind == "user"
    assert exchange.request.stream is path.endswith("streamRawPredict")


def test_documents_are_read_by_the_page(exchanged: Exchanged) -> None:
    """OCR has no tokens."""
    said = {"model": "mistral-ocr", "pages": [{"markdown": "# x"}], "usage_info": {"pages_processed": 3}}
    exchange = exchanged("/v1/ocr", {"model": "m", "document": {"image_url": "u"}}, said)
    assert exchange.response.usage == Usage(units={"pages": 3})
    assert [block.kind for block in exchange.context] == ["image"]
