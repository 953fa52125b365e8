"""Does a process of its own read the same out of logs, and what when it ends?"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from otel_burn.errors import BurnError
from otel_burn_collector.session_logs.apart import WORTH_BYTES, take_apart
from otel_burn_collector.session_logs.taking import Sink, Taken, fresh_logs, take_logs
from otel_burn_collector.session_logs.telling import tell

TIMES = {"since_ns": 0, "now_ns": 1_800_000_000 * 10**9}


@pytest.fixture(autouse=True)
def _no_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process imports the main module of the old one: where pages were tested before, that is one of those."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


@dataclass
class Kept:
    """A sink that keeps what it gets."""

    bodies: list[bytes] = field(default_factory=list)
    rows: list[Mapping[str, Any]] = field(default_factory=list)
    heard: list[tuple[int, int]] = field(default_factory=list)

    def requests(self, body: bytes) -> None:
        """Keep requests."""
        self.bodies.append(body)

    def logs(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Keep what is remembered of logs."""
        self.rows += rows

    def progress(self, done: int, everything: int) -> None:
        """Keep how far it is."""
        self.heard.append((done, everything))


class Killing(Kept):
    """A sink that has the process that reads killed when it begins, before it got rid of more than a pipe holds."""

    def progress(self, done: int, everything: int) -> None:
        """Kill it."""
        for process in multiprocessing.active_children():
            assert process.pid
            os.kill(process.pid, signal.SIGKILL)


def sessions(folder: Path, count: int, text: str = "") -> list[Path]:
    """Logs of Claude Code's, one call each, and a row that was half written."""
    files = []
    for number in range(1, count + 1):
        row = {"sessionId": f"s-{number}", "timestamp": "2026-11-22T11:09:00.000Z"}
        asked = {"role": "user", "content": f"Do {number}. {text}"}
        said = {
            "id": f"msg_{number}",
            "model": "claude-opus-5-5",
            "content": [{"type": "text", "text": "Done."}],
        }
        said |= {"stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 20}}
        rows = [
            row | {"type": "user", "uuid": "u", "parentUuid": None, "message": asked},
            row | {"type": "assistant", "uuid": "a", "parentUuid": "u", "message": said},
        ]
        files.append(folder / f"s-{number}.jsonl")
        files[-1].write_text("".join(f"{json.dumps(each)}\n" for each in rows) + '{"type":"assistant","uuid"')
    return files


def taken_of(how: Any, files: list[Path], sink: Sink) -> Taken:
    taken = Taken()
    logs = [log for log in map(tell, files) if log]
    found: Taken = how(fresh_logs(logs, {}, taken, 0), sink, taken, **TIMES)
    return found


def test_a_process_of_its_own_reads_the_same(tmp_path: Path) -> None:
    """The same requests, the same rows to remember, the same progress and the same account of it."""
    files = sessions(tmp_path, 4)
    here, apart = Kept(), Kept()
    assert taken_of(take_apart, files, apart) == taken_of(take_logs, files, here)
    assert apart == here
    assert here.bodies


def test_a_process_that_is_killed_is_told(tmp_path: Path) -> None:
    """What to do, too; nothing hangs, and no process is left."""
    with pytest.raises(BurnError, match=r"ended by itself \(exit code -9\)\. Import again"):
        taken_of(take_apart, sessions(tmp_path, 300), Killing())
    assert not multiprocessing.active_children()


def test_much_is_read_apart_and_lands_once(tmp_path: Path, book: Any) -> None:
    """The command itself, over more than is worth a process; again, there is nothing new."""
    folder = tmp_path / "logs"
    folder.mkdir()
    sessions(folder, 9, "word " * (WORTH_BYTES // 40))
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "otel_burn",
        "import",
        "--json",
        "--db",
        str(book.db),
    ]
    first = subprocess.run([*command, str(folder)], capture_output=True, text=True, timeout=300)
    assert json.loads(first.stdout)["logs"]["claude-code"]["calls"] == 9
    assert "multiprocessing.spawn" in first.stderr
    again = json.loads(subprocess.run([*command, str(folder)], capture_output=True, timeout=300).stdout)
    assert again["logs"]["claude-code"]["calls"] == 0
    assert book.sums()["calls"] == 9
