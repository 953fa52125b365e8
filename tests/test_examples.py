"""Do the examples do what they say, against the bundled provider and a real collector?"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from otel_burn.demo.provider import ScriptedProvider

EXAMPLES = Path(__file__).parents[1] / "examples"
OFFLINE = {
    "OPENAI_AGENTS_DISABLE_TRACING": "1",  # it would send traces to api.openai.com
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # it would fetch prices from GitHub
}
"""Keeps SDKs from calling out by themselves. No example needs it to work."""
AGENTS = {
    "with_openai": "openai",
    "with_anthropic": "anthropic",
    "with_google_genai": "google.genai",
    "with_litellm": "litellm",
    "with_langchain": "langchain_openai",
    "with_openai_agents": "agents",
    "with_pydantic_ai": "pydantic_ai",
}
"""By example, the module that it needs."""


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The database of a running collector that the environment leads to."""
    folder = tmp_path_factory.mktemp("ledger")
    db = folder / "burn.duckdb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_BURN_HOME", str(folder / "home"))
        start = [sys.executable, "-m", "otel_burn", "collector", "--db", str(db), "--grpc-port", "0"]
        subprocess.run(
            [*start, "--http-port", "0", "--detach"],
            check=True,
            capture_output=True,
            timeout=60,
        )
        running = json.loads((folder / "burn.duckdb.d" / "collector.json").read_text())
        patch.setenv("OTEL_BURN_ENDPOINT", running["http_url"])
        yield db
        os.kill(running["pid"], signal.SIGTERM)
        deadline = time.monotonic() + 20
        while (folder / "burn.duckdb.d" / "collector.json").exists() and time.monotonic() < deadline:
            time.sleep(0.05)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[ScriptedProvider]:
    """The scripted provider, with ids of its own for each test; the environment leads the SDKs to it."""
    with ScriptedProvider(salt=request.node.name) as provider:
        for name, value in {**provider.environment, **OFFLINE}.items():
            monkeypatch.setenv(name, value)
        yield provider


def output_of(*command: str) -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows_of(db: Path, question: str, expected: int) -> list[dict[str, Any]]:
    """The answer of the ledger, once it has *expected* rows; what it has after a while, if it never does."""
    deadline = time.monotonic() + 20
    rows: list[dict[str, Any]] = []
    while len(rows) < expected and time.monotonic() < deadline:
        rows = json.loads(output_of("-m", "otel_burn", "sql", question, "--db", str(db), "--format", "json"))
    return rows


def test_label_calls(db: Path, provider: ScriptedProvider) -> None:
    """Each ticket's call stands in the ledger under its work item, agent and session; Polars finds its blocks."""
    said = output_of(str(EXAMPLES / "label_calls.py"))
    assert [line.split()[0] for line in said.splitlines()] == ["T-1", "T-2"]
    question = "SELECT work_id, agent, session_id FROM llm_calls WHERE work_id IS NOT NULL ORDER BY work_id"
    shared = {"agent": "triage", "session_id": "morning-triage"}
    assert rows_of(db, question, 2) == [{"work_id": "T-1", **shared}, {"work_id": "T-2", **shared}]
    assert "triage" in output_of(str(EXAMPLES / "query_with_polars.py"), str(db))


@pytest.mark.parametrize("example", AGENTS)
def test_an_agent_in_each_sdk(example: str, db: Path, provider: ScriptedProvider) -> None:
    """The tool loop ends, plain and streamed, and every answer served is a call with its tokens and its tool."""
    if not installed(AGENTS[example]):
        pytest.skip(f"{AGENTS[example]} is not installed; examples/README.md says how")
    run = ("-m", "otel_burn", "run", "--no-report", "--", sys.executable, str(EXAMPLES / f"{example}.py"))
    assert output_of(*run).count("Take a rain coat") == 2
    served = {row["response_id"]: row for row in provider.served}
    assert [row["stream"] for row in served.values()] == [False, False, True, True]
    calls = rows_of(db, f"{CALLS} WHERE service_name = '{example}' ORDER BY started_at", len(served))
    assert [told(call) for call in calls] == [expected(row) for row in served.values()]
    assert [call["tools"] for call in calls] == [["get_weather"], None, ["get_weather"], None]
    assert all(call["priced"] for call in calls)


CALLS = """
    SELECT response_id, provider, request_model, coalesce(stream, false) AS stream, usage_status, input_tokens,
           coalesce(cache_read_tokens, 0) AS cache_read_tokens, output_tokens,
           coalesce(reasoning_tokens, 0) AS reasoning_tokens, coalesce(cost_usd > 0, false) AS priced,
           (SELECT list(tool_name) FROM tool_calls WHERE tool_calls.call_id = llm_calls.call_id) AS tools
    FROM llm_calls
"""


def told(call: dict[str, Any]) -> Sequence[Any]:
    """What the ledger says of a call, as far as the provider knows it too."""
    return [value for name, value in call.items() if name not in ("priced", "tools")]


def expected(row: dict[str, Any]) -> Sequence[Any]:
    """What it has to say of an answer that was served."""
    used = row["tokens"]
    names = ("input", "cache_read", "output", "reasoning")
    return [
        row["response_id"],
        row["provider"],
        row["model"],
        row["stream"],
        "exact",
        *(used[n] for n in names),
    ]


def installed(module: str) -> bool:
    """Whether *module* could be imported, without importing it."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # nor is the package that it stands in
        return False


def test_a_program_is_led_to_the_scripted_providers(db: Path) -> None:
    """`python -m otel_burn.demo.serve` runs a program against them and says what they served."""
    serve = [sys.executable, "-m", "otel_burn.demo.serve"]
    served = subprocess.run(
        [*serve, sys.executable, str(EXAMPLES / "with_openai.py")], capture_output=True, text=True, timeout=60
    )
    assert (served.returncode, "served 4 answers" in served.stderr) == (0, True)
    failing = [*serve, sys.executable, "-c", "raise SystemExit(7)"]
    assert subprocess.run(failing, capture_output=True, timeout=60).returncode == 7
    assert subprocess.run([*serve, "no-such-program"], capture_output=True, timeout=60).returncode == 127
    assert subprocess.run(serve, capture_output=True, timeout=60).returncode == 2
