"""Is a response one call however often its log was read while it was written, copied, or named as another one?"""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Row = dict[str, Any]
WriteRows = Callable[..., Path]

CHAT = {"sessionId": "s-1", "projectHash": "abc", "startTime": "2026-11-22T10:25:00.000Z", "kind": "main"}


def said(name: str, second: int, **more: Any) -> Row:
    """A message of Gemini CLI's model: 100 tokens in, 15 out."""
    tokens = {"input": 100, "output": 10, "cached": 60, "thoughts": 5, "tool": 0, "total": 115}
    row = {"id": name, "timestamp": f"2026-11-22T10:25:{second:02d}.000Z", "type": "gemini"}
    return row | {"content": "Done.", "tokens": tokens, "model": "gemini-3.8-flash"} | more


def test_a_gemini_message_that_is_written_twice_counts_once_after_each_row(
    write_rows: WriteRows, book: Any
) -> None:
    """It has no response's id: its own tells that the tellings of three imports are one."""
    run = {"id": "run_1", "name": "run_shell_command", "args": {"command": "ls"}}
    rows = [
        CHAT,
        said("m1", 1),
        said("m1", 1, toolCalls=[run]),
        said("m2", 2),
        said("m2", 2, toolCalls=[run]),
    ]
    for count in range(1, len(rows) + 1):
        book.take(write_rows("session.jsonl", rows[:count]))
    assert book.sums() | {"calls": 2, "output": 30} == book.sums()
    assert book.rows("SELECT count(*) AS n FROM tool_calls") == [{"n": 2}]


def served(name: str, parent: str | None, second: int, response_id: str | None, output: int = 43) -> Row:
    """An answer in a session of OpenClaw's."""
    usage = {"input": 3, "output": output, "cacheRead": 50, "cacheWrite": 7}
    message = {
        "role": "assistant",
        "content": [{"type": "text", "text": "Hello."}],
        "timestamp": 1795347158454 + second * 1000,
        "usage": usage,
        "model": "qwen3",
        "provider": "ollama",
        "stopReason": "stop",
    } | ({"responseId": response_id} if response_id else {})
    row = {"type": "message", "id": name, "parentId": parent, "message": message}
    return row | {"timestamp": f"2026-11-22T11:32:{39 + second:02d}Z"}


SESSION = {"type": "session", "version": 3, "id": "s-1", "timestamp": "2026-11-22T11:31:37Z", "cwd": "/src"}


def test_a_response_id_that_a_server_uses_again_is_another_response(write_rows: WriteRows, book: Any) -> None:
    """Ollama has a thousand of them: two answers with one, in a session and in two, are two calls."""
    rows = [SESSION, *(served(f"a{place}", None, place, "chatcmpl-417", 43 + place) for place in (1, 5))]
    book.take(write_rows("one.jsonl", rows))
    other = [SESSION | {"id": "s-2"}, served("b1", None, 9, "chatcmpl-417", 52)]
    book.take(write_rows("two.jsonl", other))
    assert [call["output_tokens"] for call in book.calls()] == [44, 48, 52]


@pytest.mark.parametrize("response_id", [None, "msg_1"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_branch_that_copies_rows_repeats_their_calls(
    write_rows: WriteRows, book: Any, response_id: str | None, order: tuple[int, int]
) -> None:
    """Imported before or behind the session that it came from: what was served there counts there, once."""
    rows = [served("a1", None, 1, response_id), served("a2", "a1", 2, None)]
    opened = SESSION | {"id": "s-2", "parentSession": "s-1", "timestamp": "2026-11-22T11:40:00Z"}
    branch = [opened, *rows, served("a3", "a2", 9, None)]
    logs = write_rows("one.jsonl", [SESSION, *rows]), write_rows("two.jsonl", branch)
    for place in order:
        book.take(logs[place])
    assert [call["session_id"] for call in book.calls()] == ["s-1", "s-1", "s-2"]


TOLD: Row = {
    "role": "assistant",
    "time": {"created": 1795343230737},
    "tokens": {"input": 0, "output": 0, "reasoning": 0, "cache": {"read": 0, "write": 0}},
    "modelID": "claude-sonnet-4-5",
    "providerID": "anthropic",
}
"""A message of opencode's that has begun."""
TOKENS = {"input": 3, "output": 43, "reasoning": 0, "cache": {"read": 50, "write": 40}}
END = {"type": "step-finish", "tokens": TOKENS, "cost": 0.03}
FINISHED = {
    "tokens": TOKENS,
    "finish": "stop",
    "time": {"created": 1795343230737, "completed": 1795343238420},
}


@pytest.mark.parametrize(
    ("stages", "calls"),
    [
        ([(TOLD, []), (TOLD, [END]), (TOLD | FINISHED, [END])], 1),
        ([(TOLD, [END]), (TOLD, [END, END]), (TOLD | FINISHED, [END, END])], 2),
        ([(TOLD | FINISHED, []), (TOLD | FINISHED, [])], 1),
    ],
    ids=["one response", "a message of two responses", "without parts"],
)
def test_a_message_of_opencode_counts_once_however_far_it_was_read(
    tmp_path: Path, book: Any, stages: list[tuple[Row, list[Row]]], calls: int
) -> None:
    """Its end, its tokens and its time are written one after the other."""
    path = tmp_path / "opencode.db"
    con = sqlite3.connect(path)
    con.executescript(
        "CREATE TABLE session (id TEXT PRIMARY KEY, time_updated INT, time_created INT, directory TEXT);"
        "CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INT, data TEXT);"
        "CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, data TEXT);"
        "INSERT INTO session VALUES ('ses_1', 0, 1795343230000, '/src');"
    )
    for number, (message, parts) in enumerate(stages):
        con.execute("UPDATE session SET time_updated = ?", (1795343230737 + number,))
        con.execute(
            "INSERT OR REPLACE INTO message VALUES ('msg_1', 'ses_1', 1795343230737, ?)",
            (json.dumps(message),),
        )
        for place, part in enumerate(parts):
            con.execute(
                "INSERT OR REPLACE INTO part VALUES (?, 'msg_1', 'ses_1', ?)",
                (f"prt_{place}", json.dumps(part)),
            )
        con.commit()
        book.take(path)
    con.close()
    assert [book.sums()[name] for name in ("calls", "output")] == [calls, 43 * calls]
