"""Does each agent run to its end against the scripted provider, and burn what its name says?"""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import otel_burn.demo
from otel_burn.demo.command import AGENTS
from otel_burn.demo.provider import ScriptedProvider
from otel_burn.demo.workspace import write_workspace
from otel_burn.prices import price
from otel_burn.usage import Usage

FOLDER = Path(otel_burn.demo.__file__).parent / "agents"
Served = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """What each agent was served."""
    workspace = tmp_path_factory.mktemp("workspace")
    write_workspace(workspace)
    with ScriptedProvider() as provider:
        environment = {**os.environ, **provider.environment}
        for name in AGENTS:
            command = [sys.executable, "-W", "error", str(FOLDER / f"{name}.py")]
            done = subprocess.run(
                command, cwd=workspace, env=environment, capture_output=True, text=True, timeout=60
            )
            assert (done.returncode, done.stderr) == (0, ""), name
            assert done.stdout, name
        yield {name: [row for row in provider.served if row["agent"] == name] for name in AGENTS}


def test_every_agent_makes_its_calls(served: Served) -> None:
    """So many answers, and one refusal that the SDK retries."""
    statuses = {name: Counter(row["status"] for row in rows) for name, rows in served.items()}
    assert statuses == {
        "healthy": {200: 5},
        "failing_loop": {200: 12},
        "context_hoarder": {200: 10, 429: 1},
        "heartbeat": {200: 16},
    }


def test_both_sdks_speak_plain_and_streamed(served: Served) -> None:
    """The four agents cover the four ways."""
    ways = {(row["provider"], row["stream"]) for rows in served.values() for row in rows}
    assert ways == {("openai", True), ("openai", False), ("anthropic", True), ("anthropic", False)}


def test_the_hoarder_sends_everything_again(served: Served) -> None:
    """Nothing leaves its context: by the end, most of what it ever sent was sent before."""
    inputs = [row["tokens"]["input"] for row in served["context_hoarder"] if row["status"] == 200]
    assert inputs == sorted(inputs)
    assert inputs[-1] > 60_000
    assert sum(inputs) > 5 * inputs[-1]


def test_the_heartbeat_writes_its_cache_each_time_and_never_reads_it(served: Served) -> None:
    """The time stands before the bootstrap."""
    assert all(row["tokens"]["cache_read"] == 0 for row in served["heartbeat"])
    assert all(row["tokens"]["cache_write_1h"] > 15_000 for row in served["heartbeat"])


def test_the_failing_loop_reads_its_cache(served: Served) -> None:
    """It writes its prompt once, for five minutes, and reads it from then on."""
    written = [row["tokens"]["cache_write_5m"] > 0 for row in served["failing_loop"]]
    read = [row["tokens"]["cache_read"] > 0 for row in served["failing_loop"]]
    assert written == [True] + [False] * 11
    assert read == [False] + [True] * 11


def test_every_call_has_a_price(served: Served) -> None:
    """The models are on the price lists, with a rate for everything that they were served."""
    for row in (row for rows in served.values() for row in rows if row["status"] == 200):
        tokens = row["tokens"]
        usage = Usage(
            input_tokens=tokens["input"],
            output_tokens=tokens["output"],
            cache_read_tokens=tokens["cache_read"],
            cache_write_5m_tokens=tokens["cache_write_5m"],
            cache_write_1h_tokens=tokens["cache_write_1h"],
        )
        at = datetime(2026, 11, 23, tzinfo=UTC)
        assert price(provider=row["provider"], model=row["model"], at=at, usage=usage).status == "computed"


@pytest.mark.parametrize("name", AGENTS)
def test_no_agent_knows_of_otel_burn(name: str) -> None:
    """They are ordinary programs: nothing of ours is imported, nor of OpenTelemetry."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    imported = {
        module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for module in ([node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
    }
    assert not [module for module in imported if module and "otel" in module.lower()]
    assert "opentelemetry" not in str(imported)
