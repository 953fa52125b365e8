"""What is in the messages of a chat completion, asked or answered? Blocks, hashed alike in both directions."""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, ToolCall
from otel_burn.formats.fields import Json, joined_text, mapping, mappings, text

_PLAIN_KINDS: Final = {
    "system": BlockKind.SYSTEM,
    "developer": BlockKind.SYSTEM,
    "assistant": BlockKind.ASSISTANT,
}
_PART_KINDS: Final = {
    "image_url": BlockKind.IMAGE,
    "input_audio": BlockKind.DOCUMENT,
    "file": BlockKind.DOCUMENT,
    "thinking": BlockKind.REASONING,
}
_MARKS: Final = frozenset({"cache_control", "prompt_cache_breakpoint"})
"""Cache marks, which move on with each turn."""


def definition(tool: Any) -> Iterable[Block]:
    """The block of a tool that may be called."""
    if not isinstance(tool, dict):
        return
    definition = mapping(tool, "function") or mapping(tool, "custom") or _unmarked(tool)
    name = text(definition, "name") or text(tool, "type") or ""
    yield manifest.block(BlockKind.TOOL_DEFINITION, definition, tool=name)


def context_message(message: Any) -> Iterable[Block]:
    """The blocks of one message of a request."""
    if isinstance(message, dict):
        yield from (
            [_tool_result(message)] if message.get("role") in ("tool", "function") else _message(message)
        )


def choice_blocks(choice: Json) -> Iterable[Block]:
    """The blocks of one choice of a whole answer, also of a legacy completion."""
    if message := mapping(choice, "message"):
        yield from _message({"role": "assistant"} | message)
    elif said := text(choice, "text"):
        yield manifest.block(BlockKind.ASSISTANT, said)


def _message(message: Json) -> Iterable[Block]:
    kind = _PLAIN_KINDS.get(str(message.get("role")), BlockKind.USER)
    if thought := thoughts(message):
        yield manifest.block(BlockKind.REASONING, thought)
    content = message.get("content")
    if isinstance(content, str) and content:
        yield manifest.block(kind, content)
    for part in mappings(message, "content"):
        yield _part(part, kind)
    if refusal := text(message, "refusal"):
        yield manifest.block(kind, refusal)
    yield from attachments(mappings(message, "images"), text(mapping(message, "audio"), "id"))
    yield from call_blocks(asked_calls(message))


def _part(part: Json, kind: BlockKind) -> Block:
    kind = _PART_KINDS.get(str(part.get("type")), kind)
    for said in (text(part, "text"), text(part, "refusal"), joined_text(part.get("thinking"))):
        if said is not None:
            return manifest.block(kind, said)
    return manifest.block(kind, _unmarked(part))


def _unmarked(part: Json) -> Json:
    return {key: value for key, value in part.items() if key not in _MARKS}


def thoughts(message: Json) -> str:
    """The reasoning that many hosts show: of DeepSeek's name, of OpenRouter's, or in its details."""
    if said := text(message, "reasoning_content") or text(message, "reasoning"):
        return said
    details = mappings(message, "reasoning_details")
    return "".join(text(d, "text") or text(d, "summary") or text(d, "data") or "" for d in details)


def attachments(images: list[Json], audio: str | None) -> Iterable[Block]:
    """Spoken answers are sent back by their id alone."""
    for image in images:
        yield manifest.block(BlockKind.IMAGE, {k: v for k, v in image.items() if k != "index"})
    if audio:
        yield manifest.block(BlockKind.DOCUMENT, {"id": audio})


def asked_calls(message: Json) -> list[Json]:
    """The tool calls of a message, the one of the time before tools included."""
    before = mapping(message, "function_call")
    return [*mappings(message, "tool_calls"), *([{"function": before}] if before else [])]


def parts_of(call: Json) -> tuple[str, str, Any]:
    """A call's id, its tool and its arguments, those of a custom tool being any text."""
    function, custom = mapping(call, "function"), mapping(call, "custom")
    arguments = function.get("arguments", custom.get("input", ""))
    return text(call, "id") or "", text(function or custom, "name") or "", arguments


def call_blocks(calls: list[Json]) -> Iterable[Block]:
    """The blocks of tool *calls*."""
    return (manifest.arguments_block(*parts_of(call)) for call in calls)


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


def tool_call(call: Json) -> ToolCall:
    """A tool call that was asked for."""
    return manifest.tool_call(*parts_of(call))
