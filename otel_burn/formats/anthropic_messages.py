"""What does an Anthropic Messages exchange say?"""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest, names
from otel_burn.exchange import AttributeValue, Block, BlockKind, Request, Response, ToolCall
from otel_burn.formats.anthropic_usage import exclusive, input_tokens, more, of_delta, read_usage
from otel_burn.formats.body import Body
from otel_burn.formats.fields import (
    Json,
    count,
    error_code,
    joined_text,
    mapping,
    mappings,
    parameters,
    raw,
    text,
)
from otel_burn.formats.format import About, Format, Part
from otel_burn.manifest import Gathered
from otel_burn.usage import Usage

_KINDS: Final = {
    "image": BlockKind.IMAGE,
    "document": BlockKind.DOCUMENT,
    "search_result": BlockKind.DOCUMENT,
    "container_upload": BlockKind.DOCUMENT,
    "redacted_thinking": BlockKind.REASONING,
    "mcp_tool_listing": BlockKind.TOOL_DEFINITION,
    "tool_addition": BlockKind.TOOL_DEFINITION,
}
_ROLES: Final = {"assistant": BlockKind.ASSISTANT, "system": BlockKind.SYSTEM}
_CALLS: Final = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_OUR_CALLS: Final = frozenset({"tool_use"})
"""Tool calls that the caller runs; the others the provider runs within the same response."""


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a Messages request."""
    return body.is_list("messages") and ("max_tokens" in body or isinstance(body.get("model"), str))


def read_request(body: Body, _path: str) -> Request:
    """The request."""
    return Request(
        model=text(body, "model"),
        stream=body.get("stream") is True,
        parameters=_parameters(body),
    )


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body, success or error."""
    if body.get("type") == "error" or (isinstance(body.get("error"), dict) and "content" not in body):
        return Response(error_type=error_code(body.get("error")))
    return _response(
        body,
        output=tuple(
            block for part in mappings(body, "content") for block in _part(part, BlockKind.ASSISTANT)
        ),
        tool_calls=tuple(
            _tool_call(part) for part in mappings(body, "content") if text(part, "type") in _OUR_CALLS
        ),
    )


class Stream:
    """A streamed response, complete once `message_stop` was seen.

    `message_start` carries the input and a placeholder for the output; `message_delta` carries cumulative
    counts that replace it. So a stream that broke off in between reports no output, never the placeholder. Where a host
    ends with `[DONE]` instead of `message_stop`, that counts behind a stop reason.
    """

    def __init__(self, _: About) -> None:
        self._message: Json = {}
        self._usage: Json = {}
        self._read_at_start: int | None = None
        self._parts: dict[int | None, _Part] = {}
        self._complete = False

    def add(self, event: Json) -> None:
        """Take in the next event."""
        match event.get("type"):
            case "content_block_delta":
                if part := self._parts.get(count(event, "index")):
                    part.add(mapping(event, "delta"))
            case "message_start":
                self._message = mapping(event, "message")
                usage = mapping(self._message, "usage")
                self._usage = {key: value for key, value in usage.items() if key not in _OUTPUT}
                self._read_at_start = input_tokens(self._usage)
            case "content_block_start":
                self._parts[count(event, "index")] = _Part(mapping(event, "content_block"))
            case "message_delta":
                self._usage |= of_delta(mapping(event, "usage"))
                self._message |= mapping(event, "delta")
            case "message_stop":
                self._complete = True
            case _ if isinstance(event.get("error"), dict):
                self._message["error_type"] = error_code(event["error"])
            case _ if event.get("done") is True and "error_type" not in self._message:
                self._complete = self._complete or text(self._message, "stop_reason") is not None

    def response(self) -> Response:
        """The response as far as it came; tool calls that may be cut are left out."""
        parts = list(self._parts.values()) if self._complete else []
        return _response(
            self._message | {"usage": self._usage},
            usage=read_usage(exclusive(self._usage, self._read_at_start)),
            output=tuple(block for part in parts for block in part.output()),
            tool_calls=tuple(_tool_call(part.joined()) for part in parts if part.is_our_call),
            complete=self._complete,
        )


