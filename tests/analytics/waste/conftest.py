"""What do agents waste that real SDKs run, and what was served to them? One run of all of them, for the tests here."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from otel_burn.demo.provider import ScriptedProvider
from otel_burn_analytics import findings
from otel_burn_collector.reader import open_ledger

PROGRAM: Final = Path(__file__).parents[3] / "benchmarks" / "wasteful_agents.py"


def stop(db: Path) -> None:
    """End the collector that the run started."""
    noted = db.parent / f"{db.name}.d" / "collector.json"
    if not noted.exists():
        return
    pid = json.loads(noted.read_text())["pid"]
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)


Row = dict[str, Any]


class Found(NamedTuple):
    """What the detectors found, what the provider served, and the spans of it as they arrived."""

    findings: list[Row]
    served: list[Row]
    spans: list[Row]


@pytest.fixture(scope="package")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """What came of one run of all agents."""
    home = tmp_path_factory.mktemp("home")
    db = home / "burn.duckdb"
    with ScriptedProvider(pace=0.03) as provider:
        environment = {**os.environ, **provider.environment, "OTEL_BURN_HOME": str(home)}
        environment.pop("OTEL_BURN_ENDPOINT", None)
        run = [
            sys.executable,
            "-m",
            "otel_burn",
            "run",
            "--db",
            str(db),
            "--",
            sys.executable,
            str(PROGRAM),
        ]
        done = subprocess.run(run, env=environment, capture_output=True, text=True, check=False, timeout=300)
    try:
        assert done.returncode == 0, done.stderr
        with open_ledger(db) as ledger:
            judged = findings.judge(ledger, store=False)
            spans = ledger.query("FROM spans").to_pylist()
        yield Found(judged.findings.to_dicts(), provider.served, spans)
    finally:
        stop(db)
