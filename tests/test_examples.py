"""Do the examples do what they say, against the bundled provider and a real collector?"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_burn.demo.provider import ScriptedProvider

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The database of a running collector that the environment leads to."""
    db = tmp_path / "burn.duckdb"
    monkeypatch.setenv("OTEL_BURN_HOME", str(tmp_path / "home"))
    start = [sys.executable, "-m", "otel_burn", "collector", "--db", str(db), "--http-port", "0", "--detach"]
    subprocess.run(start, check=True, capture_output=True, timeout=60)
    running = json.loads((tmp_path / "burn.duckdb.d" / "collector.json").read_text())
    monkeypatch.setenv("OTEL_BURN_ENDPOINT", running["http_url"])
    yield db
    os.kill(running["pid"], signal.SIGTERM)
    deadline = time.monotonic() + 20
    while (tmp_path / "burn.duckdb.d" / "collector.json").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def output_of(*command: str) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_label_calls(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ticket's call stands in the ledger under its work item, agent and session; Polars finds its blocks."""
    with ScriptedProvider() as provider:
        for name, value in provider.environment.items():
            monkeypatch.setenv(name, value)
        said = output_of(str(EXAMPLES / "label_calls.py"))
    assert [line.split()[0] for line in said.splitlines()] == ["T-1", "T-2"]
    question = "SELECT work_id, agent, session_id FROM llm_calls ORDER BY work_id"
    deadline = time.monotonic() + 20
    rows: list[dict[str, str]] = []
    while len(rows) < 2 and time.monotonic() < deadline:
        rows = json.loads(output_of("-m", "otel_burn", "sql", question, "--db", str(db), "--format", "json"))
    shared = {"agent": "triage", "session_id": "morning-triage"}
    assert rows == [{"work_id": "T-1", **shared}, {"work_id": "T-2", **shared}]
    assert "triage" in output_of(str(EXAMPLES / "query_with_polars.py"), str(db))
