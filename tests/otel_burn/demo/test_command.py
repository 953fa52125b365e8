"""Does `otel-burn demo` run the whole pipeline, tell the truth, and leave nothing running?"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

duckdb = pytest.importorskip("duckdb", reason="the demo fills a database")
pytest.importorskip("polars", reason="the demo prints a report")

DEMO = (sys.executable, "-m", "otel_burn", "demo")
SECONDS = 90
# OpenAI says nothing about cache writes, and a request nothing about a stream that it doesn't want: NULL.
TRUTH = """
    SELECT response_id, input_tokens, uncached_input_tokens, cache_read_tokens,
           coalesce(cache_write_tokens, 0), output_tokens, service_name, coalesce(stream, false), provider,
           request_model, cost_usd > 0
    FROM llm_calls WHERE response_id IS NOT NULL ORDER BY response_id
"""


def processes_of(folder: Path) -> list[str]:
    """The command lines of everything that still works on the demo's folder."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line]


def expected(row: dict[str, Any]) -> tuple[Any, ...]:
    """What the ledger has to say of an answer that was served."""
    used = row["tokens"]
    return (
        row["response_id"],
        used["input"],
        used["uncached"],
        used["cache_read"],
        used["cache_write_5m"] + used["cache_write_1h"],
        used["output"],
        row["agent"],
        row["stream"],
        row["provider"],
        row["model"],
        True,
    )


def test_the_ledger_has_exactly_what_was_served(tmp_path: Path) -> None:
    """Every answer of both providers is one priced call with its own tokens; then nothing is left running."""
    done = subprocess.run(
        [*DEMO, "--no-explorer", "--data-dir", tmp_path], capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    rows = [json.loads(line) for line in (tmp_path / "served.jsonl").read_text(encoding="utf-8").splitlines()]
    with duckdb.connect(str(tmp_path / "burn.duckdb"), read_only=True) as ledger:
        calls = ledger.execute(TRUTH).fetchall()
    assert calls == sorted(expected(row) for row in rows if row["status"] == 200)
    for agent in ("failing_loop", "heartbeat", "context_hoarder"):
        assert agent in done.stdout.partition("FINDINGS")[2], "each wasteful agent has a finding"
    assert "healthy, session" not in done.stdout, "the healthy one has none"
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_a_signal_stops_everything(number: signal.Signals, tmp_path: Path) -> None:
    """Ctrl-C or a termination in the middle of an agent ends the agent, its runner and the collector."""
    demo = subprocess.Popen(
        [*DEMO, "--no-explorer", "--data-dir", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        wait_for(tmp_path / "failing_loop.log")
        demo.send_signal(number)
        output, _ = demo.communicate(timeout=30)
    finally:
        demo.kill()
        demo.wait()
    assert demo.returncode == 130
    assert b"Traceback" not in output
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda each: each.name)
def test_the_explorer_serves_until_it_is_stopped(number: signal.Signals, tmp_path: Path) -> None:
    """At the end, the address that is printed answers; Ctrl-C is the ordinary end, and stops everything."""
    pytest.importorskip("streamlit", reason="the explorer is the extra `dashboards`")
    demo = subprocess.Popen([*DEMO, "--data-dir", tmp_path], stdout=subprocess.PIPE, text=True)
    try:
        assert demo.stdout is not None
        lines = iter(demo.stdout.readline, "")
        address = next(line for line in lines if line.startswith("Explorer: ")).removeprefix("Explorer: ")
        with urllib.request.urlopen(address.strip()) as page:
            assert page.status == 200
        demo.send_signal(number)
        output, _ = demo.communicate(timeout=30)
    finally:
        demo.kill()
        demo.wait()
    assert (demo.returncode, output.strip()) == (0, "Stopped.")
    assert processes_of(tmp_path) == []


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    """The file in the way is named."""
    (tmp_path / "file").touch()
    done = subprocess.run(
        [*DEMO, "--no-explorer", "--data-dir", tmp_path / "file" / "x"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "name another folder" in done.stderr


def test_the_users_own_environment_does_not_reach_the_demo(tmp_path: Path) -> None:
    """Kill switches, proxies, other endpoints and keys of the user's change nothing."""
    strange = {
        "OTEL_BURN_DISABLED": "1",
        "OTEL_SDK_DISABLED": "true",
        "OTEL_BURN_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_SERVICE_NAME": "mine",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "OPENAI_ORG_ID": "org-mine",
        "ANTHROPIC_AUTH_TOKEN": "mine",
    }
    done = subprocess.run(
        [*DEMO, "--no-explorer", "--data-dir", tmp_path],
        env={**os.environ, **strange},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "43 calls" in done.stdout


def wait_for(path: Path) -> None:
    """Until *path* is there."""
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)
