"""How does the scripted model speak Gemini's generateContent and streamGenerateContent?"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from otel_burn.demo.dialogue import Answer, Block, Prompt, ToolUse, canonical, text_of, words

STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}
"""The canonical code that stands beside an HTTP status."""

Json = dict[str, Any]


def read(body: Mapping[str, Any]) -> Prompt:
    """The request as a prompt; *body* holds `model` and `method` of its path too."""
    contents = body["contents"]
    system = body.get("systemInstruction") or {}
    tools = [Block(canonical(tool)) for tool in body.get("tools") or ()]
    return Prompt(
        model=body["model"],
        system=text_of(system.get("parts") or ""),
        blocks=(
            *tools,
            *([Block(canonical(system))] if system else []),
            *(Block(canonical(content)) for content in contents),
        ),
        turn=sum(content.get("role") == "model" for content in contents),
        stream=body["method"] == "streamGenerateContent",
        limit=(body.get("generationConfig") or {}).get("maxOutputTokens"),
    )


def plain(answer: Answer) -> Json:
    """The response in one piece."""
    said = [{"text": answer.text}] if answer.text else []
    return {
        **_candidate([*said, *map(_function_call, answer.tools)], _finish(answer)),
        "usageMetadata": usage(answer),
        **_frame(answer),
    }


def events(answer: Answer, prompt: Prompt) -> Iterator[bytes]:
    """The response as server-sent events; each tells the usage so far, and none says that it is the last."""
    begun = {key: value for key, value in usage(answer).items() if not key.startswith("candidates")}
    begun["totalTokenCount"] = answer.consumption.input + answer.consumption.reasoning
    for word in words(answer.text):
        yield _event({**_candidate([{"text": word}]), "usageMetadata": begun, **_frame(answer)})
    last = [_function_call(tool) for tool in answer.tools] or [{"text": ""}]
    yield _event({**_candidate(last, _finish(answer)), "usageMetadata": usage(answer), **_frame(answer)})


def usage(answer: Answer) -> Json:
    """Gemini's usage object: what is cached is part of the prompt, thoughts are no part of the candidates."""
    used = answer.consumption
    counts = {
        "promptTokenCount": used.input,
        "candidatesTokenCount": used.output - used.reasoning,
        "totalTokenCount": used.input + used.output,
        "thoughtsTokenCount": used.reasoning,
        "cachedContentTokenCount": used.cache_read,
    }
    details = [{"modality": "TEXT", "tokenCount": used.input}]
    return {**{key: count for key, count in counts.items() if count}, "promptTokensDetails": details}


def error(status: int, message: str, request_id: str) -> Json:
    """An error in Google's words; there is no request id."""
    return {"error": {"code": status, "message": message, "status": STATUS.get(status, "UNKNOWN")}}


def _candidate(parts: list[Json], finish: str | None = None) -> Json:
    ended = {"finishReason": finish} if finish else {}
    return {"candidates": [{"content": {"role": "model", "parts": parts}, **ended, "index": 0}]}


def _finish(answer: Answer) -> str:
    return "MAX_TOKENS" if answer.cut else "STOP"


def _frame(answer: Answer) -> Json:
    return {"modelVersion": answer.model, "responseId": answer.id}


def _function_call(tool: ToolUse) -> Json:
    return {"functionCall": {"id": tool.id, "name": tool.name, "args": dict(tool.arguments)}}


def _event(data: Json) -> bytes:
    return f"data: {json.dumps(data)}\r\n\r\n".encode()
