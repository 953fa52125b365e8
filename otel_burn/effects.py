"""What does a tool call do to the world? `read`, `write`, `run` or `unknown`, by its name and its arguments."""

import re
from collections.abc import Mapping
from typing import Any, Final

_VERBS: Final = {
    "write": ("write", "edit", "create", "delete", "remove", "update", "insert", "patch", "apply", "move",
              "rename", "replace", "save", "put", "post", "send", "commit", "push", "upload", "set", "add"),
    "run": ("run", "exec", "execute", "bash", "shell", "command", "terminal", "python", "test", "tests",
            "deploy", "build", "install", "eval", "start", "stop", "kill", "call", "invoke", "click"),
    "read": ("read", "view", "open", "cat", "list", "ls", "search", "find", "grep", "glob", "get", "fetch",
             "query", "lookup", "show", "browse", "check", "look", "scroll", "describe", "status", "retrieve",
             "head", "tail", "stat", "poll", "load", "download", "goto", "think", "calculate"),
}  # fmt: skip
_EFFECT_OF: Final = {word: effect for effect, words in _VERBS.items() for word in words}
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_OPERATION: Final = ("command", "action", "operation", "mode", "method")
"""Arguments by which one tool does several things: `str_replace_editor(command="view")`."""
_SCRIPT: Final = ("command", "cmd", "script", "sql", "query", "statement")
"""Arguments that hold a shell's or a database's commands."""

_SQL: Final = re.compile(
    r"\s*(?:(?P<read>select|show|describe|desc|explain)|(?P<write>insert|update|delete|create|drop|alter))\s",
    re.IGNORECASE,
)
_LOOKS: Final = frozenset(
    {
        "awk", "base64", "basename", "cat", "cd", "cmp", "column", "comm", "cut", "date", "df", "diff", "dirname",
        "du", "echo", "egrep", "env", "fgrep", "file", "find", "grep", "head", "hexdump", "hostname", "id", "jq",
        "less", "ls", "md5sum", "more", "nl", "od", "printf", "ps", "pwd", "readlink", "realpath", "rg", "sed",
        "sha1sum", "sha256sum", "sort", "stat", "strings", "tail", "test", "tr", "tree", "true", "type", "uname",
        "uniq", "wc", "which", "whoami", "xxd",
    }
)  # fmt: skip
"""Commands that change nothing, but for what `_CHANGES` finds among their arguments."""
_LOOKS_OF_GIT: Final = frozenset(
    {"blame", "branch", "diff", "grep", "log", "ls-files", "remote", "rev-parse", "show", "status"}
)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_HARMLESS: Final = re.compile(r"[12&]?>\s*/dev/null|2>&1|\\;|\{\}")
_BETWEEN: Final = re.compile(r"&&|\|\||[|;\n]|-exec(?:dir)?\s")
_CHANGES: Final = re.compile(r">|`|\$\(|\s-delete\b|\bsed\s.*-i|\$\{?\w+\}?=|^\s*\w+=")
_LONGEST: Final = 4000
"""Characters of a script that are read: a longer one does more than look."""


def effect(name: str, arguments: Any = None) -> str:
    """What the tool *name*, called with *arguments*, does: `read`, `write`, `run` or `unknown`.

    The first word of the name that we know decides, since names start with their verb; then an argument that names an
    operation; then what a shell or a database is told to do, where all of it only looks.
    """
    named = _verb(name)
    if named == "read" or not isinstance(arguments, Mapping):
        return named
    if operation := _operation(arguments):
        return operation
    if named == "write":
        return named
    return next((told for key in _SCRIPT if (told := _told(arguments.get(key)))), named)


def _verb(text: str) -> str:
    return next(
        (_EFFECT_OF[low] for word in _WORDS.findall(text) if (low := word.lower()) in _EFFECT_OF), "unknown"
    )


def _operation(arguments: Mapping[str, Any]) -> str | None:
    for key in _OPERATION:
        value = arguments.get(key)
        if isinstance(value, str) and value.replace("_", "").isalpha() and _verb(value) in ("read", "write"):
            return _verb(value)
    return None


def _told(script: Any) -> str | None:
    """`read` or `write` where it is plain what *script* does."""
    if not isinstance(script, str) or len(script) > _LONGEST:
        return None
    if sql := _SQL.match(script):
        return sql.lastgroup
    return "read" if _only_looks(script) else None


def _only_looks(script: str) -> bool:
    if _CHANGES.search(_HARMLESS.sub(" ", _QUOTED.sub("''", script))) or "`" in script or "$(" in script:
        return False
    commands = [part.split() for part in _BETWEEN.split(_HARMLESS.sub(" ", _QUOTED.sub("''", script)))]
    return all(_looks(words) for words in commands if words) and any(commands)


def _looks(words: list[str]) -> bool:
    if words[0] == "git":
        return len(words) > 1 and words[1] in _LOOKS_OF_GIT
    return words[0] in _LOOKS