class _Part:
    """What has been streamed of one content block."""

    def __init__(self, start: Json) -> None:
        self._start = start
        self._said = Gathered()
        self._input: list[str] = []
        self.is_our_call = text(start, "type") in _OUR_CALLS
        self._signature = text(start, "signature") or ""
        self._said.add(text(start, "text") or text(start, "thinking") or "")

    def add(self, delta: Json) -> None:
        """The next piece."""
        if piece := text(delta, "text") or text(delta, "thinking"):
            self._said.add(piece)
        elif (piece := text(delta, "partial_json")) is not None:
            self._input.append(piece)
        elif signature := text(delta, "signature"):
            self._signature += signature
        elif delta.get("type") == "compaction_delta":
            self._start = self._start | {key: value for key, value in delta.items() if key != "type"}

    def joined(self) -> Json:
        """The content block, its input put together."""
        streamed = "".join(self._input)
        return self._start | {"input": streamed} if streamed else self._start

    def output(self) -> Iterable[Block]:
        """The content block as it will be sent back."""
        match self._start.get("type"):
            case "text":
                yield self._said.block(BlockKind.ASSISTANT)
            case "thinking" if self._said:
                yield self._said.block(BlockKind.REASONING)
            case "thinking":
                yield manifest.block(BlockKind.REASONING, self._signature)
            case _:
                yield from _part(self.joined(), BlockKind.ASSISTANT)


_OUTPUT: Final = frozenset({"output_tokens", "output_tokens_details"})


def _response(
    message: Json,
    *,
    output: tuple[Block, ...],
    tool_calls: tuple[ToolCall, ...],
    complete: bool = True,
    usage: Usage | None = None,
) -> Response:
    said = mapping(message, "usage")
    reason = text(message, "stop_reason")
    region = text(said, "inference_geo")
    return Response(
        id=text(message, "id"),
        model=text(message, "model"),
        usage=usage or read_usage(said),
        usage_raw=raw(said),
        finish_reasons=(reason,) if reason else (),
        tool_calls=tool_calls,
        output=output,
        service_tier=text(said, "service_tier"),
        speed=text(said, "speed"),
        region=None if region == "not_available" else region,
        more=tuple(more(said)),
        complete=complete,
        error_type=text(message, "error_type"),
    )


def _parameters(body: Body) -> dict[str, AttributeValue]:
    found = parameters(body)
    if level := text(mapping(body, "output_config"), "effort"):
        found[names.REQUEST_REASONING_LEVEL] = level
    return found


def _definition(tool: Any) -> Iterable[Block]:
    if isinstance(tool, dict):
        yield manifest.block(BlockKind.TOOL_DEFINITION, _unmarked(tool), tool=text(tool, "name") or "")


def _system(part: Any) -> Iterable[Block]:
    return _part(part, BlockKind.SYSTEM)


def _context_message(message: Any) -> Iterable[Block]:
    """The blocks of one message of a request."""
    if not isinstance(message, dict):
        return
    kind = _ROLES.get(str(message.get("role")), BlockKind.USER)
    content = message.get("content")
    for part in content if isinstance(content, list) else (content,):
        yield from _part(part, kind)


def _part(part: Any, kind: BlockKind) -> Iterable[Block]:
    """The block of one content block, or of a text that stands for one."""
    if isinstance(part, str):
        yield manifest.block(kind, part)
    if not isinstance(part, dict):
        return
    part_type = str(part.get("type"))
    if (said := text(part, "text")) is not None:
        yield manifest.block(kind, said)
    elif (thought := text(part, "thinking")) is not None:  # the signature only where the thought is left out
        yield manifest.block(BlockKind.REASONING, thought or text(part, "signature") or "")
    elif part_type in _CALLS:
        yield manifest.arguments_block(
            text(part, "id") or "", text(part, "name") or "", part.get("input", {})
        )
    elif part_type.endswith("tool_result"):
        yield _tool_result(part)
    elif part_type == "compaction":
        yield manifest.block(kind, text(part, "content") or "")
    else:
        yield manifest.block(_KINDS.get(part_type, kind), _unmarked(part))


def _unmarked(part: Json) -> Json:
    """*part* without its cache mark, which moves on with each turn, and without nulls, which come and go."""
    return {key: value for key, value in part.items() if key != "cache_control" and value is not None}


def _tool_result(part: Json) -> Block:
    content = part.get("content", "")
    said = joined_text(content)
    return manifest.block(
        BlockKind.TOOL_RESULT,
        content if said is None else said,
        tool_call_id=text(part, "tool_use_id") or "",
        error=manifest.error_class(said or "", flagged=part.get("is_error") is True),
    )


def _tool_call(part: Json) -> ToolCall:
    return manifest.tool_call(text(part, "id") or "", text(part, "name") or "", part.get("input", {}))


FORMAT: Final = Format(
    name="anthropic_messages",
    operation="chat",
    paths=("/v1/messages",),
    provider="anthropic",
    is_request=is_request,
    read_request=read_request,
    # Tools, system, messages: the order in which the cache sees them.
    context=(Part("tools", _definition), Part("system", _system), Part("messages", _context_message)),
    read_response=read_response,
    stream=Stream,
)
