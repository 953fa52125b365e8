"""What does a Bedrock Converse exchange say? Whole or streamed, and the same shapes where Nova is invoked."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response, ToolCall
from otel_burn.formats.bedrock_envelope import http_error, model_of, parameters_of, stream_error
from otel_burn.formats.body import Body
from otel_burn.formats.fields import Json, count, joined_text, mapping, mappings, raw, text
from otel_burn.formats.format import About, Format, Part
from otel_burn.manifest import Gathered
from otel_burn.usage import Usage

_KINDS: Final = {
    "image": BlockKind.IMAGE,
    "document": BlockKind.DOCUMENT,
    "searchResult": BlockKind.DOCUMENT,
    "toolAddition": BlockKind.TOOL_DEFINITION,
}
_SERVERS_OWN: Final = "server_tool_use"
"""The type of a tool call that the model's provider runs within the same response."""


def is_request(_: Body) -> bool:
    """Always: no other format has its paths, and one that calls a stored prompt needs nothing in its body."""
    return True


def read_request(body: Body, path: str) -> Request:
    """The request; the path says which model, and whether it streams."""
    return Request(
        model=model_of(path), stream=path.endswith("converse-stream"), parameters=parameters_of(body)
    )


def read_response(body: Json, about: About) -> Response:
    """The response from a whole body, success or error."""
    content = mappings(mapping(mapping(body, "output"), "message"), "content")
    return _response(
        body,
        reason=text(body, "stopReason"),
        content=content,
        output=tuple(block for part in content for block in _part(part, BlockKind.ASSISTANT)),
        error=http_error(body, about),
    )


class Stream:
    """A streamed response, complete once `messageStop` and `metadata`, which carries the usage, were seen."""

    def __init__(self, _: About) -> None:
        self._parts: dict[int | None, _Part] = {}
        self._metadata: Json = {}
        self._stopped: Json | None = None
        self._error: str | None = None

    def add(self, event: Json) -> None:
        """Take in the next event."""
        self._error = self._error or stream_error(event)
        for name in ("contentBlockStart", "contentBlockDelta"):
            if said := mapping(event, name):
                part = self._parts.setdefault(count(said, "contentBlockIndex"), _Part())
                part.add(mapping(said, "start"))
                part.add(mapping(said, "delta"))
        if isinstance(event.get("messageStop"), dict):
            self._stopped = event["messageStop"]
        self._metadata |= mapping(event, "metadata")

    def response(self) -> Response:
        """The response as far as it came; tool calls that may be cut are left out."""
        complete = self._stopped is not None and bool(self._metadata) and self._error is None
        parts = [part for _, part in sorted(self._parts.items(), key=_place)] if complete else []
        return _response(
            self._metadata,
            reason=text(self._stopped or {}, "stopReason"),
            content=[part.joined() for part in parts],
            output=tuple(block for part in parts for block in part.output()),
            complete=complete,
            error=self._error,
        )


def _place(item: tuple[int | None, "_Part"]) -> int:
    return -1 if item[0] is None else item[0]


class _Part:
    """What has been streamed of one content block. Texts have no start, only deltas."""

    def __init__(self) -> None:
        self._said = Gathered()
        self._thought = Gathered()
        self._input: list[str] = []
        self._signature = ""
        self._results: list[Json] = []
        self._merged: Json = {}

    def add(self, piece: Json) -> None:
        """The next piece: a start or a delta."""
        self._said.add(text(piece, "text") or "")
        for key, value in piece.items():
            if isinstance(value, dict):
                self._merged[key] = mapping(self._merged, key) | value
            elif key == "toolResult":
                self._results.extend(mappings(piece, key))
        self._input.append(text(mapping(piece, "toolUse"), "input") or "")
        thought = mapping(piece, "reasoningContent")
        self._thought.add(text(thought, "text") or "")
        self._signature += text(thought, "signature") or ""

    def joined(self) -> Json:
        """The content block, put together, but for its text."""
        if call := mapping(self._merged, "toolUse"):
            return {"toolUse": call | {"input": "".join(self._input) or mapping(call, "input")}}
        if result := mapping(self._merged, "toolResult"):
            return {"toolResult": result | {"content": self._results}}
        return {
            key: value for key, value in self._merged.items() if key not in ("reasoningContent", "citation")
        }

    def output(self) -> Iterable[Block]:
        """The content block as it will be sent back."""
        if self._said:
            yield self._said.block(BlockKind.ASSISTANT)
        elif self._thought:
            yield self._thought.block(BlockKind.REASONING)
        elif thought := mapping(self._merged, "reasoningContent"):
            yield from _reasoning({"redactedContent": thought.get("redactedContent")}, self._signature)
        elif joined := self.joined():
            yield from _part(joined, BlockKind.ASSISTANT)


