"""What is in the items of OpenAI's Responses, asked or answered? Blocks, hashed alike in both directions."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, ToolCall
from otel_burn.formats.fields import Json, joined_text, mapping, mappings, text

_ROLES: Final = {
    "system": BlockKind.SYSTEM,
    "developer": BlockKind.SYSTEM,
    "assistant": BlockKind.ASSISTANT,
}
_PARTS: Final = {
    "input_image": BlockKind.IMAGE,
    "output_image": BlockKind.IMAGE,
    "input_file": BlockKind.DOCUMENT,
    "input_audio": BlockKind.DOCUMENT,
    "output_audio": BlockKind.DOCUMENT,
}
_ARGUMENTS: Final = {
    "function_call": "arguments",
    "custom_tool_call": "input",
    "local_shell_call": "action",
    "shell_call": "action",
    "apply_patch_call": "operation",
    "computer_call": "action",
    "tool_search_call": "arguments",
    "mcp_call": "arguments",
    "mcp_approval_request": "arguments",
    "web_search_call": "action",
    "file_search_call": "queries",
    "code_interpreter_call": "code",
    "program": "code",
}
"""Tool calls by the type of their item, with the field that says what they ask for."""
_RESULTS: Final = {
    "mcp_call": "output",
    "file_search_call": "results",
    "code_interpreter_call": "outputs",
    "mcp_list_tools": "tools",
}
"""Items that carry the result of the tool that the provider ran, with its field."""
_OURS: Final = frozenset(
    {
        "function_call",
        "custom_tool_call",
        "local_shell_call",
        "shell_call",
        "apply_patch_call",
        "computer_call",
    }
)
"""Tool calls that the caller runs; the others the provider runs within the same response."""
_PASSING: Final = frozenset({"id", "status", "created_by", "phase", "prompt_cache_breakpoint"})
"""What an item loses or gains between the answer and the next request."""


def item_blocks(item: Any) -> Iterable[Block]:
    """The blocks of an item of the input or the output; a bare text is the user's."""
    if isinstance(item, str):
        yield manifest.block(BlockKind.USER, item)
    if not isinstance(item, dict):
        return
    kind = str(item.get("type") or "message")
    if read := _READ.get(kind):
        yield from read(item)
    elif kind.endswith(("_output", "_response")) and ("output" in item or "tools" in item):
        yield _result(item)
    else:
        yield from _tool_use(item, kind)


def definition(tool: Any) -> Iterable[Block]:
    """The block of a tool that may be called."""
    if isinstance(tool, dict):
        name = text(tool, "name") or text(tool, "server_label") or text(tool, "type") or ""
        yield manifest.block(BlockKind.TOOL_DEFINITION, tool, tool=name)


def instructions(value: Any) -> Iterable[Block]:
    """The block of the instructions, or of an item of them where they are a list."""
    if isinstance(value, str):
        yield manifest.block(BlockKind.SYSTEM, value)
    else:
        yield from item_blocks(value)


def tool_calls(items: Iterable[Json]) -> Iterable[ToolCall]:
    """The tool calls among *items* that the caller is to run."""
    for item in items:
        if text(item, "type") in _OURS:
            yield manifest.tool_call(*_called(item, str(item.get("type"))))


def _message(item: Json) -> Iterable[Block]:
    kind = _ROLES.get(str(item.get("role")), BlockKind.USER)
    content = item.get("content")
    if isinstance(content, str):
        yield manifest.block(kind, content)
    for part in mappings(item, "content"):
        said = text(part, "text") if "text" in part else text(part, "refusal")
        part_kind = _PARTS.get(str(part.get("type")), kind)
        yield manifest.block(part_kind, _lasting(part) if said is None else said)


def _reasoning(item: Json) -> Iterable[Block]:
    """The block of the reasoning: its text where that is shown, else the sealed form in which it is sent back."""
    shown = [text(part, "text") or "" for key in ("content", "summary") for part in mappings(item, key)]
    yield manifest.block(BlockKind.REASONING, "".join(shown) or text(item, "encrypted_content") or "")


def _compaction(item: Json) -> Iterable[Block]:
    yield manifest.block(BlockKind.REASONING, text(item, "encrypted_content") or "")


def _image(item: Json) -> Iterable[Block]:
    """The block of an image that was made; it is sent back whole or by its id."""
    yield manifest.block(BlockKind.IMAGE, text(item, "result") or text(item, "id") or "")


def _additional_tools(item: Json) -> Iterable[Block]:
    for tool in mappings(item, "tools"):
        yield from definition(tool)


_READ: Final[dict[str, Callable[[Json], Iterable[Block]]]] = {
    "message": _message,
    "reasoning": _reasoning,
    "compaction": _compaction,
    "image_generation_call": _image,
    "additional_tools": _additional_tools,
    "item_reference": lambda _: (),  # to what the provider keeps: its content is not in sight
}


def _tool_use(item: Json, kind: str) -> Iterable[Block]:
    """The blocks of a tool call, and of its result where the provider ran it and says so."""
    call_id, name, arguments = _called(item, kind)
    if kind in _ARGUMENTS:
        yield manifest.arguments_block(call_id, name, arguments)
    elif kind not in _RESULTS:
        yield manifest.block(BlockKind.USER, _lasting(item))
    if result := item.get(_RESULTS.get(kind, "")):
        failed = bool(item.get("error"))
        error = manifest.error_class(joined_text(result) or "", flagged=failed)
        yield manifest.block(BlockKind.TOOL_RESULT, result, tool=name, tool_call_id=call_id, error=error)


def _called(item: Json, kind: str) -> tuple[str, str, Any]:
    """The id of a call, its tool and what it asks for."""
    name = text(item, "name") or kind.removesuffix("_call")
    arguments = item.get(_ARGUMENTS.get(kind, ""))
    if arguments is None:
        arguments = item.get("actions") or ""  # of a computer call that asks for several
    return text(item, "call_id") or text(item, "id") or "", name, arguments


def _result(item: Json) -> Block:
    output = item.get("output", item.get("tools"))
    said = joined_text(output)
    return manifest.block(
        BlockKind.TOOL_RESULT,
        output if said is None else said,
        tool_call_id=text(item, "call_id") or text(item, "id") or "",
        error=manifest.error_class(said or "", flagged=item.get("status") in ("failed", "incomplete")),
    )


def _lasting(item: Json) -> Json:
    return {key: value for key, value in item.items() if key not in _PASSING and value is not None}


def web_searches(items: Iterable[Json]) -> int:
    """How many billed searches are among *items*: opening a page and finding in it are none."""
    searched = [item for item in items if item.get("type") == "web_search_call"]
    actions = [mapping(item, "action").get("type", "search") for item in searched]
    return sum(action == "search" for action in actions)


def of_type(items: Iterable[Json], kind: str) -> int:
    """How many of *items* are of a *kind*."""
    return sum(item.get("type") == kind for item in items)


def containers(items: Iterable[Json]) -> int:
    """In how many sandboxes code ran: each is billed once, however often."""
    return len(
        {str(item.get("container_id")) for item in items if item.get("type") == "code_interpreter_call"}
    )


def images(items: Iterable[Json]) -> int:
    """How many images are among *items*."""
    return of_type(items, "image_generation_call")
