"""Is each answer of an OpenAI batch billed once, from its output file?"""

import json
from collections.abc import Callable
from typing import Any

import openai
from opentelemetry.sdk.trace import ReadableSpan

from otel_burn import names

Spans = Callable[[], list[ReadableSpan]]
CHAT = {
    "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-5-2025-08-07",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "secret"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
}  # fmt: skip
RESPONSE = {
    "id": "resp_1", "object": "response", "status": "completed", "model": "gpt-5-2025-08-07", "output": [],
    "usage": {"input_tokens": 20, "output_tokens": 6, "total_tokens": 26},
}  # fmt: skip
EMBEDDING = {
    "object": "list",
    "data": [],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 7, "total_tokens": 7},
}


def line(number: int, body: Any, status: int = 200) -> bytes:
    """A line of the output file."""
    response = {"status_code": status, "request_id": f"req_{number}", "body": body}
    return (
        json.dumps({"id": f"batch_req_{number}", "custom_id": str(number), "response": response}).encode()
        + b"\n"
    )


def test_each_answer_of_a_batch_is_a_call(server: Any, spans: Spans) -> None:
    """Chats, responses and embeddings, in the batch tier; failed ones not, and none a second time."""
    client = openai.OpenAI(base_url=server.url, max_retries=0)
    failed = line(4, {"error": {"message": "secret"}}, 500)
    for _ in range(2):
        server.stream([line(1, CHAT) + line(2, RESPONSE), line(3, EMBEDDING) + failed])
        server.answers[-1].content_type = "application/octet-stream"
        client.files.content("file-abc").read()
    found = [dict(span.attributes or {}) for span in spans()]
    calls = [one for one in found if names.USAGE_INPUT_TOKENS in one]
    keys = (names.RESPONSE_ID, names.USAGE_INPUT_TOKENS, names.SERVICE_TIER)
    assert [tuple(call[key] for key in keys) for call in calls] == [
        ("chatcmpl-1", 10, "batch"), ("resp_1", 20, "batch"), ("req_3", 7, "batch"),
    ]  # fmt: skip
    assert "secret" not in str(found)


def test_any_other_file_is_no_call(server: Any, spans: Spans) -> None:
    """A file of text, or of JSON that is no answer, leaves no span."""
    client = openai.OpenAI(base_url=server.url, max_retries=0)
    for content in (b"%PDF-1.7 \x00\xff", b'{"messages": []}\n{"messages": []}\n', b'{"messages": []}'):
        server.stream([content])
        server.answers[-1].content_type = "application/octet-stream"
        assert client.files.content("file-abc").read() == content
    assert spans() == []
