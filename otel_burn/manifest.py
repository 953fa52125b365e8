"""What is in a context, without a word of it? Hashes, sizes, error classes and effects of its blocks."""

import heapq
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import msgspec
import xxhash

from otel_burn.brief import brief
from otel_burn.effects import effect
from otel_burn.exchange import Block, BlockKind, ToolCall

_WHITE_SPACE: Final = re.compile(r"\s+")
_EXCEPTION: Final = re.compile(r"\b([A-Z][A-Za-z0-9_]*(?:Error|Exception|Timeout|Interrupt))\b")
_EXIT_CODE: Final = re.compile(r"\bexit(?:ed with)?(?: code| status)?[:= ]+(\d+)", re.IGNORECASE)
_ERROR_START: Final = re.compile(r"^\W{0,3}(?:error|traceback|fatal|failed|exception)\b", re.IGNORECASE)
_FAILED: Final = re.compile(
    r"\b(?:introduced|raised|caused|produced) (?:\w+ ){0,4}errors?\b|\bnot been applied\b|\bnot applied\b"
    r"|: (?:command not found|No such file or directory|Permission denied)$|\bNo replacement was performed\b",
    re.IGNORECASE | re.MULTILINE,
)
"""How tools of coding agents and shells say in words that they did nothing."""
_SHELL_ERROR: Final = re.compile(
    r": (command not found|No such file or directory|Permission denied|Is a directory|Not a directory)\s*$",
    re.MULTILINE,
)
_REFUSED: Final = re.compile(
    r"\A\W{0,3}(?:(?:invalid|missing|unknown|unsupported|no such|unable to|could not|couldn't|cannot|can't)\s\w"
    r"|(?:request|command|execution|call) failed\b|(?:not found|forbidden|unauthori[sz]ed|timed out|npm err)\b"
    r"|(?:permission|access) denied\b|rate limit|tool_use_error|npm error"
    r"|(?:http )?[45]\d\d:? (?:client|server|bad|unauthorized|forbidden|not|conflict|too|internal|service|gateway) )"
    # What shells and their programs say begins with their name; no tool puts these before what it found.
    r"|\A[\w./-]*\b(?:(?:ba|z|da)?sh|[gm]?awk|sed|[ef]?grep|rg|find|tr|xargs|md5sum|sha\d+sum|cat|ls|cp|mv|rm|mkdir|rmdir"
    r"|ln|chmod|chown|tar|gzip|gunzip|unzip|curl|wget|jq|sqlite3|psql|ssh|scp|rsync|head|tail|wc|uniq|cmp|stat)"
    r": (?!Removing leading)"
    r"|: -c: line \d+: |\bTry '[^'\n]+ --help'"
    r"|^(?:[A-Za-z]+: )?[\w' \"-]{1,80}\b(?:is|was|are) "
    r"(?:not (?:found|valid|allowed|available|supported|recognized)|incorrect|invalid)\b"
    r"|\b(?:does not|doesn't) exist\b|\w not found\W*\Z"
    r"|\A\s*\{.{0,100}\"(?:success|ok)\"\s*:\s*false\b|\"is_?error\"\s*:\s*true\b",
    re.IGNORECASE | re.MULTILINE,
)
"""How a short answer says that there is none. In a long one such words are what it is about."""
_SHORT: Final = 400
"""Characters: a message of a program or two, with its hint."""
_ENDS: Final = 300
"""Characters at either end of a tool result in which it says so; what lies between is what it is about."""
_EDGE: Final = 2000
"""Characters at either end of a tool result that are searched for an error: tracebacks end with their
class, messages start with theirs, and a file of a megabyte is not searched."""


_keeps_content = False


def keep_content(keep: bool) -> None:
    """Whether blocks made from now on carry their content along: the one gate of content capture."""
    global _keeps_content
    _keeps_content = keep


