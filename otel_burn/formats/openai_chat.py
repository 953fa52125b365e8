"""What does an OpenAI Chat Completions exchange say? Also spoken by many other hosts."""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, Request, Response, ToolCall
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


def is_request(body: Body) -> bool:
    """Whether *body* has the shape of a chat completion request."""
    return body.is_list("messages") and isinstance(body.get("model", ""), str)


def read_request(body: Body, path: str) -> Request:
    """The request; Azure names its deployment in the path too."""
    return Request(
        model=text(body, "model") or deployment(path),
        stream=body.get("stream") is True,
        parameters=parameters(body),
    )


def deployment(path: str) -> str | None:
    """The deployment that an Azure *path* names (`/openai/deployments/NAME/…`)."""
    _, found, after = path.partition("/deployments/")
    return unquote(after.partition("/")[0]) if found else None


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body, success or error."""
    messages = [(choice, mapping(choice, "message")) for choice in mappings(body, "choices")]
    return _response(
        body,
        finish_reasons=tuple(r for choice, _ in messages if (r := text(choice, "finish_reason"))),
        output=tuple(block for _, message in messages for block in _message(message)),
        tool_calls=tuple(_tool_call(call) for _, m in messages for call in mappings(m, "tool_calls")),
    )


class Stream:
    """A streamed response, complete once `[DONE]` was seen.

    Usage is read from any chunk, the last one that has it wins: some hosts repeat it cumulatively, and some
    send it beside the last choice.
    """

    def __init__(self, _: About) -> None:
        self._merged: Json = {}
        self._choices: dict[int | None, _Choice] = {}
        self._done = False

    def add(self, event: Json) -> None:
        """Take in the next chunk."""
        self._done = self._done or event.get("done") is True
        self._merged.update(
            {key: value for key, value in event.items() if value is not None and key in _KEPT}
        )
        for choice in mappings(event, "choices"):
            index = count(choice, "index")
            if (known := self._choices.get(index)) is None:
                known = self._choices[index] = _Choice()
            known.add(choice)

    def response(self) -> Response:
        """The response as far as it came; tool calls that may be cut are left out."""
        choices = self._choices.values()
        return _response(
            self._merged,
            finish_reasons=tuple(choice.finish for choice in choices if choice.finish),
            output=tuple(block for choice in choices for block in choice.output()) if self._done else (),
            tool_calls=tuple(_tool_call(call) for choice in choices for call in choice.joined_calls())
            if self._done
            else (),
            complete=self._done,
        )


class _Choice:
    """What has been streamed of one choice."""

    def __init__(self) -> None:
        self.finish: str | None = None
        self._said = Gathered()
        self._calls: dict[int | None, Json] = {}

    def add(self, choice: Json) -> None:
        """The next piece."""
        self.finish = text(choice, "finish_reason") or self.finish
        delta = mapping(choice, "delta")
        if piece := text(delta, "content"):
            self._said.add(piece)
        for call in mappings(delta, "tool_calls"):
            _extend(self._calls.setdefault(count(call, "index"), {}), call)

    def joined_calls(self) -> list[Json]:
        """The tool calls, put together."""
        return [_joined(call) for call in self._calls.values()]

    def output(self) -> Iterable[Block]:
        """The choice as it will be sent back."""
        if self._said:
            yield self._said.block(BlockKind.ASSISTANT)
        yield from _calls(self.joined_calls())


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


def _response(
    body: Json,
    *,
    finish_reasons: tuple[str, ...],
    output: tuple[Block, ...],
    tool_calls: tuple[ToolCall, ...],
    complete: bool = True,
) -> Response:
    # Groq's streams carry the usage in a field of its own.
    usage = mapping(body, "usage") or mapping(mapping(body, "x_groq"), "usage")
    return Response(
        id=text(body, "id"),
        model=text(body, "model"),
        usage=read_usage(usage),
        usage_raw=raw(usage),
        finish_reasons=finish_reasons,
        tool_calls=tool_calls,
        output=output,
        service_tier=text(body, "service_tier"),
        complete=complete,
        error_type=error_code(error) if (error := body.get("error")) else None,
    )


def _definition(tool: Any) -> Iterable[Block]:
    if not isinstance(tool, dict):
        return
    name = text(mapping(tool, "function"), "name") or text(tool, "name") or text(tool, "type") or ""
    yield manifest.block(BlockKind.TOOL_DEFINITION, mapping(tool, "function") or tool, tool=name)


def _context_message(message: Any) -> Iterable[Block]:
    """The blocks of one message of a request."""
    if isinstance(message, dict):
        yield from (
            [_tool_result(message)] if message.get("role") in ("tool", "function") else _message(message)
        )


def _message(message: Json) -> Iterable[Block]:
    kind = _PLAIN_KINDS.get(str(message.get("role")), BlockKind.USER)
    content = message.get("content")
    if isinstance(content, str) and content:
        yield manifest.block(kind, content)
    for part in mappings(message, "content"):
        said = text(part, "text")
        yield manifest.block(_PART_KINDS.get(str(part.get("type")), kind), part if said is None else said)
    yield from _calls(mappings(message, "tool_calls"))


def _calls(calls: list[Json]) -> Iterable[Block]:
    for call in calls:
        function = mapping(call, "function")
        yield manifest.arguments_block(
            text(call, "id") or "", text(function, "name") or "", function.get("arguments", "")
        )


def _tool_result(message: Json) -> Block:
    content = message.get("content")
    said = joined_text(content)
    return manifest.block(
        BlockKind.TOOL_RESULT,
        content if said is None else said,
        tool=text(message, "name") or "",
        tool_call_id=text(message, "tool_call_id") or "",
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


FORMAT: Final = Format(
    name="openai_chat",
    operation="chat",
    paths=("/chat/completions",),
    provider="openai_compatible",
    is_request=is_request,
    read_request=read_request,
    context=(Part("tools", _definition), Part("functions", _definition), Part("messages", _context_message)),
    read_response=read_response,
    stream=Stream,
)
