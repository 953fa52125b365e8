"""What does a Mistral conversation exchange say? Begun, appended to or restarted; whole or streamed."""

from collections.abc import Iterable
from typing import Any, Final

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

_KINDS: Final = {"system": BlockKind.SYSTEM, "assistant": BlockKind.ASSISTANT}
_PART_KINDS: Final = {
    "image_url": BlockKind.IMAGE,
    "document_url": BlockKind.DOCUMENT,
    "input_audio": BlockKind.DOCUMENT,
    "file": BlockKind.DOCUMENT,
}


def is_request(body: Body) -> bool:
    """Whether *body* has something to say in a conversation; OpenAI's conversations, which only store, have not."""
    return "inputs" in body


def read_request(body: Body, _path: str) -> Request:
    """The request; the model of an agent, or of a conversation that goes on, is not in it."""
    return Request(
        model=text(body, "model"),
        stream=body.get("stream") is True,
        parameters=parameters(
            mapping(body, "completion_args") | {"seed": mapping(body, "completion_args").get("random_seed")}
        ),
    )


def read_response(body: Json, _: About) -> Response:
    """The response from a whole body, success or error."""
    if body.get("object") == "error":
        return Response(error_type=error_code(body))
    return _response(mappings(body, "outputs"), mapping(body, "usage"))


class Stream:
    """A streamed response, complete once `conversation.response.done` was seen, which carries the usage."""

    def __init__(self, _: About) -> None:
        self._entries: dict[str, _Entry] = {}
        self._model: str | None = None
        self._usage: Json = {}
        self._complete = False
        self._error: str | None = None

    def add(self, event: Json) -> None:
        """Take in the next event."""
        kind = text(event, "type") or ""
        self._model = text(event, "model") or self._model
        if kind in _ENTRIES:
            self._entries.setdefault(text(event, "id") or "", _Entry(_ENTRIES[kind])).add(event)
        elif kind == "conversation.response.done":
            self._usage, self._complete = mapping(event, "usage"), True
        elif kind == "conversation.response.error":
            self._error = error_code({"code": str(event.get("code"))})

    def response(self) -> Response:
        """The response as far as it came; tool calls that may be cut are left out."""
        entries = [entry.joined() for entry in self._entries.values()] if self._complete else []
        return _response(entries, self._usage, model=self._model, complete=self._complete, error=self._error)


_ENTRIES: Final = {
    "message.output.delta": "message.output",
    "function.call.delta": "function.call",
    "tool.execution.started": "tool.execution",
    "tool.execution.delta": "tool.execution",
    "tool.execution.done": "tool.execution",
}
"""The entry that each event adds to."""


class _Entry:
    """What has been streamed of one entry."""

    def __init__(self, kind: str) -> None:
        self._entry: Json = {"type": kind}
        self._arguments: list[str] = []
        self._contents: list[Gathered | Json] = []

    def add(self, event: Json) -> None:
        """The next piece."""
        self._entry |= {key: event[key] for key in ("id", "name", "tool_call_id", "info") if event.get(key)}
        if (arguments := event.get("arguments")) is not None:
            self._arguments.append(manifest.canonical(arguments))
        content = event.get("content")
        said = text(content, "text") if isinstance(content, dict) else content
        if isinstance(said, str):
            if not self._contents or not isinstance(self._contents[-1], Gathered):
                self._contents.append(Gathered())
            last = self._contents[-1]
            assert isinstance(last, Gathered)  # noqa: S101 - for the type checker
            last.add(said)
        elif isinstance(content, dict):
            self._contents.append(content)

    def joined(self) -> Json:
        """The entry as a whole answer has it, its texts gathered."""
        return self._entry | {"arguments": "".join(self._arguments), "content": self._contents}


