"""Are the logs of Gemini CLI, OpenClaw and opencode read right, also as older versions keep them?"""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backports import zstd

Row = dict[str, Any]
WriteRows = Callable[..., Path]


def answer(name: str, second: int, **more: Any) -> Row:
    """A message of Gemini CLI's model."""
    tokens = {"input": 100, "output": 10, "cached": 60, "thoughts": 5, "tool": 0, "total": 115}
    return {
        "id": name,
        "timestamp": f"2026-11-22T10:25:{second:02d}.000Z",
        "type": "gemini",
        "content": "Done.",
        "tokens": tokens,
        "model": "gemini-3.8-flash",
    } | more


HEADER = {"sessionId": "s-1", "projectHash": "abc", "startTime": "2026-11-22T10:25:00.000Z", "kind": "main"}


def test_a_gemini_message_counts_once_and_after_it_was_replaced(write_rows: WriteRows, read: Any) -> None:
    """A message is written again when its tools ran; a history that is replaced was billed, and what stays in it is
    not billed again."""
    run = {"id": "run_1", "name": "run_shell_command", "args": {"command": "ls"}}
    log = write_rows(
        "chats/session.jsonl",
        [
            HEADER,
            answer("m1", 1),
            answer("m1", 1, toolCalls=[run]),
            answer("m2", 2),
            {"$set": {"messages": [answer("m2", 2)]}},
            answer("m2", 2),
            answer("m3", 3),
        ],
    )
    calls, problems = read(log)
    assert (problems, [call.key for call in calls]) == ([], ["m1", "m2", "m3"])
    assert [len(call.response.tool_calls) for call in calls] == [1, 0, 0]
    assert {(call.response.usage.input_tokens, call.response.usage.output_tokens) for call in calls} == {
        (100, 15)
    }


def test_a_gemini_chat_that_is_one_object(tmp_path: Path, read: Any) -> None:
    """Older versions rewrite the whole chat as indented JSON."""
    log = tmp_path / "session-2026-01-01T10-00-abc.json"
    log.write_text(json.dumps(HEADER | {"messages": [answer("m1", 1), answer("m2", 2)]}, indent=2))
    calls, _ = read(log)
    assert [call.key for call in calls] == ["m1", "m2"]


def event(name: str, parent: str | None, role: str, **more: Any) -> Row:
    """A row of OpenClaw's."""
    message = {
        "role": role,
        "content": [{"type": "text", "text": "Hello."}],
        "timestamp": 1795347158454,
    } | more
    return {
        "type": "message",
        "id": name,
        "parentId": parent,
        "timestamp": "2026-11-22T11:32:40Z",
        "message": message,
    }


def served(name: str, parent: str, **more: Any) -> Row:
    """An answer in a session of OpenClaw's."""
    usage = {"input": 3, "output": 43, "cacheRead": 50, "cacheWrite": 7, "cost": {"total": 0.5}}
    said = {"usage": usage, "model": "claude-sonnet-4-5", "provider": "anthropic", "stopReason": "stop"}
    return event(name, parent, "assistant", **(said | more))


OPENING = {
    "type": "session",
    "version": 3,
    "id": "s-1",
    "timestamp": "2026-11-22T11:31:37Z",
    "cwd": "/src/app",
}


def test_openclaw_rows(write_rows: WriteRows, read: Any) -> None:
    """What was injected, or failed without usage, is no call; a branched session's copy has the same name."""
    rows = [
        OPENING,
        event("u1", None, "user"),
        served("a1", "u1"),
        served("a2", "u1", model="delivery-mirror"),
        served("a3", "u1", stopReason="error", usage={"input": 0, "output": 0}),
        served("a4", "a1", stopReason="aborted"),
    ]
    calls, problems = read(write_rows("sessions/one.jsonl", rows))
    copies, _ = read(
        write_rows("sessions/two.jsonl", [OPENING | {"id": "s-2", "parentSession": "s-1"}, *rows[1:]])
    )
    assert problems == []
    assert [(call.response.usage.input_tokens, call.reported_usd) for call in calls] == [(60, 0.5)] * 2
    assert [str(call.response.usage_status) for call in calls] == ["exact", "partial"]
    assert [call.key for call in copies] == [call.key for call in calls]


