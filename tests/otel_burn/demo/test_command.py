"""Does `otel-burn demo` run the whole pipeline, tell the truth, and leave nothing running?"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

duckdb = pytest.importorskip("duckdb", reason="the demo fills a database")
pytest.importorskip("polars", reason="the demo prints a report")

DEMO = (sys.executable, "-m", "otel_burn", "demo")
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


@dataclass(frozen=True)
class Demo:
    """A demo that ran to its end, was looked at in the explorer, and stopped."""

    folder: Path
    returncode: int
    said: str
    last_words: str
    """After the explorer's address."""
    errors: str
    page: int
    """The status of the explorer's page."""


def whole_demo(folder: Path, environment: dict[str, str]) -> Demo:
    """A demo in *folder*, interrupted once its explorer has answered."""
    command = [*DEMO, "--data-dir", folder]
    with (
        (folder.parent / "errors").open("w+", encoding="utf-8") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ | environment
        ) as demo,
    ):
        try:
            assert demo.stdout is not None
            said = []
            for line in iter(demo.stdout.readline, ""):
                said.append(line)
                if line.startswith("Explorer: "):
                    break
            with urllib.request.urlopen(said[-1].removeprefix("Explorer: ").strip()) as answer:
                page = answer.status
            demo.send_signal(signal.SIGINT)
            last_words, _ = demo.communicate(timeout=30)
        finally:
            demo.kill()
        errors.seek(0)
        return Demo(folder, demo.returncode, "".join(said), last_words.strip(), errors.read(), page)


STRANGE = {
    "OTEL_BURN_DISABLED": "1",
    "OTEL_SDK_DISABLED": "true",
    "OTEL_BURN_ENDPOINT": "http://127.0.0.1:9",
    "OTEL_SERVICE_NAME": "mine",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "OPENAI_ORG_ID": "org-mine",
    "ANTHROPIC_AUTH_TOKEN": "mine",
}
"""What a user may have set for something else."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo where the user has set kill switches, proxies, other endpoints and keys."""
    pytest.importorskip("streamlit", reason="the explorer is the extra `dashboards`")
    return whole_demo(tmp_path_factory.mktemp("demo") / "data", STRANGE)


def test_the_ledger_has_exactly_what_was_served(demo: Demo) -> None:
    """Every answer of both providers is one priced call with its own tokens, whatever the user has set."""
    served = (demo.folder / "served.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in served]
    with duckdb.connect(str(demo.folder / "burn.duckdb"), read_only=True) as ledger:
        calls = ledger.execute(TRUTH).fetchall()
    assert calls == sorted(expected(row) for row in rows if row["status"] == 200)
    assert "43 calls" in demo.said


def test_the_findings_are_of_the_wasteful_agents(demo: Demo) -> None:
    """Each of them has one, the healthy agent has none."""
    for agent in ("failing_loop", "heartbeat", "context_hoarder"):
        assert agent in demo.said.partition("FINDINGS")[2]
    assert "healthy, session" not in demo.said


def test_the_explorer_serves_until_it_is_stopped(demo: Demo) -> None:
    """The address that is printed answers; a signal is the ordinary end, and leaves nothing running."""
    assert demo.page == 200
    assert (demo.returncode, demo.last_words, demo.errors) == (0, "Stopped.", "")
    assert processes_of(demo.folder) == []


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


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    """The file in the way is named."""
    (tmp_path / "file").touch()
    done = subprocess.run(
        [*DEMO, "--no-explorer", "--data-dir", tmp_path / "file" / "x"], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "name another folder" in done.stderr


def wait_for(path: Path) -> None:
    """Until *path* is there."""
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)
