"""What does an Anthropic Messages exchange say?"""

from collections.abc import Iterable
from typing import Final

import msgspec

from otel_burn import manifest, names
from otel_burn.exchange import AttributeValue, Block, BlockKind, Request, Response, ToolCall
from otel_burn.formats.fields import Json, count, error_code, joined_text, mapping, mappings, parameters, text
from otel_burn.usage import Usage

_KINDS: Final = {
    "image": BlockKind.IMAGE,
    "document": BlockKind.DOCUMENT,
    "thinking": BlockKind.REASONING,
    "redacted_thinking": BlockKind.REASONING,
}
_CALLS: Final = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_OUR_CALLS: Final = frozenset({"tool_use"})
"""Tool calls that the caller runs; the others the provider runs within the same response."""


def is_request(body: Json) -> bool:
    """Whether *body* has the shape of a Messages request."""
    return isinstance(body.get("messages"), list) and "max_tokens" in body


def read_request(body: Json) -> Request:
    """The request; its blocks are tools, system, messages: the order in which the cache sees them."""
    tools = [_definition(tool) for tool in mappings(body, "tools")]
    system = _content(body.get("system"), BlockKind.SYSTEM, {})
    return Request(
        model=text(body, "model"),
        stream=body.get("stream") is True,
        parameters=_parameters(body),
        blocks=(*tools, *system, *_messages(mappings(body, "messages"))),
    )


def read_response(body: Json) -> Response:
    """The response from a whole body, success or error."""
    if body.get("type") == "error":
        return Response(error_type=error_code(body.get("error")))
    return _response(body, mappings(body, "content"), complete=True)


def read_stream(events: Iterable[Json]) -> Response:
    """The response from the events of a stream, complete once `message_stop` was seen.

    `message_start` carries the input and a placeholder for the output; `message_delta` carries cumulative
    counts that replace it. So a stream that broke off in between reports no output, never the placeholder.
    """
    message: Json = {}
    usage: Json = {}
    content: dict[int | None, Json] = {}
    complete = False
    for event in events:
        match event.get("type"):
            case "message_start":
                message = mapping(event, "message")
                usage = {key: value for key, value in mapping(message, "usage").items() if key not in _OUTPUT}
            case "content_block_start":
                content[count(event, "index")] = dict(mapping(event, "content_block"))
            case "content_block_delta":
                _extend(content.setdefault(count(event, "index"), {}), mapping(event, "delta"))
            case "message_delta":
                usage |= {key: value for key, value in mapping(event, "usage").items() if value is not None}
                message = message | mapping(event, "delta")
            case "message_stop":
                complete = True
            case "error":
                message["error_type"] = error_code(event.get("error"))
    return _response(message | {"usage": usage}, list(content.values()), complete=complete)


def read_usage(usage: Json) -> Usage | None:
    """The token counts. `input_tokens` of this API excludes what was cached; ours includes it."""
    if (uncached := count(usage, "input_tokens")) is None:
        return None
    read, written = count(usage, "cache_read_input_tokens"), count(usage, "cache_creation_input_tokens")
    by_lifetime = mapping(usage, "cache_creation")
    return Usage(
        input_tokens=uncached + (read or 0) + (written or 0),
        output_tokens=count(usage, "output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_5m_tokens=count(by_lifetime, "ephemeral_5m_input_tokens"),
        cache_write_1h_tokens=count(by_lifetime, "ephemeral_1h_input_tokens"),
        reasoning_tokens=count(mapping(usage, "output_tokens_details"), "thinking_tokens"),
    )


_OUTPUT: Final = frozenset({"output_tokens", "output_tokens_details"})


def _response(message: Json, content: list[Json], *, complete: bool) -> Response:
    usage = mapping(message, "usage")
    reason = text(message, "stop_reason")
    return Response(
        id=text(message, "id"),
        model=text(message, "model"),
        usage=read_usage(usage),
        usage_raw=msgspec.json.encode(usage).decode() if usage else None,
        finish_reasons=(reason,) if reason else (),
        tool_calls=tuple(_tool_call(part) for part in content if part.get("type") in _OUR_CALLS)
        if complete
        else (),
        service_tier=text(usage, "service_tier"),
        region=text(usage, "inference_geo"),
        complete=complete,
        error_type=text(message, "error_type"),
    )


def _parameters(body: Json) -> dict[str, AttributeValue]:
    found = parameters(body)
    if level := text(mapping(body, "output_config"), "effort"):
        found[names.REQUEST_REASONING_LEVEL] = level
    return found


def _definition(tool: Json) -> Block:
    uncached = {key: value for key, value in tool.items() if key != "cache_control"}
    return manifest.block(BlockKind.TOOL_DEFINITION, uncached, tool=text(tool, "name") or "")


def _messages(messages: list[Json]) -> Iterable[Block]:
    asked: dict[str, str] = {}
    for message in messages:
        kind = BlockKind.ASSISTANT if message.get("role") == "assistant" else BlockKind.USER
        yield from _content(message.get("content"), kind, asked)


def _content(content: object, kind: BlockKind, asked: dict[str, str]) -> Iterable[Block]:
    """The blocks of *content*; *asked* learns the name of each tool call, to name its result."""
    if isinstance(content, str):
        yield manifest.block(kind, content)
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict):
            continue
        part_type = str(part.get("type"))
        said = text(part, "text")
        if said is not None:
            yield manifest.block(kind, said)
        elif part_type in _CALLS:
            call_id, name = text(part, "id") or "", text(part, "name") or ""
            asked[call_id] = name
            yield manifest.arguments_block(call_id, name, part.get("input", {}))
        elif part_type.endswith("tool_result"):
            yield _tool_result(part, asked)
        else:
            uncached = {key: value for key, value in part.items() if key != "cache_control"}
            yield manifest.block(_KINDS.get(part_type, kind), uncached)


def _tool_result(part: Json, asked: dict[str, str]) -> Block:
    content = part.get("content", "")
    said = joined_text(content)
    call_id = text(part, "tool_use_id") or ""
    return manifest.block(
        BlockKind.TOOL_RESULT,
        content if said is None else said,
        tool=asked.get(call_id, ""),
        tool_call_id=call_id,
        error=manifest.error_class(said or "", flagged=part.get("is_error") is True),
    )


def _tool_call(part: Json) -> ToolCall:
    streamed = "".join(part.get(_PIECES, ()))
    return manifest.tool_call(
        text(part, "id") or "", text(part, "name") or "", streamed or part.get("input", {})
    )


def _extend(part: Json, delta: Json) -> None:
    """Add a stream's *delta* to the content block that it continues; text is not kept."""
    if (more := text(delta, "partial_json")) is not None:
        part.setdefault(_PIECES, []).append(more)


_PIECES: Final = "otel_burn.partial_json"
"""Where the pieces of a streamed input are gathered, which can be many."""
