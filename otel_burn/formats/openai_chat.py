"""What does an OpenAI Chat Completions exchange say? Also spoken by many other hosts."""

from collections.abc import Iterable
from typing import Final

import msgspec

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response, ToolCall
from otel_burn.formats.fields import Json, count, error_code, joined_text, mapping, mappings, parameters, text
from otel_burn.usage import Usage

_PLAIN_KINDS: Final = {
    "system": BlockKind.SYSTEM,
    "developer": BlockKind.SYSTEM,
    "assistant": BlockKind.ASSISTANT,
}
_PART_KINDS: Final = {
    "image_url": BlockKind.IMAGE,
    "input_audio": BlockKind.DOCUMENT,
    "file": BlockKind.DOCUMENT,
}


def is_request(body: Json) -> bool:
    """Whether *body* has the shape of a chat completion request."""
    return isinstance(body.get("messages"), list) and isinstance(body.get("model", ""), str)


def read_request(body: Json) -> Request:
    """The request; its blocks are the tool definitions, then the messages."""
    tools = [_definition(tool) for tool in mappings(body, "tools")]
    return Request(
        model=text(body, "model"),
        stream=body.get("stream") is True,
        parameters=parameters(body),
        blocks=(*tools, *_messages(mappings(body, "messages"))),
    )


def read_response(body: Json) -> Response:
    """The response from a whole body, success or error."""
    choices = mappings(body, "choices")
    calls = [call for choice in choices for call in mappings(mapping(choice, "message"), "tool_calls")]
    reasons = [reason for choice in choices if (reason := text(choice, "finish_reason"))]
    return _response(body, reasons, calls, complete=True)


def read_stream(events: Iterable[Json]) -> Response:
    """The response from the events of a stream, complete once `[DONE]` was seen.

    Usage is read from any chunk, the last one that has it wins: some hosts repeat it cumulatively, and some
    send it beside the last choice.
    """
    merged: Json = {}
    finish: dict[int | None, str] = {}
    calls: dict[tuple[int | None, int | None], Json] = {}
    done = False
    for event in events:
        done = done or event.get("done") is True
        merged.update({key: value for key, value in event.items() if value is not None and key in _KEPT})
        for choice in mappings(event, "choices"):
            if reason := text(choice, "finish_reason"):
                finish[count(choice, "index")] = reason
            for delta in mappings(mapping(choice, "delta"), "tool_calls"):
                _extend(calls.setdefault((count(choice, "index"), count(delta, "index")), {}), delta)
    return _response(
        merged,
        list(finish.values()),
        [_joined(call) for call in calls.values()] if done else [],
        complete=done,
    )


def read_usage(usage: Json) -> Usage | None:
    """The token counts; `prompt_tokens` includes what was cached, `completion_tokens` the reasoning."""
    read, write = mapping(usage, "prompt_tokens_details"), mapping(usage, "completion_tokens_details")
    if (prompt := count(usage, "prompt_tokens")) is None:
        return None
    return Usage(
        input_tokens=prompt,
        output_tokens=count(usage, "completion_tokens"),
        cache_read_tokens=count(read, "cached_tokens"),
        cache_write_tokens=count(read, "cache_write_tokens"),
        reasoning_tokens=count(write, "reasoning_tokens"),
        audio_input_tokens=count(read, "audio_tokens"),
        audio_output_tokens=count(write, "audio_tokens"),
    )


_KEPT: Final = frozenset({"id", "model", "usage", "service_tier", "error", "x_groq"})


def _response(body: Json, reasons: list[str], calls: list[Json], *, complete: bool) -> Response:
    # Groq's streams carry the usage in a field of its own.
    usage = mapping(body, "usage") or mapping(mapping(body, "x_groq"), "usage")
    return Response(
        id=text(body, "id"),
        model=text(body, "model"),
        usage=read_usage(usage),
        usage_raw=msgspec.json.encode(usage).decode() if usage else None,
        finish_reasons=tuple(reasons),
        tool_calls=tuple(_tool_call(call) for call in calls),
        service_tier=text(body, "service_tier"),
        complete=complete,
        error_type=error_code(error) if (error := body.get("error")) else None,
    )


def _definition(tool: Json) -> Block:
    name = text(mapping(tool, "function"), "name") or text(tool, "name") or text(tool, "type") or ""
    return manifest.block(BlockKind.TOOL_DEFINITION, mapping(tool, "function") or tool, tool=name)


def _messages(messages: list[Json]) -> Iterable[Block]:
    asked: dict[str, str] = {}
    for message in messages:
        for call in mappings(message, "tool_calls"):
            asked[text(call, "id") or ""] = text(mapping(call, "function"), "name") or ""
        if message.get("role") in ("tool", "function"):
            yield _tool_result(message, asked)
        else:
            yield from _message(message)


def _message(message: Json) -> Iterable[Block]:
    kind = _PLAIN_KINDS.get(str(message.get("role")), BlockKind.USER)
    content = message.get("content")
    if isinstance(content, str):
        yield manifest.block(kind, content)
    for part in mappings(message, "content"):
        said = text(part, "text")
        yield manifest.block(_PART_KINDS.get(str(part.get("type")), kind), part if said is None else said)
    for call in mappings(message, "tool_calls"):
        function = mapping(call, "function")
        yield manifest.arguments_block(
            text(call, "id") or "", text(function, "name") or "", function.get("arguments", "")
        )


def _tool_result(message: Json, asked: dict[str, str]) -> Block:
    content = message.get("content")
    said = joined_text(content)
    call_id = text(message, "tool_call_id") or ""
    return manifest.block(
        BlockKind.TOOL_RESULT,
        content if said is None else said,
        tool=asked.get(call_id) or text(message, "name") or "",
        tool_call_id=call_id,
        error=manifest.error_class(said or "", flagged=False),
    )


def _tool_call(call: Json) -> ToolCall:
    function = mapping(call, "function")
    arguments = function.get("arguments", "")
    return manifest.tool_call(text(call, "id") or "", text(function, "name") or "", arguments)


def _extend(call: Json, delta: Json) -> None:
    """Add a stream's *delta* to the tool *call* that it continues, in pieces: they can be many."""
    pieces = call.setdefault("function", {"name": [], "arguments": []})
    call["id"] = call.get("id") or text(delta, "id") or ""
    for key in ("name", "arguments"):
        pieces[key].append(text(mapping(delta, "function"), key) or "")


def _joined(call: Json) -> Json:
    return call | {"function": {key: "".join(pieces) for key, pieces in call["function"].items()}}
