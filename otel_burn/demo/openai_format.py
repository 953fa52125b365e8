"""How does the scripted model speak OpenAI's Chat Completions, plain and streamed?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from otel_burn.demo.dialogue import Answer, Block, Prompt, ToolUse, canonical, text_of, words

SNAPSHOTS = {"gpt-5": "gpt-5-2025-08-07", "gpt-5-mini": "gpt-5-mini-2025-08-07"}
"""The dated name that a response gives for a model's alias."""
CREATED = 1_795_000_000
"""A fixed moment: the demo answers the same in every run."""
REQUEST_ID = "x-request-id"

Json = dict[str, Any]


def read(body: Mapping[str, Any]) -> Prompt:
    """The request as a prompt; OpenAI caches by itself, so no block asks for it."""
    messages = body["messages"]
    tools = [Block(canonical(tool)) for tool in body.get("tools") or ()]
    return Prompt(
        model=body["model"],
        system=next((text_of(m["content"]) for m in messages if m["role"] in ("system", "developer")), ""),
        blocks=(*tools, *(Block(canonical(message)) for message in messages)),
        turn=sum(message["role"] == "assistant" for message in messages),
        stream=bool(body.get("stream")),
        wants_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        limit=body.get("max_completion_tokens") or body.get("max_tokens"),
    )


def plain(answer: Answer) -> Json:
    """The response in one piece."""
    message: Json = {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []}
    if answer.tools:
        message["tool_calls"] = [_tool_call(tool) for tool in answer.tools]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
    return {**_frame(answer, "chat.completion"), "choices": [choice], "usage": usage(answer)}


def events(answer: Answer, prompt: Prompt) -> Iterator[bytes]:
    """The response as server-sent events; usage comes last, and only when it was asked for."""
    nothing_yet: Json = {"usage": None} if prompt.wants_usage else {}
    frame = {**_frame(answer, "chat.completion.chunk"), **nothing_yet}
    for delta in _deltas(answer):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        yield _event({**frame, "choices": [choice]})
    last = {"index": 0, "delta": {}, "logprobs": None, "finish_reason": _finish(answer)}
    yield _event({**frame, "choices": [last]})
    if prompt.wants_usage:
        yield _event({**frame, "choices": [], "usage": usage(answer)})
    yield b"data: [DONE]\n\n"


def usage(answer: Answer) -> Json:
    """OpenAI's usage object: cached tokens are part of the prompt, reasoning is part of the completion."""
    used = answer.consumption
    return {
        "prompt_tokens": used.input,
        "completion_tokens": used.output,
        "total_tokens": used.input + used.output,
        "prompt_tokens_details": {"cached_tokens": used.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": used.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def error(status: int, message: str, request_id: str) -> Json:
    """An error in OpenAI's words; its request id stands in the header only."""
    kind, code = {429: ("requests", "rate_limit_exceeded"), 401: ("invalid_request_error", "invalid_api_key"),
                  500: ("server_error", None), 503: ("server_error", None)}.get(
        status, ("invalid_request_error", None)
    )  # fmt: skip
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _frame(answer: Answer, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{answer.id}",
        "object": kind,
        "created": CREATED,
        "model": SNAPSHOTS.get(answer.model, answer.model),
        "service_tier": "default",
        "system_fingerprint": None,
    }


def _deltas(answer: Answer) -> Iterator[Json]:
    yield {"role": "assistant", "content": "", "refusal": None}
    for word in words(answer.text):
        yield {"content": word}
    for index, tool in enumerate(answer.tools):
        call = _tool_call(tool)
        arguments = call["function"]["arguments"]
        yield {"tool_calls": [{"index": index, **call, "function": {"name": tool.name, "arguments": ""}}]}
        for start in range(0, len(arguments), 12):
            piece = arguments[start : start + 12]
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _tool_call(tool: ToolUse) -> Json:
    function = {"name": tool.name, "arguments": json.dumps(tool.arguments)}
    return {"id": f"call_{tool.id}", "type": "function", "function": function}


def _finish(answer: Answer) -> str:
    return "length" if answer.cut else "tool_calls" if answer.tools else "stop"


def _event(data: Json) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()
