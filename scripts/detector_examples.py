"""Which small runs show what each detector finds? Steps as an agent made them: tool, arguments, what came back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

Step = tuple[str, dict[str, Any], str]

REFUSED: Final = (
    "Your edit has introduced new syntax error(s).\n- E999 IndentationError: unexpected indent\nNOT applied."
)
FILE: Final = "def parse(text):\n    return text.split()\n" * 400


def _edit(code: str) -> Step:
    return (
        "edit",
        {"file": "numbers.py", "lines": "70:72", "code": f"    if not str_number:\n{code}"},
        REFUSED,
    )


def _search(word: str) -> Step:
    return ("search", {"query": f"where is the {word} parser of numbers defined"}, "No match in 214 files.")


def _task(result: str) -> Step:
    return ("run_agent", {"task": "Count the failing tests of the module and say why they fail."}, result)


EXAMPLES: Final[Mapping[str, Sequence[Step]]] = {
    "loops": [("search_flights", {"from": "DEN", "to": "IAH"}, "[]")] * 4,
    "cycles": [
        ("list_files", {"path": "."}, "a.py b.py"),
        ("read_file", {"path": "a.py"}, "import b"),
        ("read_file", {"path": "b.py"}, "import a"),
    ]
    * 2,
    "failed_retries": [_edit(f"return mark_safe({text})") for text in ("''", '""', "u''")],
    "no_progress": [
        step
        for n in range(4)
        for step in (
            ("edit", {"file": "a.py", "line": n}, f"edited line {n}"),
            ("run_tests", {"path": "tests"}, "E   AssertionError: 3 != 4\n1 failed. exit code 1"),
        )
    ],
    "requery": [_search(word) for word in ("first", "old", "new")],
    "rereads": [("read_file", {"path": f"{name}.py"}, FILE + name) for name in "abcdefghijklabc"],
    "redelegation": [
        _task("Three tests fail."),
        _task("3 failing."),
        _task("Three fail, all for the same reason."),
    ],
}
"""Detectors without an example here show none: their calls need more than steps."""
