"""What do the tests of start-ups stand on? A scripted provider, a real collector, and programs in real processes."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from otel_burn.demo.provider import ScriptedProvider
from otel_burn_collector.reader import open_ledger

ASKING = """
import os
import httpx2

def ask(_=None):
    asked = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
    url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    return httpx2.post(url, json=asked, headers={"authorization": "Bearer demo"}, timeout=60).json()["id"]
"""
"""The module `asking` that every program of these tests imports: one call, by an HTTP client."""
SECONDS = 60


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
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


class World:
    """Runs programs under `otel-burn run` in a folder of their own, and knows what the provider served them."""

    def __init__(self, folder: Path, db: Path, provider: ScriptedProvider) -> None:
        self.folder = folder
        self.provider = provider
        self._db = db
        self._run = f"run-{secrets.token_hex(8)}"
        self.write("asking.py", ASKING)

    def write(self, name: str, text: str) -> Path:
        """A file of the program."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def run(self, *command: str, **environment: str) -> str:
        """What *command* prints; it ends by itself, well, in time, and without a word on standard error."""
        with self.start(*command, **environment) as program:
            said, complained = program.communicate(timeout=SECONDS)
        assert (program.returncode, complained) == (0, ""), said + complained
        return said

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        """*command*, begun under `otel-burn run`."""
        return subprocess.Popen(
            [sys.executable, "-m", "otel_burn", "run", "--no-report", "--", *command],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder), "OTEL_BURN_RUN_ID": self._run, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def serve(self, *command: str, requests: int, by: signal.Signals = signal.SIGTERM) -> tuple[str, float]:
        """Start a web server ("{port}" in *command*), request, end it; what it said, and how long its end took.

        It gets its signal half a second after the last answer: a process that the signal kills outright, without
        its own exit, may lose calls of its first moments, while OpenTelemetry is imported.
        """
        port = free_port()
        with self.start(*(part.format(port=port) for part in command)) as program:
            try:
                wait_for(port, program)
                with ThreadPoolExecutor(4) as pool:
                    got = list(pool.map(lambda _: fetch(port), range(requests)))
                assert len(set(got)) == requests
                time.sleep(0.5)
            finally:
                asked = time.monotonic()
                program.send_signal(by)
                try:
                    said, complained = program.communicate(timeout=SECONDS)
                except subprocess.TimeoutExpired:
                    program.kill()
                    raise
        return said + complained, time.monotonic() - asked

    def assert_ledger_has_all(self, calls: int) -> None:
        """Every answer that was served, *calls* of them, is in the ledger once with its tokens, and nothing else is."""
        served = sorted((row["response_id"], row["tokens"]["input"]) for row in self.provider.served)
        question = f"SELECT response_id, input_tokens FROM llm_calls WHERE run_id = '{self._run}'"
        assert len(served) == calls
        with open_ledger(self._db) as ledger:
            deadline = time.monotonic() + 20
            found: Sequence[Any] = []
            while len(found) < len(served) and time.monotonic() < deadline:
                rows = ledger.query(question).to_pylist()
                found = sorted((row["response_id"], row["input_tokens"]) for row in rows)
                time.sleep(0.1)
        assert found == served


@pytest.fixture
def world(
    tmp_path: Path, collector: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A folder, a provider with ids of its own, and an environment that leads there."""
    with ScriptedProvider(salt=request.node.name) as provider:
        for name, value in provider.environment.items():
            monkeypatch.setenv(name, value)
        yield World(tmp_path, collector, provider)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


def wait_for(port: int, program: subprocess.Popen[str]) -> None:
    """Until somebody listens there; the program must not end before."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert program.poll() is None, program.communicate()
            assert time.monotonic() < deadline, "it does not listen"
            time.sleep(0.05)
        else:
            return


def fetch(port: int) -> str:
    """The body of one answer."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=SECONDS) as answer:
        body: bytes = answer.read()
    return body.decode()
