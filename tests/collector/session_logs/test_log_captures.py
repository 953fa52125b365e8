"""Do the logs that real agents left on disk land as the calls and tokens that were served, alone and with telemetry?"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

AGENTS = {
    "claude-code-2.1.330": None,
    "claude-code-2.1.330__resume-fork": None,
    "codex-0.169.0": None,
    "gemini-cli-0.61.0": "gemini-3.5-flash-lite",
    "openclaw-2026.4.29__chat-send": None,
    "openclaw-2026.9.6": None,
    "opencode-1.18.33": "claude-haiku-4-5-20251001",
}
"""Captures with session files, with the model of the side calls that the agent's log leaves out."""
FIELDS = ("input_uncached", "cache_read", "cache_creation", "output", "reasoning")


def _truth(folder: Path, without: str | None) -> dict[str, int]:
    truth = json.loads((folder / "truth.json").read_text())
    side = truth["by_model"].get(without, {})
    found = {name: truth["totals"][name] - side.get(name, 0) for name in FIELDS}
    return found | {"calls": truth["llm_calls"] - side.get("llm_calls", 0)}


@pytest.mark.recorded
@pytest.mark.parametrize("capture", AGENTS)
def test_a_log_lands_as_what_was_served(captures: Path, book: Any, capture: str) -> None:
    """Every call and token of truth.json, but for side calls that the log lacks; a second import adds nothing."""
    folder = captures / capture
    book.take(folder / "session_files")
    assert book.sums() == _truth(folder, AGENTS[capture])
    again = book.take(folder / "session_files")
    assert all(found.unchanged == found.files and not found.calls for found in again.logs.agents.values())
    assert book.sums() == _truth(folder, AGENTS[capture])


@pytest.mark.recorded
@pytest.mark.parametrize("order", [("otlp", "session_files"), ("session_files", "otlp", "session_files")])
@pytest.mark.parametrize("capture", [name for name in AGENTS if name != "openclaw-2026.9.6"])
def test_log_and_telemetry_are_the_same_calls(
    captures: Path, book: Any, capture: str, order: tuple[str, ...]
) -> None:
    """Whichever comes first, one after the other makes all that was served, once."""
    for part in order:
        book.take(captures / capture / part)
    assert book.sums() == _truth(captures / capture, None)


@pytest.mark.recorded
@pytest.mark.parametrize("capture", AGENTS)
def test_a_log_tells_of_sessions_tools_and_projects(captures: Path, book: Any, capture: str) -> None:
    """Each call has its session, its project and its model; failed runs of a tool are alike, and marked as failed."""
    book.take(captures / capture / "session_files")
    calls = book.calls()
    assert all(call["session_id"] and call["request_model"] for call in calls)
    if capture != "gemini-cli-0.61.0":  # its log has no path
        assert all(capture in call["project"] for call in calls)
    if capture.endswith("resume-fork"):
        return
    (failed,) = book.rows(
        "SELECT error_class, count(*) AS runs, count(DISTINCT args_hash) AS arguments, "
        "count(DISTINCT result_hash) AS results FROM tool_calls WHERE error_class IS NOT NULL GROUP BY error_class"
    )
    # Of Codex's four runs one printed its two streams the other way round.
    results = 2 if capture == "codex-0.169.0" else 1
    assert failed == {"error_class": "AssertionError", "runs": 4, "arguments": 1, "results": results}
    assert book.rows("SELECT count(*) AS n FROM tool_calls")[0]["n"] == 7


@pytest.mark.recorded
def test_a_fork_is_told_apart_in_any_order(captures: Path, make_book: Callable[[str], Any]) -> None:
    """Its transcript repeats the session it came from; what was served before belongs to that one."""
    logs = sorted((captures / "claude-code-2.1.330__resume-fork" / "session_files").rglob("*.jsonl"))
    expected = {"ce9bbb63-2507-4522-9a07-2cdfe53a9ad9": 1, "d03a5c1b-4bd8-4916-8fd1-b288c83bdc67": 3}
    for name, order in (("forward", logs), ("backward", logs[::-1])):
        book = make_book(name)
        for log in order:
            book.take(log)
        assert {row["session_id"]: row["calls"] for row in book.rows("FROM sessions")} == expected


@pytest.mark.recorded
@pytest.mark.parametrize("capture", ["claude-code-2.1.330", "codex-0.169.0", "gemini-cli-0.61.0"])
def test_a_log_that_grows_is_read_on(captures: Path, tmp_path: Path, book: Any, capture: str) -> None:
    """Imported after every few bytes that were added to it, in the middle of rows too, it ends as what was served."""
    (source,) = (captures / capture / "session_files").rglob("*-*-*.jsonl")
    data, log = source.read_bytes(), tmp_path / source.name
    for part in range(1, 9):
        log.write_bytes(data[: len(data) * part // 8])
        book.take(log)
    assert book.sums() == _truth(captures / capture, AGENTS[capture])
    assert book.rows("SELECT count(*) AS n FROM tool_calls")[0]["n"] == 7
