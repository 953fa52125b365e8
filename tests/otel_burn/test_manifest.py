"""Does the manifest say what is in a context, and never what it reads?"""

import json
import time
from typing import Any

import pytest

from otel_burn import manifest
from otel_burn.exchange import Block, BlockKind
from otel_burn.formats import anthropic_messages, openai_chat
from otel_burn.formats.body import Body
from otel_burn.formats.format import Format

FILE = "def main():\n    return 42\n"
HASH = manifest.hash_text(FILE)


def blocks_of(format: Format, request: dict[str, Any]) -> list[Block]:
    """The blocks of a *request*."""
    return format.blocks(Body(json.dumps(request).encode()))


def openai_context() -> list[Block]:
    """A context in OpenAI's form: tools, system, user, a tool call and its result."""
    return list(
        blocks_of(
            openai_chat.FORMAT,
            {
                "model": "m",
                "tools": [
                    {"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}
                ],
                "messages": [
                    {"role": "system", "content": "be brief"},
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "read it"},
                            {"type": "image_url", "image_url": {"url": "data:,"}},
                        ],
                    },
                    {
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [
                            {
                                "id": "c1",
                                "type": "function",
                                "function": {"name": "read", "arguments": '{"path": "a.py",  "n": 1}'},
                            }
                        ],
                    },
                    {"role": "tool", "tool_call_id": "c1", "content": FILE},
                ],
            },
        )
    )


def anthropic_context() -> list[Block]:
    """The same context in Anthropic's form, with cache marks."""
    return list(
        blocks_of(
            anthropic_messages.FORMAT,
            {
                "model": "m",
                "max_tokens": 1,
                "tools": [
                    {
                        "name": "read",
                        "input_schema": {"type": "object"},
                        "cache_control": {"type": "ephemeral"},
                    }
                ],
                "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}],
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "read it"},
                            {"type": "image", "source": {"type": "url"}},
                        ],
                    },
                    {
                        "role": "assistant",
                        "content": [
                            {
                                "type": "tool_use",
                                "id": "c1",
                                "name": "read",
                                "input": {"n": 1, "path": "a.py"},
                            }
                        ],
                    },
                    {
                        "role": "user",
                        "content": [
                            {
                                "type": "tool_result",
                                "tool_use_id": "c1",
                                "content": [{"type": "text", "text": FILE}],
                            }
                        ],
                    },
                ],
            },
        )
    )


def test_the_same_context_reads_the_same_in_both_formats() -> None:
    """Kinds, tools and ids agree block by block; equal content has equal hashes whoever carries it."""
    ours, theirs = openai_context(), anthropic_context()
    assert [(b.kind, b.tool, b.tool_call_id) for b in ours] == [
        (b.kind, b.tool, b.tool_call_id) for b in theirs
    ]
    same = [b.hash == c.hash for b, c in zip(ours, theirs, strict=True)]
    assert same == [False, True, True, False, True, True]  # tool definitions and images differ in form
    sketch = manifest.sketch(FILE)
    assert ours[-1] == Block(
        BlockKind.TOOL_RESULT, HASH, len(FILE), tool="read", tool_call_id="c1", sketch=sketch
    )


def test_a_file_is_the_same_block_as_a_user_message() -> None:
    """Hashes leave out the role: a pasted file is the file that a tool returned."""
    assert (
        manifest.block(BlockKind.USER, FILE).hash == manifest.block(BlockKind.TOOL_RESULT, FILE).hash == HASH
    )


def test_moving_a_cache_mark_changes_no_block() -> None:
    """Cache marks move from call to call and are no content."""
    marked = {
        "role": "user",
        "content": [{"type": "image", "source": {"type": "url"}, "cache_control": {"type": "ephemeral"}}],
    }
    plain = {"role": "user", "content": [{"type": "image", "source": {"type": "url"}}]}
    first, second = (
        blocks_of(anthropic_messages.FORMAT, {"max_tokens": 1, "messages": [m]}) for m in (marked, plain)
    )
    assert first == second


