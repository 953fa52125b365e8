"""What was said, where the user wants it recorded? Blocks as messages of the GenAI convention, cut to a size.

Off unless `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` asks for content on spans. There is one gate
(`manifest.keep_content`): while it is closed, no block has any content that this could write.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from otel_burn import names
from otel_burn.exchange import Block, BlockKind, Response
from otel_burn.manifest import canonical

_LONGEST_PART: Final = 32 * 1024
"""Characters of one part at most."""
_LONGEST: Final = 512 * 1024
"""Characters of one attribute at most; the first are left out beyond it, as backends refuse very large spans."""
_ON_SPANS: Final = frozenset({"span_only", "span_and_event", "true", "1"})

_ROLES: Final = {
    BlockKind.SYSTEM: "system",
    BlockKind.ASSISTANT: "assistant",
    BlockKind.REASONING: "assistant",
    BlockKind.TOOL_CALL: "assistant",
    BlockKind.TOOL_RESULT: "tool",
}
"""Anything else comes from the user."""


def wanted(setting: str) -> bool:
    """Whether the standard switch, with the value *setting*, asks for content on spans."""
    return setting.strip().lower() in _ON_SPANS


def attributes(blocks: list[Block], response: Response) -> Iterator[tuple[str, str]]:
    """The content attributes of a call, as JSON text by the convention's schemas; none for what is not there.

    Source: `gen-ai-input-messages.json`, `gen-ai-output-messages.json` and `gen-ai-system-instructions.json` of the
    semantic conventions. Neighbouring blocks of a role are one message.
    """
    said = [block for block in blocks if block.kind not in (BlockKind.SYSTEM, BlockKind.TOOL_DEFINITION)]
    system = [
        _part(block) for block in blocks if block.kind is BlockKind.SYSTEM and block.content is not None
    ]
    tools = [block.content for block in blocks if block.kind is BlockKind.TOOL_DEFINITION]
    answer: dict[str, Any] = {
        "role": "assistant",
        "parts": [_part(block) for block in response.output if block.content is not None],
        "finish_reason": response.finish_reasons[0] if response.finish_reasons else "error",
    }
    yield from _json(names.SYSTEM_INSTRUCTIONS, system)
    yield from _json(names.TOOL_DEFINITIONS, [tool for tool in tools if tool is not None])
    yield from _json(names.INPUT_MESSAGES, list(_messages(said)))
    yield from _json(names.OUTPUT_MESSAGES, [answer] if answer["parts"] else [])


def _messages(blocks: Iterable[Block]) -> Iterator[dict[str, Any]]:
    known = (block for block in blocks if block.content is not None)
    for role, group in groupby(known, key=lambda block: _ROLES.get(block.kind, "user")):
        yield {"role": role, "parts": [_part(block) for block in group]}


def _part(block: Block) -> dict[str, Any]:
    match block.kind:
        case BlockKind.TOOL_CALL:
            arguments = _cut(block.content)
            return {"type": "tool_call", "id": block.tool_call_id, "name": block.tool, "arguments": arguments}
        case BlockKind.TOOL_RESULT:
            return {"type": "tool_call_response", "id": block.tool_call_id, "response": _cut(block.content)}
        case BlockKind.REASONING:
            return {"type": "reasoning", "content": _cut(block.content)}
        case BlockKind.IMAGE | BlockKind.DOCUMENT:
            return {"type": str(block.kind), "content": _cut(block.content)}
        case _:
            return {"type": "text", "content": _cut(block.content)}


def _cut(value: Any) -> Any:
    """*value*, or the beginning of its text with a word on how much is missing."""
    text = canonical(value)
    if len(text) <= _LONGEST_PART:
        return value
    return f"{text[:_LONGEST_PART]} [otel-burn cut {len(text) - _LONGEST_PART:,} characters]"


def _json(name: str, items: list[Any]) -> Iterator[tuple[str, str]]:
    if not items:
        return
    texts = [json.dumps(item, ensure_ascii=False) for item in items]
    room, kept = _LONGEST, len(texts)
    while kept and (room := room - len(texts[kept - 1])) >= 0:
        kept -= 1
    if kept:
        note = {"type": "text", "content": f"[otel-burn cut the first {kept} of {len(texts)}]"}
        first = {"role": "system", "parts": [note]} if "role" in items[0] else note
        texts = [json.dumps(first), *texts[kept:]]
    yield name, f"[{','.join(texts)}]"
