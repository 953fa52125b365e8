"""What is in Gemini content? Blocks and tool calls of its parts, in camelCase and snake_case alike."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind, ToolCall
from otel_burn.formats.fields import Fields, Json, mappings, text
from otel_burn.manifest import Gathered

CODE_EXECUTION: Final = "code_execution"
"""What the tool that runs the model's code at the provider is called in a request."""
_WRAPPERS: Final = frozenset({"result", "output", "content", "return_value", "error"})
"""What SDKs call the only member of a function's response: the API wants an object where others take a text."""
_TO_STANDARD: Final = {ord("-"): "+", ord("_"): "/", ord("="): None}
_PATH: Final = re.compile(r"[^.\[\]$'\"]+")


@lru_cache(maxsize=256)
def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda capital: f"_{capital[0].lower()}", name)


def member(source: Fields, name: str) -> Any:
    """The member *name* (in camelCase), however it is spelt: the API takes both."""
    value = source.get(name)
    return source.get(_snake(name)) if value is None else value


def object_at(source: Fields, name: str) -> Json:
    """The object at *name* (in camelCase), or an empty one."""
    value = member(source, name)
    return value if isinstance(value, dict) else {}


def definitions(tool: Any) -> Iterable[Block]:
    """One item of `tools`: functions that the caller declares, or tools of the provider's by name."""
    if not isinstance(tool, dict):
        return
    for name, value in tool.items():
        if name in ("functionDeclarations", "function_declarations"):
            for declared in mappings(tool, name):
                yield manifest.block(BlockKind.TOOL_DEFINITION, declared, tool=text(declared, "name") or "")
        elif value is not None:
            spelt = _snake(name)
            yield manifest.block(BlockKind.TOOL_DEFINITION, {spelt: value}, tool=spelt)


def system(content: Any) -> Iterable[Block]:
    """The system instruction: content, or a text."""
    return blocks(content, BlockKind.SYSTEM)


def message(content: Any) -> Iterable[Block]:
    """One item of `contents`."""
    answered = isinstance(content, dict) and content.get("role") == "model"
    return blocks(content, BlockKind.ASSISTANT if answered else BlockKind.USER)


def blocks(content: Any, kind: BlockKind) -> Iterable[Block]:
    """The blocks of *content*, its texts being of *kind*."""
    if isinstance(content, str) and content:
        yield manifest.block(kind, content)
    for part in parts(content):
        yield from _part(part, kind)


def parts(content: Any) -> list[Json]:
    """The parts of *content*."""
    found = content.get("parts") if isinstance(content, dict) else None
    return [part for part in (found if isinstance(found, list) else (found,)) if isinstance(part, dict)]


def tool_calls(content: Any) -> Iterable[ToolCall]:
    """The calls of the caller's functions in *content*."""
    for part in parts(content):
        if call := object_at(part, "functionCall"):
            yield manifest.tool_call(_pairs_by(call), text(call, "name") or "", _arguments(call))


class Streamed:
    """A candidate's content that arrives in chunks; text that follows on text of its kind is one block."""

    def __init__(self) -> None:
        self._pieces: list[tuple[BlockKind, Gathered] | Json] = []
        self._open: Json | None = None
        """The call whose arguments still arrive (`streamFunctionCallArguments`)."""

    def add(self, content: Any) -> None:
        """The next chunk."""
        for part in parts(content):
            call = member(part, "functionCall")
            if (said := text(part, "text")) is not None:
                self._say(_kind_of_text(part, BlockKind.ASSISTANT), said)
            elif isinstance(call, dict) and self._open is not None and not text(call, "name"):
                self._extend(self._open, call)
            elif isinstance(call, dict) and member(call, "willContinue") is True:
                self._open = call | {"args": dict(_arguments(call))}
                self._pieces.append({"functionCall": self._open})
                self._extend(self._open, call)
            else:
                self._pieces.append(part)

    def output(self) -> Iterable[Block]:
        """The blocks, as they will be sent back."""
        for piece in self._pieces:
            if not isinstance(piece, tuple):
                yield from _part(piece, BlockKind.ASSISTANT)
            elif piece[1]:
                yield piece[1].block(piece[0])

    def tool_calls(self) -> Iterable[ToolCall]:
        """The calls of the caller's functions."""
        return tool_calls({"parts": self._pieces})

    def _say(self, kind: BlockKind, said: str) -> None:
        last = self._pieces[-1] if self._pieces else None
        if not isinstance(last, tuple) or last[0] is not kind:
            last = kind, Gathered()
            self._pieces.append(last)
        last[1].add(said)

    def _extend(self, call: Json, more: Json) -> None:
        partial = member(more, "partialArgs")
        for piece in partial if isinstance(partial, list) else ():
            if isinstance(piece, dict):
                _place(call["args"], _PATH.findall(text(piece, "jsonPath") or ""), _value(piece))
        if member(more, "willContinue") is not True:
            self._open = None


def _value(piece: Json) -> Any:
    for name in ("stringValue", "numberValue", "boolValue"):
        if name in piece:
            return piece[name]
    return None