def test_arguments_are_equal_but_for_white_space_and_order() -> None:
    """The order of arguments and the white space within them make no difference; anything else does."""
    one = manifest.tool_call("a", "run_tests", '{"cmd": "pytest  -q\\n", "dir": "."}')
    two = manifest.tool_call("b", "run_tests", {"dir": ".", "cmd": "pytest -q"})
    other = manifest.tool_call("c", "run_tests", {"dir": ".", "cmd": "pytest -x"})
    assert (one.args_hash, one.args) == (two.args_hash, two.args)
    assert one.args_hash != other.args_hash
    assert one.args["dir"] == other.args["dir"]


@pytest.mark.parametrize(
    ("name", "effect"),
    [
        ("read_file", "read"), ("str_replace_based_edit_tool", "write"), ("WebSearch", "read"), ("bash", "run"),
        ("writeFile", "write"), ("run_tests", "run"), ("mcp__github__create_issue", "write"), ("frobnicate", "unknown"),
        ("list_files", "read"), ("executeCommand", "run"), ("", "unknown"),
    ],
)  # fmt: skip
def test_effects_by_name(name: str, effect: str) -> None:
    """A tool's name tells what it does to the world, or that we can't tell."""
    assert manifest.effect(name) == effect


@pytest.mark.parametrize(
    ("said", "flagged", "error"),
    [
        ("all 12 tests passed", False, ""),
        ("2 failed, exit code: 1", False, "exit_code_1"),
        ("done, exit code 0", False, ""),
        ("Traceback (most recent call last):\n  …\nFileNotFoundError: a.py", False, "FileNotFoundError"),
        ("class ValueError is raised by int()", False, ""),
        ("permission denied", True, "error"),
        ("Error: no such file", False, "error"),
        ("x" * 10_000 + "\nKeyError: 'a'", True, "KeyError"),
        ("Process exited with code 127\ncommand not found", False, "exit_code_127"),
    ],
)
def test_error_classes(said: str, flagged: bool, error: str) -> None:
    """A failed result has a class; a file that merely talks about errors has none."""
    assert manifest.error_class(said, flagged=flagged) == error


def test_a_sketch_tells_near_duplicates() -> None:
    """Texts that share most of their words share most of their sketch; others share none; short ones have none."""
    text = " ".join(f"word{n}" for n in range(300))
    near, other = text.replace("word150", "changed"), " ".join(f"else{n}" for n in range(300))
    groups = [
        {sketch[at : at + 4] for at in range(0, len(sketch), 4)}
        for sketch in map(manifest.sketch, (text, near, other))
    ]
    assert len(groups[0]) == 16
    assert len(groups[0] & groups[1]) / len(groups[0] | groups[1]) > 0.8
    assert not groups[0] & groups[2]
    assert manifest.sketch("two words") == ""


def test_a_sketch_of_a_megabyte_costs_that_of_its_edges() -> None:
    """Its input is bounded, so its cost is."""
    before = time.process_time()
    manifest.sketch("some words of a log\n" * 100_000)
    assert time.process_time() - before < 0.1


def test_a_streamed_text_is_the_same_block() -> None:
    """Hashed piece by piece, it equals the text that is sent back as a whole."""
    gathered = manifest.Gathered()
    for piece in FILE:
        gathered.add(piece)
    assert gathered.block(BlockKind.ASSISTANT) == manifest.block(BlockKind.ASSISTANT, FILE)


def test_no_word_of_content_is_kept() -> None:
    """Nothing that a block or a tool call holds contains what was said."""
    canary = "canary-7f3a"
    call = manifest.tool_call("id", "read", json.dumps({"path": canary}))
    block = manifest.block(BlockKind.USER, f"say {canary}", error=manifest.error_class(canary, flagged=True))
    assert canary not in repr(call) + repr(block)