def test_openclaw_rows_that_are_packed(tmp_path: Path, read: Any) -> None:
    """Newer databases pack long rows with zstd; one that cannot be unpacked is named, and the rest is read."""
    path = tmp_path / "openclaw-agent.sqlite"
    con = sqlite3.connect(path)
    con.execute("CREATE TABLE transcript_events (session_id, seq, event_json, created_at, event_zstd)")
    packed = zstd.compress(json.dumps(served("a1", "u1")).encode())
    for seq, (text, data) in enumerate([(json.dumps(OPENING), None), (None, packed), (None, b"damaged")]):
        con.execute("INSERT INTO transcript_events VALUES ('s-1', ?, ?, 0, ?)", (seq, text, data))
    con.commit()
    con.close()
    calls, problems = read(path)
    assert len(calls) == 1
    assert [problem.line for problem in problems] == [3]


def opencode_message(name: str, **more: Any) -> Row:
    """An assistant's message of opencode."""
    tokens = {"input": 3, "output": 43, "reasoning": 7, "cache": {"read": 50, "write": 40}}
    times = {"created": 1795343230737, "completed": 1795343238420}
    said = {
        "id": name,
        "sessionID": "ses_1",
        "role": "assistant",
        "time": times,
        "tokens": tokens,
        "cost": 0.03,
    }
    return said | {"modelID": "claude-sonnet-4-5", "providerID": "anthropic", "finish": "stop"} | more


def test_the_folder_that_opencode_had(tmp_path: Path, read: Any) -> None:
    """A file a message and a part; a message that is not finished waits, one that failed before usage is none."""
    messages = {
        "msg_1": opencode_message("msg_1"),
        "msg_2": opencode_message("msg_2", time={"created": 1795343240000}, tokens={"input": 0, "output": 0}),
        "msg_3": opencode_message("msg_3", error={"name": "APIError"}, tokens={"input": 0, "output": 0}),
    }
    for name, message in messages.items():
        _write(tmp_path / "storage" / "message" / "ses_1" / f"{name}.json", message)
    state = {"status": "completed", "input": {"command": "ls"}, "output": "app.py"}
    part = {"type": "tool", "tool": "bash", "callID": "call_1", "state": state}
    _write(tmp_path / "storage" / "part" / "msg_1" / "prt_1.json", part)
    _write(
        tmp_path / "storage" / "session" / "p" / "ses_1.json", {"directory": "/src/app", "parentID": "ses_0"}
    )
    ((found,), problems) = read(tmp_path / "storage" / "message" / "ses_1")
    assert (found.response.usage.input_tokens, found.response.usage.output_tokens) == (93, 50)
    assert [each.name for each in found.response.tool_calls] == ["bash"]
    assert (found.session.project, found.session.parent_id) == ("/src/app", "ses_0")
    assert [problem.passing for problem in problems] == [True]


def test_a_message_of_several_responses(tmp_path: Path, read: Any) -> None:
    """Older versions of opencode ended each with a part of its own."""
    ends = [
        {"id": f"prt_{number}", "type": "step-finish", "tokens": {"input": number, "output": 1}, "cost": 0.01}
        for number in (1, 2)
    ]
    export = {"info": {"id": "ses_1"}, "messages": [{"info": opencode_message("msg_1"), "parts": ends}]}
    _write(tmp_path / "export.json", export)
    calls, _ = read(tmp_path / "export.json")
    assert [(call.key, call.response.usage.input_tokens) for call in calls] == [("prt_1", 1), ("prt_2", 2)]


def _write(path: Path, value: Row) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1))