def read_usage(usage: Json) -> Usage | None:
    """The token counts. What connectors put into the prompt is counted apart, unless the total says otherwise."""
    given, said = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    if given is None and said is None:
        return None
    tools, total = count(usage, "connector_tokens"), count(usage, "total_tokens")
    inside = total is not None and total == (given or 0) + (said or 0)
    searches = sum(
        count(mapping(usage, "connectors"), name) or 0 for name in ("web_search", "web_search_premium")
    )
    return Usage(
        input_tokens=None if given is None else given + (0 if inside else tools or 0),
        output_tokens=said,
        units={
            unit: quantity
            for unit, quantity in (("tool_use_input_tokens", tools), ("web_search_requests", searches))
            if quantity
        },
    )


def _response(
    entries: list[Json],
    usage: Json,
    *,
    model: str | None = None,
    complete: bool = True,
    error: str | None = None,
) -> Response:
    return Response(
        model=model or next((found for entry in entries if (found := text(entry, "model"))), None),
        usage=read_usage(usage),
        usage_raw=raw(usage),
        tool_calls=tuple(_tool_call(entry) for entry in entries if entry.get("type") == "function.call"),
        output=tuple(block for entry in entries for block in _entry(entry, BlockKind.ASSISTANT)),
        complete=complete,
        error_type=error,
    )


def _definition(tool: Any) -> Iterable[Block]:
    if isinstance(tool, dict):
        declared = mapping(tool, "function") or tool
        name = text(declared, "name") or text(tool, "type") or ""
        yield manifest.block(BlockKind.TOOL_DEFINITION, declared, tool=name)


def _instructions(said: Any) -> Iterable[Block]:
    if isinstance(said, str) and said:
        yield manifest.block(BlockKind.SYSTEM, said)


def _input(item: Any) -> Iterable[Block]:
    return _entry(item, BlockKind.USER)


def _entry(entry: Any, kind: BlockKind) -> Iterable[Block]:
    """The blocks of one entry of a conversation, asked or answered; a text stands for a message."""
    if isinstance(entry, str) and entry:
        yield manifest.block(kind, entry)
    if not isinstance(entry, dict):
        return
    match entry.get("type"):
        case "function.call" | "tool.execution":
            call_id = text(entry, "tool_call_id") or text(entry, "id") or ""
            yield manifest.arguments_block(call_id, text(entry, "name") or "", entry.get("arguments", ""))
        case "function.result":
            yield _result(entry)
        case _:
            spoken = "assistant" if entry.get("type") == "message.output" else str(entry.get("role"))
            content = entry.get("content")
            for part in content if isinstance(content, list) else (content,):
                yield from _part(part, _KINDS.get(spoken, kind))


def _part(part: Any, kind: BlockKind) -> Iterable[Block]:
    if isinstance(part, Gathered):
        yield part.block(kind)
        return
    said = text(part, "text") if isinstance(part, dict) else part
    if isinstance(said, str):
        if said:
            yield manifest.block(kind, said)
    elif isinstance(part, dict):
        thought = joined_text(part.get("thinking"))
        if thought is not None:
            yield manifest.block(BlockKind.REASONING, thought)
        else:
            yield manifest.block(_PART_KINDS.get(str(part.get("type")), kind), part)


def _result(entry: Json) -> Block:
    said = entry.get("result")
    return manifest.block(
        BlockKind.TOOL_RESULT,
        said,
        tool_call_id=text(entry, "tool_call_id") or "",
        error=manifest.error_class(manifest.canonical(said), flagged=False),
    )


def _tool_call(entry: Json) -> ToolCall:
    call_id = text(entry, "tool_call_id") or text(entry, "id") or ""
    return manifest.tool_call(call_id, text(entry, "name") or "", entry.get("arguments", ""))


FORMAT: Final = Format(
    name="mistral_conversations",
    operation="chat",
    paths=("/v1/conversations", "/v1/conversations/*", "/v1/conversations/*/restart"),
    provider="mistral_ai",
    is_request=is_request,
    read_request=read_request,
    context=(Part("tools", _definition), Part("instructions", _instructions), Part("inputs", _input)),
    read_response=read_response,
    stream=Stream,
)