ERRORS = {
    "Your edit has introduced new syntax error(s).\n- E999 IndentationError: x\nIt has NOT been applied.": (
        "IndentationError"
    ),
    "sh: 1: foo: command not found": "command_not_found",
    "cat: a.txt: No such file or directory": "no_such_file_or_directory",
    "Found 3 matches for an error": "",
    "find: missing argument to `-exec'": "error",
    "md5sum: the --text option is meaningless\nTry 'md5sum --help' for more information.": "error",
    "/bin/bash: -c: line 1: unexpected EOF while looking for matching `''": "error",
    "Submitted flag is incorrect. Keep trying!": "error",
    "File fields/__init__.py not found": "error",
    "Could not find the exact text. It must match, white space included.": "error",
    "404 Not Found": "error",
    '{"success": false, "reason": "sold out"}': "error",
    "500 items found": "",
    "type: object\nrequired: [id]": "",
    '611:    "Using pytest.skip outside of a test is not allowed"': "",
    '{"success": true, "missing": []}': "",
    "All tests passed without errors.": "",
}


@pytest.mark.parametrize(("text", "expected"), ERRORS.items(), ids=[text[:20] for text in ERRORS])
def test_errors_that_are_told_in_words(text: str, expected: str) -> None:
    """Tools of coding agents and shells fail in prose, and a listing that mentions errors is none."""
    assert manifest.error_class(text, flagged=False) == expected


def test_a_long_text_has_to_say_at_both_ends_that_it_failed() -> None:
    """A file that quotes a failure in its first lines is a file."""
    quoting = "cat: x: No such file or directory\n" + "the rest of a log\n" * 100
    assert manifest.error_class(quoting, flagged=False) == ""


def test_a_long_text_may_say_that_something_is_missing() -> None:
    """What is an answer by itself is a remark in a document."""
    assert manifest.error_class("The key is not valid. " + "More of the manual. " * 40, flagged=False) == ""


def test_the_numbers_in_a_failure_make_no_other_failure() -> None:
    """Times, processes and addresses change from run to run; the sketch of a result that is none keeps its numbers."""
    texts = (
        f"FAIL src/app.test.ts in {time} s, worker {pid}: expected red" for time, pid in ((0.3, 9), (12, 412))
    )
    failed = [manifest.block(BlockKind.TOOL_RESULT, text, error="exit_code_1") for text in texts]
    assert failed[0].sketch == failed[1].sketch != ""
    assert failed[0].hash != failed[1].hash
    pages = [manifest.block(BlockKind.TOOL_RESULT, f"this is page {number} of it") for number in (1, 2)]
    assert pages[0].sketch != pages[1].sketch


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"command": "ls", "description": "Look"}, {"command": "ls", "description": "List files"}, True),
        ({"path": "a", "explanation": "First"}, {"path": "a", "explanation": "Again"}, True),
        ({"id": 4, "request_id": "a1"}, {"id": 4, "request_id": "b2"}, True),
        ({"title": "a", "description": "x"}, {"title": "a", "description": "y"}, False),
        ({"thought": "a"}, {"thought": "b"}, False),
        ({"command": "ls", "description": "x"}, {"command": "pwd", "description": "x"}, False),
    ],
)
def test_why_a_model_asks_makes_no_other_request(
    one: dict[str, Any], other: dict[str, Any], same: bool
) -> None:
    """Unless nothing else was asked."""
    hashes = {manifest.tool_call("c", "tool", arguments).args_hash for arguments in (one, other)}
    assert (len(hashes) == 1) is same


def test_sketches_of_arguments_read_lines_as_lines() -> None:
    """Re-indenting an edit leaves nearly all of its shingles alike."""
    lines = ["if not number:", "return mark_safe('')", "return str(number)"]
    flat, indented = ("edit 70:70\n" + "\n".join(by + line for line in lines) for by in ("", "    "))
    one, other = (manifest.tool_call("c", "edit", {"command": text}).sketch for text in (flat, indented))
    assert one == other
