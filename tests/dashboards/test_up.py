"""Does `otel-burn up` start both parts, and end them together?"""

import signal
import subprocess
import sys
from pathlib import Path

from otel_burn_collector.reader import find_collector


def test_both_start_and_end_together(tmp_path: Path) -> None:
    """A new database gets a collector and an explorer; Ctrl-C ends both, and nobody is left behind."""
    db = tmp_path / "burn.duckdb"
    ports = ["--http-port", "0", "--grpc-port", "0"]
    command = [sys.executable, "-m", "otel_burn", "up", "--db", str(db), "--no-browser", *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("Collector: http://127.0.0.1:")
        assert process.stdout.readline().startswith("Explorer: http://127.0.0.1:")
        assert find_collector(db) is not None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=90)
    assert process.returncode == 0
    assert "Traceback" not in errors
    assert find_collector(db) is None


def test_a_collector_that_cannot_start_is_a_sentence(tmp_path: Path) -> None:
    """Which ports to choose stands in the error."""
    db = tmp_path / "burn.duckdb"
    command = [
        sys.executable,
        "-m",
        "otel_burn",
        "up",
        "--db",
        str(db),
        "--no-browser",
        "--http-port",
        "70000",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    assert "did not start" in ended.stderr
    assert "--http-port" in ended.stderr