def keeps_content() -> bool:
    """Whether content capture is on."""
    return _keeps_content


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
    text = canonical(content)
    data = text.encode("utf-8", "surrogatepass")
    return Block(
        kind,
        xxhash.xxh3_64_hexdigest(data),
        len(data),
        brief(tool),
        brief(tool_call_id),
        brief(error),
        sketch(text, numbers=not error) if kind is BlockKind.TOOL_RESULT else "",
        content if _keeps_content else None,
    )


class Gathered:
    """A text that arrives in pieces, as in a stream: hashed as it comes, kept only for content capture."""

    def __init__(self) -> None:
        self._hash = xxhash.xxh3_64()
        self._size = 0
        self._waiting: list[str] = []
        """Pieces that are not hashed yet: hashing each alone takes twice as long."""
        self._pieces: list[str] = []

    def add(self, piece: str) -> None:
        """The next *piece* of the text."""
        self._waiting.append(piece)
        if len(self._waiting) >= _TOGETHER:
            self._take()

    def block(self, kind: BlockKind) -> Block:
        """The whole text as a block, equal to `block(kind, text)`."""
        self._take()
        content = "".join(self._pieces) if _keeps_content else None
        return Block(kind, self._hash.hexdigest(), self._size, content=content)

    def __bool__(self) -> bool:
        self._take()
        return self._size > 0

    def _take(self) -> None:
        text = "".join(self._waiting)
        self._waiting.clear()
        data = text.encode("utf-8", "surrogatepass")
        self._hash.update(data)
        self._size += len(data)
        if _keeps_content:
            self._pieces.append(text)


_TOGETHER: Final = 64


def named(blocks: Iterable[Block]) -> list[Block]:
    """*blocks*, in which tool results without a tool's name have got that of the call which they answer."""
    asked: dict[str, str] = {}
    found = []
    for one in blocks:
        if one.kind is BlockKind.TOOL_CALL:
            asked[one.tool_call_id] = one.tool
        elif one.kind is BlockKind.TOOL_RESULT and not one.tool and asked.get(one.tool_call_id):
            one = replace(one, tool=asked[one.tool_call_id])
        found.append(one)
    return found


_SHINGLE: Final = 3
_SKETCHED: Final = 1024
"""Characters at either end of a text that its sketch is made of: 0.2 ms at most, whatever its size."""
_SAMPLE: Final = 16
_WORD: Final = re.compile(r"\w+")
_NUMBERED: Final = re.compile(r"\w*\d[\w.,:]*")


def sketch(text: str, *, numbers: bool = True) -> str:
    """A near-duplicate sketch of *text*: at most 16 groups of 4 hex digits, "" for less than three words.

    Without *numbers*, words with a digit are all one word: how long a test ran, its process, its addresses and names of
    temporary files do not make another failure.

    A bottom-k sample (Broder 1997) of the hashes of its three-word shingles: the share of all their groups that two
    sketches have in common estimates how much of the texts is equal.
    """
    edges = text if len(text) <= 2 * _SKETCHED else f"{text[:_SKETCHED]} {text[-_SKETCHED:]}"
    words = _WORD.findall(edges if numbers else _NUMBERED.sub("0", edges))
    shingles = {
        xxhash.xxh3_64_intdigest(" ".join(words[at : at + _SHINGLE]).encode("utf-8", "surrogatepass"))
        for at in range(len(words) - _SHINGLE + 1)
    }
    # The smallest hashes all begin with zeros, so their low bits tell them apart.
    return "".join(f"{hashed & 0xFFFF:04x}" for hashed in heapq.nsmallest(_SAMPLE, shingles))


