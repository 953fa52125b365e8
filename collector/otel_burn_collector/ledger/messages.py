"""What is a message made of, however a third party wrote it down? The blocks that we would have made of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, ToolCall
from otel_burn.formats.fields import joined_text

Json = Mapping[str, Any]

_ROLES: Final = {
    "system": BlockKind.SYSTEM,
    "developer": BlockKind.SYSTEM,
    "assistant": BlockKind.ASSISTANT,
    "model": BlockKind.ASSISTANT,
    "ai": BlockKind.ASSISTANT,
}
"""Anything else speaks for the user."""
_TOOL_ROLES: Final = frozenset({"tool", "function"})

_TEXTS: Final = ("text", "content", "value", "refusal")
_THOUGHTS: Final = (
    "content",
    "thinking",
    "text",
    "reasoning",
    "thoughts",
    "summary",
    "encrypted_content",
    "signature",
)
_IDS: Final = ("id", "call_id", "toolCallId", "tool_call_id", "tool_use_id", "toolUseId")
_NAMES: Final = ("name", "toolName", "tool_name")
_ARGUMENTS: Final = ("arguments", "input", "args")
_RESULTS: Final = ("response", "result", "output", "content")

_KINDS: Final = {
    **dict.fromkeys(("reasoning", "thinking", "redacted_thinking", "thought", "reasoningContent"), "thought"),
    **dict.fromkeys(
        ("tool_call", "tool_use", "tool-call", "function_call", "server_tool_use", "functionCall", "toolUse"),
        "call",
    ),
    **dict.fromkeys(
        (
            *("tool_call_response", "tool_result", "tool-result", "function_call_output", "functionResponse"),
            "toolResult",
        ),
        "result",
    ),
    **dict.fromkeys(("image", "image_url", "input_image", "output_image"), "image"),
    **dict.fromkeys(
        ("file", "document", "blob", "uri", "input_audio", "audio", "input_file", "media"), "document"
    ),
}


def blocks(message: Any) -> Iterable[Block]:
    """The blocks of a message of a request or an answer: of the GenAI convention, of a provider's, of a framework's."""
    if isinstance(message, str):
        yield manifest.block(BlockKind.USER, message)
    if not isinstance(message, Mapping):
        return
    role = str(message.get("role") or message.get("type") or "").lower()
    parts = _parts(message)
    if role in _TOOL_ROLES and not any(_kind(part) == "result" for part in parts):
        yield _result({**message, "content": message.get("content", message.get("parts"))})
        return
    if thought := _first(message, ("reasoning_content", "reasoning")):
        yield manifest.block(BlockKind.REASONING, thought)
    for part in parts:
        yield from _block(part, _ROLES.get(role, BlockKind.USER))
    yield from (manifest.arguments_block(*called(call)) for call in _asked(message))


def tool_calls(message: Any) -> Iterable[ToolCall]:
    """The tool calls that an answer asks for."""
    if not isinstance(message, Mapping):
        return
    found = [part for part in _parts(message) if _kind(part) == "call"]
    yield from (_tool_call(_inner(call)) for call in (*found, *_asked(message)))


def _tool_call(call: Json) -> ToolCall:
    """A tool call; arguments that were left out are unknown, not empty."""
    function = call.get("function")
    inner: Json = function if isinstance(function, Mapping) else call
    asked = manifest.tool_call(*called(call))
    return asked if any(inner.get(name) is not None for name in _ARGUMENTS) else replace(asked, args_hash="")


def called(call: Json) -> tuple[str, str, Any]:
    """A call's id, its tool and its arguments."""
    function = call.get("function")
    inner: Json = function if isinstance(function, Mapping) else call
    arguments: Any = next((inner[name] for name in _ARGUMENTS if inner.get(name) is not None), {})
    return _first(call, _IDS) or "", _first(inner, _NAMES) or "", arguments


