"""How does the scripted model speak Anthropic's Messages, plain and streamed?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from otel_burn.demo.dialogue import Answer, Block, Prompt, ToolUse, canonical, words

REQUEST_ID = "request-id"
KINDS = {
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
}
"""What an error is called, by its status."""

Json = dict[str, Any]


def read(body: Mapping[str, Any]) -> Prompt:
    """The request as a prompt, with its cache marks in the order tools, system, messages."""
    system = _parts(body.get("system") or [])
    messages = [
        (message["role"], part) for message in body["messages"] for part in _parts(message["content"])
    ]
    return Prompt(
        model=body["model"],
        system="".join(part.get("text", "") for part in system),
        blocks=(
            *(_block("tool", tool) for tool in body.get("tools") or ()),
            *(_block("system", part) for part in system),
            *(_block(role, part) for role, part in messages),
        ),
        turn=sum(message["role"] == "assistant" for message in body["messages"]),
        stream=bool(body.get("stream")),
        limit=body.get("max_tokens"),
    )


def plain(answer: Answer) -> Json:
    """The response in one piece."""
    text: list[Json] = [{"type": "text", "text": answer.text}]
    content = text + [_tool_use(tool, tool.arguments) for tool in answer.tools]
    return {**_frame(answer), "content": content, "stop_reason": _stop(answer), "usage": usage(answer)}


def events(answer: Answer, prompt: Prompt) -> Iterator[bytes]:
    """The response as server-sent events; each usage is a total so far, never a difference."""
    opening = {**_frame(answer), "content": [], "stop_reason": None}
    yield _event("message_start", {"message": {**opening, "usage": {**usage(answer), "output_tokens": 1}}})
    yield _event("ping", {})
    yield from _content(0, {"type": "text", "text": ""}, _words(answer))
    for index, tool in enumerate(answer.tools, start=1):
        yield from _content(index, _tool_use(tool, {}), _argument_pieces(tool))
    delta = {"stop_reason": _stop(answer), "stop_sequence": None}
    total = {key: value for key, value in usage(answer).items() if key.endswith("_tokens")}
    yield _event("message_delta", {"delta": delta, "usage": total})
    yield _event("message_stop", {})


def usage(answer: Answer) -> Json:
    """Anthropic's usage object: `input_tokens` leaves the cache out."""
    used = answer.consumption
    return {
        "input_tokens": used.uncached,
        "cache_creation_input_tokens": used.cache_write,
        "cache_read_input_tokens": used.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": used.cache_write_5m,
            "ephemeral_1h_input_tokens": used.cache_write_1h,
        },
        "output_tokens": used.output,
        "service_tier": "standard",
        "inference_geo": "global",
    }


def error(status: int, message: str, request_id: str) -> Json:
    """An error in Anthropic's words."""
    kind = KINDS.get(status, "invalid_request_error")
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}


def _parts(content: str | list[Json]) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _block(role: str, part: Json) -> Block:
    mark = part.get("cache_control")
    # A mark is no content: moving it to the next message leaves the prefix as it was.
    text = canonical({"role": role, **{key: value for key, value in part.items() if key != "cache_control"}})
    return Block(text, mark.get("ttl", "5m") if mark else None)


def _frame(answer: Answer) -> Json:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "stop_sequence": None,
    }


def _content(index: int, opening: Json, deltas: Iterator[Json]) -> Iterator[bytes]:
    yield _event("content_block_start", {"index": index, "content_block": opening})
    for delta in deltas:
        yield _event("content_block_delta", {"index": index, "delta": delta})
    yield _event("content_block_stop", {"index": index})


def _words(answer: Answer) -> Iterator[Json]:
    for word in words(answer.text):
        yield {"type": "text_delta", "text": word}


def _argument_pieces(tool: ToolUse) -> Iterator[Json]:
    text = json.dumps(tool.arguments)
    for start in range(0, len(text), 12):
        yield {"type": "input_json_delta", "partial_json": text[start : start + 12]}


def _tool_use(tool: ToolUse, arguments: Mapping[str, Any]) -> Json:
    return {"type": "tool_use", "id": f"toolu_{tool.id}", "name": tool.name, "input": dict(arguments)}


def _stop(answer: Answer) -> str:
    return "max_tokens" if answer.cut else "tool_use" if answer.tools else "end_turn"


def _event(kind: str, data: Json) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **data})}\n\n".encode()
