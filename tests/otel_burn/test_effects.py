"""Is it told what a tool call does, by its name and by what it is told to do?"""

from typing import Any

import pytest

from otel_burn.effects import effect

TOLD: list[tuple[str, dict[str, Any], str]] = [
    ("bash", {"command": "ls -la | head -3"}, "read"),
    ("Bash", {"command": "git status && git diff"}, "read"),
    ("execute_bash", {"command": "grep -rn 'a > b' . 2>/dev/null"}, "read"),
    ("bash", {"command": "find . -name '*.py' -exec md5sum {} \\; | sort | awk '{print $1}'"}, "read"),
    ("bash", {"command": "find . -name x -exec rm {} \\;"}, "run"),
    ("bash", {"command": "find . -name x -delete"}, "run"),
    ("bash", {"command": "sed -i s/a/b/ f.py"}, "run"),
    ("bash", {"command": "echo done > log"}, "run"),
    ("bash", {"command": "cat $(which python)"}, "run"),
    ("bash", {"command": "A=1 cat x"}, "run"),
    ("bash", {"command": "git commit -am x"}, "run"),
    ("bash", {"command": "pytest -q"}, "run"),
    ("bash", {"command": ""}, "run"),
    ("bash", {"command": "ls " * 2_000}, "run"),
    ("str_replace_editor", {"command": "view", "path": "a.py"}, "read"),
    ("str_replace_editor", {"command": "str_replace", "path": "a.py"}, "write"),
    ("db", {"sql": "select 1 "}, "read"),
    ("db", {"query": "DROP TABLE t"}, "write"),
    ("db", {"query": ["no", "text"]}, "unknown"),
    ("read_file", {"command": "rm"}, "read"),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), TOLD, ids=[str(told[1])[:50] for told in TOLD])
def test_what_a_tool_is_told_to_do_decides(name: str, arguments: dict[str, Any], expected: str) -> None:
    """A shell that only looks reads; one operation of a tool may read and another write."""
    assert effect(name, arguments) == expected