def definition(tool: Any) -> Iterable[Block]:
    """The block of a tool that may be called, as OpenAI's chat format has it sent."""
    if not isinstance(tool, Mapping):
        return
    inner = tool.get("function")
    if isinstance(inner, Mapping):
        tool = inner
    elif tool.get("type") == "function":
        tool = {name: value for name, value in tool.items() if name != "type"}
    told = {name: value for name, value in tool.items() if value is not None and name != "cache_control"}
    yield manifest.block(
        BlockKind.TOOL_DEFINITION, told, tool=_first(tool, _NAMES) or str(tool.get("type") or "")
    )


def system(part: Any) -> Iterable[Block]:
    """The block of an instruction, or of a part of it."""
    if isinstance(part, str):
        yield manifest.block(BlockKind.SYSTEM, part)
    elif isinstance(part, Mapping):
        yield from blocks({**part, "role": "system"}) if "parts" in part else _block(part, BlockKind.SYSTEM)


def _parts(message: Json) -> list[Any]:
    content = message.get("parts", message.get("contents", message.get("content")))
    if isinstance(content, list):
        # A call whose tool is not named stands beside the content, with its name.
        return [part for part in content if _kind(part) != "call" or called(_inner(part))[1]]
    return [] if content is None or content == "" else [content]


def _asked(message: Json) -> list[Json]:
    """The tool calls that stand beside the content, the one of the time before tools included."""
    listed = message.get("tool_calls")
    found = [call for call in listed if isinstance(call, Mapping)] if isinstance(listed, list) else []
    before = message.get("function_call")
    return [*found, before] if isinstance(before, Mapping) else found


def _kind(part: Any) -> str:
    if not isinstance(part, Mapping):
        return "text"
    return _KINDS.get(str(part.get("type") or next(iter(part), "")), "text")


def _block(part: Any, kind: BlockKind) -> Iterable[Block]:
    if not isinstance(part, Mapping):
        yield manifest.block(kind, part)
    else:
        yield from _READ[_kind(part)](part, kind)


def _text(part: Json, kind: BlockKind) -> Iterable[Block]:
    said = _first(part, _TEXTS)
    yield manifest.block(kind, said if said is not None else dict(part))


def _call(part: Json, _: BlockKind) -> Iterable[Block]:
    yield manifest.arguments_block(*called(_inner(part)))


def _inner(part: Json) -> Json:
    return _unwrapped(part, ("functionCall", "toolUse"))


def _unwrapped(part: Json, names: Iterable[str]) -> Json:
    """What stands in a member of its own, where it does."""
    return next((inner for name in names if isinstance(inner := part.get(name), Mapping)), part)


def _thought(part: Json, _: BlockKind) -> Iterable[Block]:
    part = _unwrapped(_unwrapped(part, ("reasoningContent",)), ("reasoningText",))
    yield manifest.block(
        BlockKind.REASONING, next((each for name in _THOUGHTS if (each := _first(part, (name,)))), "")
    )


def _result(part: Json, _: BlockKind = BlockKind.TOOL_RESULT) -> Block:
    part = _unwrapped(part, ("functionResponse", "toolResult"))
    content = next((part[name] for name in _RESULTS if part.get(name) is not None), "")
    said = joined_text(content) if isinstance(content, str | list) else None
    return manifest.block(
        BlockKind.TOOL_RESULT,
        content if said is None else said,
        tool=_first(part, _NAMES) or "",
        tool_call_id=_first(part, ("tool_call_id", "tool_use_id", *_IDS)) or "",
        error=manifest.error_class(
            said or "", flagged=part.get("is_error") is True or part.get("status") == "error"
        ),
    )


def _media(kind: BlockKind) -> Callable[[Json, BlockKind], Iterable[Block]]:
    return lambda part, _: (manifest.block(kind, dict(part)),)


_READ: Final[Mapping[str, Callable[[Json, BlockKind], Iterable[Block]]]] = {
    "text": _text,
    "call": _call,
    "thought": _thought,
    "result": lambda part, kind: (_result(part, kind),),
    "image": _media(BlockKind.IMAGE),
    "document": _media(BlockKind.DOCUMENT),
}


def _first(source: Json, names: Iterable[str]) -> str | None:
    """The first of *names* that has a text."""
    return next((value for name in names if isinstance(value := source.get(name), str)), None)