def tool_call(call_id: str, name: str, arguments: Any) -> ToolCall:
    """A tool call from its *arguments*: a JSON object, or the text of one as some providers send it."""
    call_id, name = brief(call_id), brief(name)
    parsed = _parsed(arguments)
    if isinstance(parsed, dict):
        hashes = {str(name): hash_text(_normalised(canonical(value))) for name, value in parsed.items()}
        args_hash = hash_text(canonical(_asked(hashes)))
        args = {_argument(name): hashes[name] for name in list(hashes)[:_MOST_ARGUMENTS]}
    else:
        args = {}
        args_hash = hash_text(_normalised(canonical(parsed)))
    size = len(canonical(arguments).encode("utf-8", "surrogatepass"))
    return ToolCall(call_id, name, args_hash, size, args, effect(name, parsed), sketch(_plain(parsed)))


_ASIDES: Final = frozenset(
    {
        "explanation", "thought", "thoughts", "reasoning", "rationale", "justification", "toolsummary", "securityrisk",
        "requestid", "traceid", "correlationid", "idempotencykey", "nonce",
    }
)  # fmt: skip
"""Arguments in which a model says why it asks, or numbers its request: another word there is no other request."""
_ASKS: Final = frozenset({"command", "cmd", "script", "code", "query", "sql", "prompt"})
"""Beside one of these, `description` is an aside, too: agents have their shell commands described anew each time."""


def _asked(hashes: dict[str, str]) -> dict[str, str]:
    """Of the arguments' *hashes* those that make it another request, if any do."""
    asides = _ASIDES | {"description"} if not _ASKS.isdisjoint(map(str.lower, hashes)) else _ASIDES
    kept = {name: value for name, value in hashes.items() if name.replace("_", "").lower() not in asides}
    return kept or hashes


_ARGUMENT: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$.-]{0,63}")
"""What tools call their parameters. A name that is anything else was made up by the model, as are the keys of a mapping
from file to content, and may be content itself."""
_MOST_ARGUMENTS: Final = 64
"""Arguments of a tool call that are told apart; the hash of all of them covers the rest."""


def _argument(name: str) -> str:
    """*name* where it is a parameter's, else a hash of it."""
    return name if _ARGUMENT.fullmatch(name) else f"~{hash_text(name)}"


def arguments_block(call_id: str, name: str, arguments: Any) -> Block:
    """The block of an earlier tool call that the context carries along."""
    return block(BlockKind.TOOL_CALL, _parsed(arguments), tool=name, tool_call_id=call_id)


def error_class(text: str, *, flagged: bool) -> str:
    """The class of error that a tool result reports, or "" when it reports none.

    A result counts as an error when the protocol *flagged* it, when it starts like an error message, when it names a
    non-zero exit code, when it is short and refuses, or when it says at both ends that nothing was done. The class is
    the exception's name, else what a shell says (`command_not_found`), else `exit_code_N`, else `error`.
    """
    edges = text if len(text) <= 2 * _EDGE else f"{text[:_EDGE]}\n{text[-_EDGE:]}"
    exit_code = _EXIT_CODE.search(edges)
    failed = exit_code is not None and exit_code[1].strip("0") != ""
    if not (flagged or failed or _ERROR_START.match(text) or _says_failed(text)):
        return ""
    if names := _EXCEPTION.findall(edges):
        return str(names[-1])
    if (said := _SHELL_ERROR.search(edges)) is not None:
        return said[1].lower().replace(" ", "_")
    return f"exit_code_{exit_code[1]}" if exit_code and failed else "error"


def _says_failed(text: str) -> bool:
    if len(text) <= _SHORT and _REFUSED.search(text):
        return True
    return bool(_FAILED.search(text[:_ENDS]) and (len(text) <= 2 * _ENDS or _FAILED.search(text[-_ENDS:])))


def _parsed(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        return msgspec.json.decode(arguments)
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # models do write [[[[[[[[… without end
        return arguments


def _plain(arguments: Any) -> str:
    """*arguments* as they read: JSON's escapes would glue an `n` to the first word of each line."""
    if not isinstance(arguments, dict):
        return canonical(arguments)
    return " ".join(f"{name} {canonical(value)}" for name, value in sorted(arguments.items()))


def _normalised(text: str) -> str:
    return _WHITE_SPACE.sub(" ", text).strip()