def _place(holder: Any, path: list[str], value: Any) -> None:
    """Put *value* at *path* in *holder*, behind the text that is there already."""
    for key, below in zip(path, [*path[1:], None], strict=False):
        slot = _slot(holder, key)
        if slot is None:
            return
        known = holder[slot] if isinstance(holder, list) else holder.get(slot)
        if below is None:
            both = isinstance(known, str) and isinstance(value, str)
            holder[slot] = known + value if both else value
        elif known is None:
            holder[slot] = [] if below.isdecimal() else {}
        holder = holder[slot]


def _slot(holder: Any, key: str) -> Any:
    """Where *key* points to in *holder*, which grows a place for it; None where it can't be."""
    if isinstance(holder, dict):
        return key
    if not isinstance(holder, list) or not key.isdecimal() or len(key) > 5 or int(key) > len(holder):
        return None
    if int(key) == len(holder):
        holder.append(None)
    return int(key)


def _arguments(call: Json) -> Json:
    return object_at(call, "args")


def _kind_of_text(part: Json, kind: BlockKind) -> BlockKind:
    return BlockKind.REASONING if part.get("thought") is True else kind


def _part(part: Json, kind: BlockKind) -> Iterable[Block]:
    """The blocks of one part. Signatures of thoughts are left out: they are no content, and streams move them."""
    if (said := text(part, "text")) is not None:
        if said:
            yield manifest.block(_kind_of_text(part, kind), said)
        return
    for name, read in _PARTS.items():
        if found := object_at(part, name):
            yield from read(found)
            return
    rest = {name: value for name, value in part.items() if _snake(name) not in _NO_CONTENT}
    if rest:
        yield manifest.block(kind, rest)


_NO_CONTENT: Final = frozenset({"thought", "thought_signature", "part_metadata", "function_call"})


def _pairs_by(part: Json) -> str:
    """What a call and its result have in common: the function's name.

    Ids are optional, and google-genai's automatic calling leaves that of a call out of its result. Calls of one name
    have their results in their own order, by which the ledger tells them apart.
    """
    return text(part, "name") or ""


def _function_call(call: Json) -> Iterable[Block]:
    yield manifest.arguments_block(_pairs_by(call), text(call, "name") or "", _arguments(call))


def _function_response(answer: Json) -> Iterable[Block]:
    response = answer.get("response")
    name, said = (
        next(iter(response.items())) if isinstance(response, dict) and len(response) == 1 else ("", "")
    )
    said = said if name in _WRAPPERS else response
    yield manifest.block(
        BlockKind.TOOL_RESULT,
        said,
        tool=text(answer, "name") or "",
        tool_call_id=_pairs_by(answer),
        error=manifest.error_class(manifest.canonical(said), flagged=name == "error"),
    )
    for part in parts(answer):
        yield from _part(part, BlockKind.USER)


def _server_call(call: Json) -> Iterable[Block]:
    name = text(call, "toolType") or text(call, "tool_type") or ""
    yield manifest.arguments_block(text(call, "id") or "", name.lower(), _arguments(call))


def _server_response(answer: Json) -> Iterable[Block]:
    name = text(answer, "toolType") or text(answer, "tool_type") or ""
    yield manifest.block(
        BlockKind.TOOL_RESULT,
        answer.get("response"),
        tool=name.lower(),
        tool_call_id=text(answer, "id") or "",
    )


def _code(code: Json) -> Iterable[Block]:
    arguments = {name: code[name] for name in ("code", "language") if name in code}
    yield manifest.arguments_block(text(code, "id") or "", CODE_EXECUTION, arguments)


def _code_result(result: Json) -> Iterable[Block]:
    said = text(result, "output") or ""
    failed = result.get("outcome") not in (None, "OUTCOME_OK", 1)
    yield manifest.block(
        BlockKind.TOOL_RESULT,
        said,
        tool=CODE_EXECUTION,
        tool_call_id=text(result, "id") or "",
        error=manifest.error_class(said, flagged=failed),
    )


def media(mime_type: str | None, *, data: str | None = None, uri: str | None = None) -> Block:
    """A file: its bytes in base64, or where it lies.

    SDKs send base64 in the URL-safe alphabet, the API answers in the standard one.
    """
    kind = BlockKind.IMAGE if (mime_type or "").startswith("image/") else BlockKind.DOCUMENT
    return manifest.block(kind, uri if data is None else data.translate(_TO_STANDARD))


def _inline(blob: Json) -> Iterable[Block]:
    yield media(_mime_type(blob), data=text(blob, "data") or "")


def _file(file: Json) -> Iterable[Block]:
    yield media(_mime_type(file), uri=text(file, "fileUri") or text(file, "file_uri") or "")


def _mime_type(file: Json) -> str | None:
    return text(file, "mimeType") or text(file, "mime_type")


_PARTS: Final = {
    "functionCall": _function_call,
    "functionResponse": _function_response,
    "inlineData": _inline,
    "fileData": _file,
    "executableCode": _code,
    "codeExecutionResult": _code_result,
    "toolCall": _server_call,
    "toolResponse": _server_response,
}
