"""Is what cannot be read named with its line, and does everything else land, with nothing guessed?"""

import gzip
import json
import os
import pty
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from backports import zstd

from otel_burn_collector.session_logs.places import files_below, usual_paths
from otel_burn_collector.session_logs.rows import LONGEST
from otel_burn_collector.session_logs.telling import tell

Row = dict[str, Any]
WriteRows = Callable[..., Path]


def prompt(number: int) -> Row:
    """A row of Claude Code's that a person wrote."""
    return {
        "parentUuid": None,
        "type": "user",
        "uuid": f"u{number}",
        "sessionId": "s-1",
        "timestamp": f"2026-11-22T11:09:{number:02d}.000Z",
        "message": {"role": "user", "content": f"Do {number}."},
    }


def answer(number: int, **more: Any) -> Row:
    """A row of Claude Code's with a whole response."""
    message = {
        "id": f"msg_{number}",
        "model": "claude-opus-5-5",
        "content": [{"type": "text", "text": "Done."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 20} | more.pop("usage", {}),
    }
    row = {"parentUuid": f"u{number}", "type": "assistant", "uuid": f"a{number}", "sessionId": "s-1"}
    return row | {"timestamp": f"2026-11-22T11:09:{number + 1:02d}.000Z", "message": message} | more


def chat_answer(name: str) -> Row:
    """A message of Gemini CLI's model."""
    row = {"id": name, "timestamp": "2026-11-22T11:09:01.000Z", "type": "gemini", "content": "Done."}
    return row | {"model": "gemini-3.8-flash", "tokens": {"input": 9, "output": 2, "cached": 0, "total": 11}}


def claw_answer(name: str) -> Row:
    """An answer in a session of OpenClaw's, by an API that gives responses no id."""
    usage = {"input": 3, "output": 43, "cacheRead": 50, "cacheWrite": 7}
    message = {"role": "assistant", "content": [], "model": "gemini-3.8-flash", "usage": usage}
    return {"type": "message", "id": name, "timestamp": "2026-11-22T11:32:40Z", "message": message}


GOOD = [prompt(1), answer(1)]
HALF = '{"type":"assistant","uuid":"a9","message":{"id":"msg_'


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("{broken", "no JSON object"),
        ('{"type":"user","uuid":"\\u0000\x00"}', "NUL bytes"),
        ("[1, 2]", "no JSON object"),
        ("[" * 100_000, "nested too deep|no JSON object"),
        (json.dumps(answer(5, timestamp="yesterday")), "its time is the text 'yesterday'"),
        (json.dumps(answer(5, timestamp=None)), "its time is None"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_lands(write_rows: WriteRows, read: Any, bad: str, said: str) -> None:
    """With its line and what is wrong; the call that it would be is left out."""
    calls, problems = read(write_rows("s.jsonl", [*GOOD, bad, prompt(3), answer(3)]))
    assert [call.key for call in calls] == ["msg_1", "msg_3"]
    ((line, reason, passing),) = problems
    assert (line, passing) == (3, False)
    assert any(each in reason for each in said.split("|"))


@pytest.mark.parametrize("tokens", [10**12, -1, "20", True, 2.5, [20], float("1e300")])
def test_a_count_that_none_is_leaves_the_usage_out(write_rows: WriteRows, read: Any, tokens: Any) -> None:
    """The call is there, its usage is missing, and what stood there is told: never a guess, never a zero."""
    calls, problems = read(
        write_rows("s.jsonl", [*GOOD, prompt(3), answer(3, usage={"output_tokens": tokens})])
    )
    assert [call.response.usage is None for call in calls] == [False, True]
    assert [(problem.line, problem.passing) for problem in problems] == [(4, False)]
    assert "output_tokens is" in problems[0].reason


def test_a_line_that_is_being_written_waits(write_rows: WriteRows, read: Any) -> None:
    """It is noted, not a problem; as a whole line without its end it counts."""
    log = write_rows("s.jsonl", GOOD)
    whole = log.read_text()
    log.write_text(whole + HALF)
    calls, problems = read(log)
    assert ([call.key for call in calls], [each.passing for each in problems]) == (["msg_1"], [True])
    log.write_text(whole.removesuffix("\n"))
    assert [len(found) for found in read(log)] == [1, 0]


def test_a_line_of_any_length_costs_little_memory(tmp_path: Path, read: Any) -> None:
    """One beyond the limit is skipped and named, whatever follows it."""
    log = tmp_path / "s.jsonl"
    with log.open("wb") as file:
        file.write(b'{"type":"file-history-snapshot","snapshot":"')
        file.seek(LONGEST + 5, os.SEEK_CUR)  # a hole: no disk is used
        file.write(b'"}\n' + "\n".join(map(json.dumps, GOOD)).encode() + b"\n")
    calls, problems = read(log)
    assert [call.key for call in calls] == ["msg_1"]
    assert [(problem.line, "longer than" in problem.reason) for problem in problems] == [(1, True)]


def test_other_encodings_are_named(tmp_path: Path, read: Any) -> None:
    """UTF-16 as a whole; a line in Latin-1 alone; a mark of UTF-8 and half an emoji do no harm."""
    log, text = tmp_path / "s.jsonl", "\n".join(map(json.dumps, GOOD)) + "\n"
    latin = json.dumps(prompt(2)).replace("Do 2.", "Größe").encode("latin-1")
    log.write_bytes(b"\xef\xbb\xbf" + text.encode() + latin + b"\n")
    calls, problems = read(log)
    assert (len(calls), [(each.line, "UTF-8" in each.reason) for each in problems]) == (1, [(3, True)])
    half = json.dumps(answer(1)).replace("Done.", "Done \\ud83d")
    log.write_text(json.dumps(prompt(1)) + "\n" + half + "\n")
    assert [len(found) for found in read(log)] == [1, 0]
    log.write_bytes(text.encode("utf-16"))
    calls, problems = read(log)
    assert (calls, problems[0].reason) == ([], "the file is in UTF-16; these logs are in UTF-8")


@pytest.mark.parametrize("packed", [gzip.compress, zstd.compress])
def test_a_packed_log_is_read_and_a_cut_one_as_far_as_it_goes(
    tmp_path: Path, read: Any, packed: Callable[[bytes], bytes]
) -> None:
    """Codex packs old rollouts; of a cut one the end is missing, and that is said."""
    rows = [row for number in range(2000) for row in (prompt(number % 50), answer(number % 50))]
    for number, row in enumerate(rows):
        row["message"]["id"], row["uuid"] = f"msg_{number}", str(number)
    log, text = tmp_path / "s.jsonl.gz", "\n".join(map(json.dumps, rows)).encode()
    log.write_bytes(packed(text))
    whole, problems = read(log)
    assert (len(whole), problems) == (2000, [])
    log.write_bytes(packed(text)[: len(packed(text)) // 2])
    cut, problems = read(log)
    assert len(cut) < 2000
    assert problems[-1].reason.startswith("it cannot be read to its end")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("claude-code", [answer(1), answer(2)]),
        ("gemini-cli", [chat_answer("m1"), chat_answer("m2")]),
        ("openclaw", [claw_answer("a1"), claw_answer("a2")]),
    ],
)
def test_a_log_without_its_beginning_is_told_by_the_rest(
    write_rows: WriteRows, book: Any, name: str, rows: list[Row]
) -> None:
    """Its first row is damaged, as after a crash: that is named, and the calls are those of one session."""
    taken = book.take(write_rows("some.jsonl", ["\x00" * 50, *rows]))
    assert [(problem.line, "NUL" in problem.reason) for _, problem in taken.logs.problems] == [(1, True)]
    assert taken.logs.agents[name].calls == 2
    assert len({call["session_id"] for call in book.calls()}) == 1


def test_a_call_from_the_future_is_named_with_its_line(write_rows: WriteRows, book: Any) -> None:
    """A clock was wrong: it counts when it says, and is noted."""
    taken = book.take(write_rows("s.jsonl", [*GOOD, answer(3, timestamp="2100-01-01T00:00:00Z")]))
    ((_, problem),) = taken.logs.problems
    assert problem == (3, "a call is dated 2100-01-01, in the future", True)
    assert book.sums()["calls"] == 2


def test_what_an_unknown_version_writes_is_named(write_rows: WriteRows, read: Any) -> None:
    """Tokens in a row of a kind that nobody knows, and an answer that nothing names, are not passed over."""
    odd = answer(3) | {"type": "model-answer"}
    nameless = answer(5)
    del nameless["message"]["id"]
    odd["message"]["role"] = "assistant"
    calls, problems = read(write_rows("s.jsonl", [*GOOD, odd, nameless]))
    assert len(calls) == 1
    assert [(problem.line, problem.passing) for problem in problems] == [(3, False), (4, False)]
    assert "'model-answer', which we do not know" in problems[0].reason


def test_what_one_row_of_a_response_says_wrong_another_says_right(write_rows: WriteRows, read: Any) -> None:
    """Claude Code tells a response's usage and time with each of its blocks."""
    rows = [*GOOD[:1], answer(1, usage={"output_tokens": 10**12}), answer(1, timestamp="yesterday")]
    ((call,), problems) = read(write_rows("s.jsonl", rows))
    assert (call.response.usage.output_tokens, call.rows) == (20, 2)
    assert [(problem.line, "output_tokens" in problem.reason) for problem in problems] == [(2, True)]


def test_a_chats_message_that_is_written_again_without_its_time_keeps_it(
    write_rows: WriteRows, read: Any
) -> None:
    """The first writing told when it was."""
    again = chat_answer("m1") | {"timestamp": "yesterday", "toolCalls": []}
    chat = {"sessionId": "s-1", "projectHash": "abc", "startTime": "2026-11-22T11:09:00.000Z"}
    calls, problems = read(write_rows("session.jsonl", [chat, chat_answer("m1"), again]))
    assert ([call.key for call in calls], problems) == (["m1"], [])


def test_a_database_that_cannot_be_read_is_named(tmp_path: Path, read: Any) -> None:
    """A row that is no JSON by its number, one that is locked or cut as a whole."""
    path = tmp_path / "opencode.db"
    con = sqlite3.connect(path)
    con.executescript(
        "CREATE TABLE session (id TEXT PRIMARY KEY, time_updated INT, time_created INT, directory TEXT);"
        "CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INT, data TEXT);"
        "CREATE TABLE part (id TEXT PRIMARY KEY, message_id TEXT, data TEXT);"
    )
    said = {
        "role": "assistant",
        "time": {"created": 1795343230737, "completed": 1795343238420},
        "finish": "stop",
    }
    said |= {"tokens": {"input": 3, "output": 4}, "modelID": "gpt-5.5", "providerID": "openai"}
    for number in range(400):
        con.execute(
            "INSERT INTO session VALUES (?, 1795343238420, 1795343230737, '/work')", (f"ses_{number:04}",)
        )
        con.execute(
            "INSERT INTO message VALUES (?, ?, 1795343230737, ?)",
            (f"msg_{number:04}", f"ses_{number:04}", json.dumps(said | {"padding": "x" * 500})),
        )
    con.execute("UPDATE message SET data = 'no JSON' WHERE id = 'msg_0007'")
    con.commit()
    calls, problems = read(path)
    assert (len(calls), [problem.line for problem in problems]) == (399, [8])
    con.execute("BEGIN EXCLUSIVE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        tell(path)
    con.rollback()
    con.close()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 2 // 3 // 4096 * 4096)
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        tell(path)


@pytest.mark.recorded
def test_no_row_breaks_a_reader(captures: Path, tmp_path: Path, read: Any) -> None:
    """Whatever stands in the place of any value of a captured log, every other row is read."""
    dice = random.Random(7)
    odd = (None, True, -1, 10**30, 1.5, "", "x", [], [[]], {}, {"a": []}, "2026-13-45T99:99", "\x00")

    def shaken(value: Any) -> Any:
        if dice.random() < 0.02:
            return dice.choice(odd)
        if isinstance(value, dict):
            return {key: shaken(each) for key, each in value.items()}
        return [shaken(each) for each in value] if isinstance(value, list) else value

    for folder in (
        "claude-code-2.1.330",
        "codex-0.169.0",
        "gemini-cli-0.61.0",
        "openclaw-2026.4.29__chat-send",
    ):
        (source, *_) = sorted((captures / folder / "session_files").rglob("*-*-*[0-9a-f].jsonl"))
        rows = [json.loads(line) for line in source.read_bytes().splitlines()]
        for number in range(25):
            log = tmp_path / f"{number}.jsonl"
            texts = [json.dumps(row if place < 3 else shaken(row)) for place, row in enumerate(rows)]
            log.write_text("\n".join(texts) + "\n")
            calls, problems = read(log)
            assert not any("Error" in problem.reason for problem in problems)
            assert len(calls) <= 9  # an answer whose name was shaken is another one


def test_links_in_a_circle_and_closed_folders(tmp_path: Path) -> None:
    """Each file is found once, and a folder that may not be read is named."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "s.jsonl").write_text("{}")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "again").symlink_to(tmp_path / "a" / "s.jsonl")
    (tmp_path / "a" / "nowhere").symlink_to(tmp_path / "gone")
    troubles: list[str] = []
    found = list(files_below(tmp_path / "a", lambda path, reason: troubles.append(f"{path.name}: {reason}")))
    assert [path.name for path in found] == ["again"]
    assert troubles == ["nowhere: it cannot be read (No such file or directory)"]


@pytest.mark.parametrize(
    ("agent", "place", "environment"),
    [
        ("claude-code", "home/.claude/projects", {}),
        ("claude-code", "home/.config/claude/projects", {}),
        ("claude-code", "moved/projects", {"CLAUDE_CONFIG_DIR": "{moved}"}),
        ("claude-code", "moved/projects", {"CLAUDE_CONFIG_DIR": "/nowhere, {moved}"}),
        ("codex", "home/.codex/sessions", {}),
        ("codex", "moved/archived_sessions", {"CODEX_HOME": "{moved}"}),
        ("gemini-cli", "home/.gemini/tmp/p/chats", {}),
        ("gemini-cli", "moved/.gemini/tmp/p/chats", {"GEMINI_CLI_HOME": "{moved}"}),
        ("openclaw", "home/.openclaw/agents/main/sessions", {}),
        ("openclaw", "home/.openclaw-work/agents/main/sessions", {}),
        ("openclaw", "home/.clawdbot/agents/main/agent", {}),
        ("openclaw", "moved/agents/main/agent", {"OPENCLAW_STATE_DIR": "{moved}"}),
        ("openclaw", "moved/.openclaw/agents/main/agent", {"OPENCLAW_HOME": "{moved}"}),
        ("opencode", "home/.local/share/opencode/storage/message", {}),
        ("opencode", "home/.local/share/opencode/opencode-dev.db", {}),
        ("opencode", "home/.local/share/opencode/opencode.db", {"OPENCODE_DB": "opencode.db"}),
        ("opencode", "moved/opencode/opencode.db", {"XDG_DATA_HOME": "{moved}"}),
        ("opencode", "moved/mine.sqlite", {"OPENCODE_DB": "{moved}/mine.sqlite"}),
    ],
)
def test_where_agents_keep_their_logs(
    tmp_path: Path, agent: str, place: str, environment: Mapping[str, str]
) -> None:
    """Each agent's usual place, and where its own variables move it; what is moved away is not looked for."""
    home, moved, found = tmp_path / "home", tmp_path / "moved", tmp_path / place
    (home / ".local" / "share" / "opencode").mkdir(parents=True)
    found.parent.mkdir(parents=True, exist_ok=True)
    found.touch() if found.suffix in (".db", ".sqlite") else found.mkdir()
    said = {name: value.format(moved=moved) for name, value in environment.items()}
    assert usual_paths(said, home) == [(agent, found)]
    if place.startswith("moved"):
        assert usual_paths({}, home) == []


def otel_burn_import(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `otel-burn import` as a user with this home folder does."""
    clean = {
        key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "CLAUDE", "CODEX"))
    }
    return subprocess.run(
        [sys.executable, "-m", "otel_burn", "import", "--db", str(home / "burn.duckdb"), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        env=clean | {"HOME": str(home)},
    )


def test_one_command_without_a_path_tells_what_burned(tmp_path: Path) -> None:
    """What lies in the usual places lands; bad rows are named, and the exit code says so; nothing is a failure."""
    log = tmp_path / ".claude" / "projects" / "-work" / "s-1.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("\n".join([*map(json.dumps, GOOD), "{broken", ""]))
    looked = otel_burn_import(tmp_path, "--dry-run")
    assert "Found claude-code: 1 call in 1 session (3 tokens in, 20 out) from 1 log." in looked.stdout
    assert not (tmp_path / "burn.duckdb").exists()
    done = otel_burn_import(tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    assert f"problem {log}:3: it is no JSON object of this kind" in done.stdout
    assert "Imported claude-code: 1 call in 1 session (3 tokens in, 20 out) from 1 log." in done.stdout
    assert "Next: otel-burn report" in done.stdout
    log.with_name("s-2.jsonl").write_text('{"kind":"of another age"}\n')
    again = json.loads(otel_burn_import(tmp_path, "--json", "--since", "2026-11-01").stdout)
    ((noted, passing),) = [
        (each["reason"], each["passing"]) for each in again["problems"] if "s-2" in each["path"]
    ]
    assert (passing, "no session log that this version" in noted) == (True, True)
    assert again["logs"]["claude-code"]["unchanged_files"] == 1
    assert again["burned"]["all"][0]["calls"] == 1
    nothing = otel_burn_import(tmp_path, "--agent", "codex")
    assert nothing.returncode == 1
    assert "Name a folder with some" in nothing.stdout


@pytest.mark.parametrize("running", [False, True], ids=["alone", "with a collector"])
def test_a_terminal_sees_how_far_it_is(
    start_collector: Callable[..., Any], tmp_path: Path, running: bool
) -> None:
    """A bar for reading and one for loading, both full at the end; nothing of them in what is printed."""
    log, db = tmp_path / "s-1.jsonl", tmp_path / "burn.duckdb"
    log.write_text("".join(f"{json.dumps(row)}\n" for row in GOOD))
    if running:
        start_collector(db=db)
    terminal, its_end = pty.openpty()
    command = [sys.executable, "-m", "otel_burn", "import", "--db", str(db), str(log)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=its_end, text=True, timeout=300)
    os.close(its_end)
    shown = os.read(terminal, 1 << 16).decode()
    assert done.returncode == 0, shown
    assert [line.split()[0] for line in shown.splitlines() if "█" * 30 in line] == ["reading", "loading"]
    assert "█" not in done.stdout


def test_a_running_collector_gets_the_calls(
    start_collector: Callable[..., Any], tmp_path: Path, book: Any
) -> None:
    """It owns the database, and how far the logs are read is asked of it and told to it."""
    collector = start_collector()
    log = tmp_path / ".codex-or-anywhere" / "s-1.jsonl"
    log.parent.mkdir()
    log.write_text("".join(f"{json.dumps(row)}\n" for row in GOOD))
    book.db = collector.db
    assert book.take(log).logs.agents["claude-code"].calls == 1
    with log.open("a") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in (prompt(3), answer(3)))
    assert book.take(log).logs.agents["claude-code"].calls == 1
    assert book.take(log).logs.agents["claude-code"].unchanged == 1
    assert book.sums()["calls"] == 2