def read_usage(usage: Json) -> Usage | None:
    """The token counts. `inputTokens` excludes what was cached, unless `totalTokens` shows that it doesn't."""
    if (given := count(usage, "inputTokens")) is None:
        return None
    output, total = count(usage, "outputTokens"), count(usage, "totalTokens")
    read = _either(usage, "cacheReadInputTokens", "cacheReadInputTokenCount")
    written = _either(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    cached = (read or 0) + (written or 0)
    # https://github.com/maximhq/bifrost/pull/6942: models in OpenAI's family were seen to report it so.
    inclusive = cached <= given and total is not None and total == given + (output or 0)
    by_lifetime = {text(one, "ttl"): count(one, "inputTokens") for one in mappings(usage, "cacheDetails")}
    return Usage(
        input_tokens=given if inclusive else given + cached,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_5m_tokens=by_lifetime.get("5m"),
        cache_write_1h_tokens=by_lifetime.get("1h"),
    )


def _either(usage: Json, key: str, other: str) -> int | None:
    found = count(usage, key)
    return count(usage, other) if found is None else found


def _response(
    body: Json,
    *,
    reason: str | None,
    content: list[Json],
    output: tuple[Block, ...],
    error: str | None,
    complete: bool = True,
) -> Response:
    usage = mapping(body, "usage")
    latency = text(mapping(body, "performanceConfig"), "latency")
    return Response(
        model=text(mapping(mapping(body, "trace"), "promptRouter"), "invokedModelId"),
        usage=read_usage(usage),
        usage_raw=raw(usage),
        finish_reasons=(reason,) if reason else (),
        tool_calls=tuple(
            _tool_call(call)
            for part in content
            if (call := mapping(part, "toolUse")) and call.get("type") != _SERVERS_OWN
        ),
        service_tier=text(mapping(body, "serviceTier"), "type"),
        speed=None if latency == "standard" else latency,
        output=output,
        complete=complete,
        error_type=error,
    )


def _tool_config(config: Any) -> Iterable[Block]:
    for tool in mappings(config, "tools") if isinstance(config, dict) else ():
        if defined := mapping(tool, "toolSpec") or mapping(tool, "systemTool"):
            yield manifest.block(BlockKind.TOOL_DEFINITION, defined, tool=text(defined, "name") or "")


def _system(part: Any) -> Iterable[Block]:
    return context_part(part, BlockKind.SYSTEM)


def _variables(variables: Any) -> Iterable[Block]:
    for variable in variables.values() if isinstance(variables, dict) else ():
        yield from context_part(variable, BlockKind.USER)


def context_message(message: Any) -> Iterable[Block]:
    """The blocks of one message of a request."""
    if not isinstance(message, dict):
        return
    kind = BlockKind.ASSISTANT if message.get("role") == "assistant" else BlockKind.USER
    content = message.get("content")
    for part in content if isinstance(content, list) else (content,):
        yield from context_part(part, kind)


def context_part(part: Any, kind: BlockKind) -> Iterable[Block]:
    """The block of one content block of a request, or of a text that stands for one."""
    if isinstance(part, str):
        yield manifest.block(kind, part)
    elif isinstance(part, dict):
        yield from _part(part, kind)


def _part(part: Json, kind: BlockKind) -> Iterable[Block]:
    if (said := text(part, "text")) is not None:
        yield manifest.block(kind, said)
    for key, value in part.items():
        match key:
            case "text" | "cachePoint":
                continue
            case "toolUse" if isinstance(value, dict):
                yield manifest.arguments_block(
                    text(value, "toolUseId") or "", text(value, "name") or "", value.get("input", {})
                )
            case "toolResult" if isinstance(value, dict):
                yield _tool_result(value)
            case "reasoningContent" if isinstance(value, dict):
                thought = mapping(value, "reasoningText")
                yield from _reasoning(value | thought, text(thought, "signature") or "")
            case "guardContent" if guarded := text(mapping(mapping(part, key), "text"), "text"):
                yield manifest.block(kind, guarded)
            case "citationsContent" if cited := joined_text(mapping(part, key).get("content")):
                yield manifest.block(kind, cited)
            case _:
                yield manifest.block(_KINDS.get(key, kind), value)


def _reasoning(thought: Json, signature: str) -> Iterable[Block]:
    """The block of a *thought*: of its *signature* only where the thought is left out."""
    yield manifest.block(
        BlockKind.REASONING, text(thought, "text") or text(thought, "redactedContent") or signature
    )


def _tool_result(result: Json) -> Block:
    content = result.get("content", "")
    said = joined_text(content)
    if said is None and isinstance(content, list) and len(content) == 1 and isinstance(content[0], dict):
        content = content[0].get("json", content)
    return manifest.block(
        BlockKind.TOOL_RESULT,
        content if said is None else said,
        tool_call_id=text(result, "toolUseId") or "",
        error=manifest.error_class(said or "", flagged=result.get("status") == "error"),
    )


def _tool_call(call: Json) -> ToolCall:
    return manifest.tool_call(text(call, "toolUseId") or "", text(call, "name") or "", call.get("input", {}))


CONTEXT: Final = (
    Part("toolConfig", _tool_config),
    Part("system", _system),
    Part("promptVariables", _variables),
    Part("messages", context_message),
)

FORMAT: Final = Format(
    name="bedrock_converse",
    operation="chat",
    paths=("/model/*/converse", "/model/*/converse-stream"),
    provider="aws.bedrock",
    is_request=is_request,
    read_request=read_request,
    context=CONTEXT,
    read_response=read_response,
    stream=Stream,
)
