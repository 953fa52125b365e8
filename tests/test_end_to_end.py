"""Does the whole pipeline hold together? From a program's HTTP call to the report, through real processes."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_burn.demo.provider import ScriptedProvider

CALLER = """
import openai
with openai.OpenAI() as client:
    client.chat.completions.create(model="gpt-5-mini", messages=[{"role": "user", "content": "hello"}])
"""


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A database in a home of its own; whatever collector was started for it is stopped."""
    home = tmp_path / "home"
    monkeypatch.setenv("OTEL_BURN_HOME", str(home))
    monkeypatch.delenv("OTEL_BURN_ENDPOINT", raising=False)
    db = home / "burn.duckdb"
    yield db
    stop_collector(db, signal.SIGTERM)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedProvider]:
    """The scripted provider, to which the environment leads the SDKs, under its providers' names."""
    with ScriptedProvider() as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("OTEL_BURN_PROVIDERS", f"{running.openai.address}=openai")
        yield running


def stop_collector(db: Path, how: signal.Signals) -> None:
    """End the collector of *db*, if one runs, and wait until it is gone."""
    noted = db.parent / f"{db.name}.d" / "collector.json"
    if not noted.exists():
        return
    pid = json.loads(noted.read_text())["pid"]
    os.kill(pid, how)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


def burn(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`otel-burn` with these arguments."""
    command = [sys.executable, "-m", "otel_burn", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def calls(db: Path) -> list[dict[str, object]]:
    """Every call in the ledger of *db*."""
    question = "SELECT agent, provider, input_tokens, cost_status, run_id FROM llm_calls ORDER BY started_at"
    return list(json.loads(burn("sql", question, "--db", str(db), "--format", "json").stdout))


def test_a_run_is_reported_by_itself(db: Path, provider: ScriptedProvider, tmp_path: Path) -> None:
    """Two runs into one collector: each report has its own call alone, the ledger both, and the dollars are known."""
    (tmp_path / "scribe.py").write_text(CALLER)
    for _ in range(2):
        done = burn("run", "--db", str(db), "--", sys.executable, str(tmp_path / "scribe.py"))
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        assert "1 call" in done.stderr
        assert "gpt-5-mini" in done.stderr
    assert [(call["agent"], call["provider"], call["cost_status"]) for call in calls(db)] == [
        ("scribe", "openai", "computed"),
        ("scribe", "openai", "computed"),
    ]
    served = [row["tokens"]["input"] for row in provider.served]
    assert [call["input_tokens"] for call in calls(db)] == served


def test_a_run_without_calls_says_what_it_saw(db: Path, provider: ScriptedProvider, tmp_path: Path) -> None:
    """Hosts, taps and interpreters without otel-burn stand in the report of a run that called no model."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    bare = tmp_path / "bare" / "bin" / "python"
    program = f"""
        import httpx2, subprocess
        httpx2.get("http://{provider.openai.address}/elsewhere")
        subprocess.run([{str(bare)!r}, "-c", ""], check=True)
    """
    said = burn("run", "--db", str(db), "--", sys.executable, "-c", textwrap.dedent(program)).stderr
    assert "No LLM call was seen" in said
    assert provider.openai.address in said
    assert "httpx2" in said
    assert str(bare) in said.replace("\n", "").replace(" ", "")


def test_a_collector_that_dies_during_a_run_loses_nothing(db: Path, provider: ScriptedProvider) -> None:
    """The collector is killed while the program runs: the program goes on, and the report has every call."""
    program = f"""
        {CALLER.strip().replace(chr(10), chr(10) + " " * 8)}
        import json, os, signal, time
        time.sleep(2)
        os.kill(json.load(open({str(db.parent / (db.name + ".d") / "collector.json")!r}))["pid"], signal.SIGKILL)
        time.sleep(2)
        {CALLER.strip().replace(chr(10), chr(10) + " " * 8)}
    """
    done = burn("run", "--db", str(db), "--", sys.executable, "-c", textwrap.dedent(program))
    assert done.returncode == 0, done.stderr
    assert "2 calls" in done.stderr
    assert len(calls(db)) == 2
