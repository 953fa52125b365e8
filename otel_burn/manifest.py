"""What is in a context, without a word of it? Hashes, sizes, error classes and effects of its blocks."""

import json
import re
from typing import Any, Final

import msgspec
import xxhash

from otel_burn.exchange import Block, BlockKind, ToolCall

_WHITE_SPACE: Final = re.compile(r"\s+")
_EXCEPTION: Final = re.compile(r"\b([A-Z][A-Za-z0-9_]*(?:Error|Exception|Timeout|Interrupt))\b")
_EXIT_CODE: Final = re.compile(r"\bexit(?:ed with)?(?: code| status)?[:= ]+(\d+)", re.IGNORECASE)
_ERROR_START: Final = re.compile(r"^\W{0,3}(?:error|traceback|fatal|failed|exception)\b", re.IGNORECASE)
_EDGE: Final = 2000
"""Characters at either end of a tool result that are searched for an error: tracebacks end with their
class, messages start with theirs, and a file of a megabyte is not searched."""

_EFFECTS: Final = {
    "write": ("write", "edit", "create", "delete", "remove", "update", "insert", "patch", "apply", "move",
              "rename", "replace", "save", "put", "post", "send", "commit", "push", "upload", "set", "add"),
    "run": ("run", "exec", "execute", "bash", "shell", "command", "terminal", "python", "test", "tests",
            "deploy", "build", "install", "eval", "start", "stop", "kill", "call", "invoke", "click"),
    "read": ("read", "view", "open", "cat", "list", "ls", "search", "find", "grep", "glob", "get", "fetch",
             "query", "lookup", "show", "browse", "check", "look", "scroll", "describe", "status", "retrieve",
             "head", "tail", "stat", "poll", "load", "download"),
}  # fmt: skip
_EFFECT_OF: Final = {word: effect for effect, words in _EFFECTS.items() for word in words}
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def hash_text(text: str) -> str:
    """16 hex digits (xxh3-64) over *text* in UTF-8."""
    return xxhash.xxh3_64_hexdigest(text.encode("utf-8", "surrogatepass"))


def canonical(value: Any) -> str:
    """*value* as text: a string as it is, anything else as JSON with sorted keys."""
    if isinstance(value, str):
        return value
    try:
        return msgspec.json.encode(value, order="sorted").decode()
    except (UnicodeError, OverflowError):  # half a surrogate pair, an integer beyond 64 bits
        return json.dumps(value, sort_keys=True, separators=(",", ":"))


def block(
    kind: BlockKind,
    content: Any,
    *,
    tool: str = "",
    tool_call_id: str = "",
    error: str = "",
) -> Block:
    """A block of *content*: any JSON value."""
    data = canonical(content).encode("utf-8", "surrogatepass")
    return Block(kind, xxhash.xxh3_64_hexdigest(data), len(data), tool, tool_call_id, error)


def tool_call(call_id: str, name: str, arguments: Any) -> ToolCall:
    """A tool call from its *arguments*: a JSON object, or the text of one as some providers send it."""
    parsed = _parsed(arguments)
    if isinstance(parsed, dict):
        args = {str(name): hash_text(_normalised(canonical(value))) for name, value in parsed.items()}
        args_hash = hash_text(canonical(args))
    else:
        args = {}
        args_hash = hash_text(_normalised(canonical(parsed)))
    size = len(canonical(arguments).encode("utf-8", "surrogatepass"))
    return ToolCall(call_id, name, args_hash, size, args, effect(name))


def arguments_block(call_id: str, name: str, arguments: Any) -> Block:
    """The block of an earlier tool call that the context carries along."""
    return block(BlockKind.TOOL_CALL, _parsed(arguments), tool=name, tool_call_id=call_id)


def effect(name: str) -> str:
    """What a tool of this *name* does to the world: `read`, `write`, `run` or `unknown`.

    The first word of the name that we know decides, since names start with their verb.
    """
    for word in _WORDS.findall(name):
        if found := _EFFECT_OF.get(word.lower()):
            return found
    return "unknown"


def error_class(text: str, *, flagged: bool) -> str:
    """The class of error that a tool result reports, or "" when it reports none.

    A result counts as an error when the protocol *flagged* it, when it starts like an error message, or when
    it names a non-zero exit code. The class is the exception's name, else `exit_code_N`, else `error`.
    """
    edges = text if len(text) <= 2 * _EDGE else f"{text[:_EDGE]}\n{text[-_EDGE:]}"
    exit_code = _EXIT_CODE.search(edges)
    failed = exit_code is not None and exit_code[1].strip("0") != ""
    if not (flagged or failed or _ERROR_START.match(text)):
        return ""
    if names := _EXCEPTION.findall(edges):
        return str(names[-1])
    return f"exit_code_{exit_code[1]}" if exit_code and failed else "error"


def _parsed(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        return msgspec.json.decode(arguments)
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # models do write [[[[[[[[… without end
        return arguments


def _normalised(text: str) -> str:
    return _WHITE_SPACE.sub(" ", text).strip()
