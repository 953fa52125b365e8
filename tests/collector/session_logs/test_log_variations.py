"""Is a response one call when its log is imported in pieces, from a copy, or around the agent's own telemetry?

`OTEL_BURN_VARIATIONS=all` cuts each log behind every row; in CI behind a few.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

EVERYTHING = os.environ.get("OTEL_BURN_VARIATIONS") == "all"
SIDE_CALLS: Final = {
    "gemini-cli-0.61.0": "gemini-3.5-flash-lite",
    "opencode-1.18.33": "claude-haiku-4-5-20251001",
}
"""The model of the side calls that an agent's log leaves out."""
LOGS: Final = {
    "claude-code-2.1.330": "projects/**/*.jsonl",
    "claude-code-2.1.330__resume-fork": "projects/**/*.jsonl",
    "codex-0.169.0": "rollout-*.jsonl",
    "gemini-cli-0.61.0": "session-*.jsonl",
    "openclaw-2026.4.29__chat-send": "sessions/*-*-*-*-????????????.jsonl",
}
WITH_LOGS: Final = (*LOGS, "openclaw-2026.9.6", "opencode-1.18.33")
CUTS: Final = 2
FIELDS: Final = ("input_uncached", "cache_read", "cache_creation", "output", "reasoning")


def served(folder: Path, *, side_calls: bool) -> dict[str, int]:
    """What truth.json says, with or without *side_calls*."""
    truth = json.loads((folder / "truth.json").read_text())
    side = {} if side_calls else truth["by_model"].get(SIDE_CALLS.get(folder.name), {})
    found = {name: truth["totals"][name] - side.get(name, 0) for name in FIELDS}
    return found | {"calls": truth["llm_calls"] - side.get("llm_calls", 0)}


def cuts(rows: Sequence[bytes]) -> Iterator[bytes]:
    """The beginnings of a log: some rows, and half a row more."""
    places = range(len(rows)) if EVERYTHING else range(len(rows) // 3, len(rows), len(rows) // (CUTS + 1))
    for place in places:
        yield b"".join(rows[:place]) + rows[place][: len(rows[place]) // 2]


@pytest.mark.recorded
@pytest.mark.parametrize("capture", LOGS)
def test_a_log_that_was_cut_anywhere_is_completed(
    captures: Path, tmp_path: Path, make_book: Any, capture: str
) -> None:
    """In the middle of a row, of a response, of a turn; then the whole log, with Windows' line ends the second time."""
    logs = sorted((captures / capture / "session_files").rglob(LOGS[capture]))
    expected = served(captures / capture, side_calls=False)
    for number, log in enumerate(logs):
        data, copy = log.read_bytes(), tmp_path / f"{number}" / log.name
        copy.parent.mkdir()
        for place, begun in enumerate(cuts(data.splitlines(keepends=True))):
            book = make_book(f"{number}-{place}")
            copy.write_bytes(begun)
            book.take(copy)
            copy.write_bytes(data if place % 2 else data.replace(b"\n", b"\r\n"))
            book.take(copy, *(each for each in logs if each != log))
            assert book.sums() == expected, f"cut behind {len(begun)} bytes"


@pytest.mark.recorded
@pytest.mark.parametrize("capture", WITH_LOGS)
def test_a_copied_folder_is_the_same_sessions(
    captures: Path, tmp_path: Path, book: Any, capture: str
) -> None:
    """A backup that is imported first, the folder itself, and both at once: the sessions and calls of one."""
    folder = captures / capture / "session_files"
    copy = shutil.copytree(folder, tmp_path / "backup")
    for paths in ((copy,), (folder,), (copy, folder)):
        book.take(*paths)
        assert book.sums() == served(captures / capture, side_calls=False)
    (found,) = book.rows("SELECT count(*) AS n, sum(calls)::BIGINT AS calls FROM sessions")
    assert found == {"n": 2 if capture.endswith("fork") else 1, "calls": book.sums()["calls"]}


@pytest.mark.recorded
@pytest.mark.parametrize("capture", [each for each in WITH_LOGS if each != "openclaw-2026.9.6"])
def test_a_log_between_two_halves_of_the_telemetry(
    captures: Path, tmp_path: Path, book: Any, capture: str
) -> None:
    """The second half came first, then the log as far as it was written, then the rest of both."""
    bodies = sorted(each for each in (captures / capture / "otlp").iterdir() if each.name != "index.jsonl")
    book.take(*bodies[len(bodies) // 2 :])
    logs = sorted((captures / capture / "session_files").rglob(LOGS.get(capture, "*.nothing")))
    copies = tmp_path / "logs"
    copies.mkdir()
    for log in logs:
        data = log.read_bytes()
        (copies / log.name).write_bytes(data[: len(data) // 2])
    book.take(copies) if logs else book.take(captures / capture / "session_files")
    for log in logs:
        (copies / log.name).write_bytes(log.read_bytes())
        book.take(copies)
    book.take(*bodies[: len(bodies) // 2])
    assert book.sums() == served(captures / capture, side_calls=True)
