"""How do other tools with an OTLP endpoint take in the same spans? Arize Phoenix and MLflow from PyPI, beside ours.

    python benchmarks/ingest_peers.py [--phoenix PYTHON] [--mlflow PYTHON] [--spans 5120] [--calls 0.1]

PYTHON is the interpreter of an environment with that package (`pip install arize-phoenix`, `pip install mlflow`); each
server runs as it comes, on loopback and SQLite, one after the other. All get the same requests over four connections,
as fast as they answer. Queryable means that a SELECT on the server's database finds every span. CPU is that of the
server's processes together, from before the first request until the last span can be queried.
"""

import argparse
import os
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ingest import TICKS, bodies, start
from ingest_sending import send
from ingest_spans import REQUEST_SPANS

from otel_burn_collector.reader import open_ledger

READY_SECONDS, MOST_SECONDS = 300.0, 3600.0


@dataclass(frozen=True)
class Server:
    """A running server: where it takes spans, and how one counts those that can be queried."""

    name: str
    pid: int
    url: str
    count: Callable[[], int]
    stop: Callable[[], None]
    folder: Path
    headers: Mapping[str, str] = field(default_factory=dict)


def main() -> None:
    """Measure each in turn, and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--phoenix", type=Path)
    parser.add_argument("--mlflow", type=Path)
    parser.add_argument("--spans", type=int, default=5_120)
    parser.add_argument("--calls", type=float, default=0.1)
    given = parser.parse_args()
    sending = bodies(0, given.spans, given.calls)
    print(
        "| | acked/s | ack p50 / p99 / max ms | queryable/s | CPU µs/span | disk B/span |\n|---|---|---|---|---|---|"
    )
    for begin, python in ((ours, Path()), (phoenix, given.phoenix), (mlflow, given.mlflow)):
        if python is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            server = begin(Path(folder), python)
            try:
                measure(server, sending)
            finally:
                server.stop()


def measure(server: Server, sending: Sequence[bytes]) -> None:
    """Send, wait until all can be queried, and print the row."""
    count = len(sending) * REQUEST_SPANS
    size, used, begin = disk(server.folder), seconds(server.pid), time.monotonic()
    sent = send(server.url, "/v1/traces", sending, 4, headers=server.headers)
    while (found := server.count()) < count and time.monotonic() - begin < MOST_SECONDS:
        time.sleep(0.2)
    queryable, cpu = time.monotonic() - begin, seconds(server.pid) - used
    waits = " / ".join(f"{sent.wait(share):,.0f}" for share in (0.5, 0.99, 1))
    lost = f" ({count - found:,} not after an hour)" if found < count else ""
    print(
        f"| {server.name} | {count / sent.seconds:,.0f} | {waits} | {found / queryable:,.0f}{lost} "
        f"| {cpu / count * 1e6:,.0f} | {(disk(server.folder) - size) / count:,.0f} |",
        flush=True,
    )


def ours(folder: Path, _: Path) -> Server:
    """`otel-burn collector`."""
    running, process = start(folder / "burn.duckdb")

    def count() -> int:
        with open_ledger(running.db) as ledger:
            return int(ledger.query("SELECT count(*) AS n FROM spans")["n"][0].as_py())

    return Server("otel-burn", process.pid, running.http_url, count, stopping(process), folder)


def phoenix(folder: Path, python: Path) -> Server:
    """Arize Phoenix, as `phoenix serve` starts it."""
    port, grpc = free_port(), free_port()
    environment = {
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(grpc),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    process = serve(
        [python.with_name("phoenix"), "serve"], environment, folder, f"http://127.0.0.1:{port}/healthz"
    )
    return Server(
        f"Arize Phoenix {version(python, 'arize-phoenix')}",
        process.pid,
        f"http://127.0.0.1:{port}",
        counting(folder / "phoenix.db"),
        stopping(process),
        folder,
    )


def mlflow(folder: Path, python: Path) -> Server:
    """MLflow, as `mlflow server` starts it."""
    port, db = free_port(), folder / "mlflow.db"
    command = [
        *(python.with_name("mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{db}", "--default-artifact-root", str(folder / "artifacts")),
    ]
    process = serve(command, {"MLFLOW_DISABLE_TELEMETRY": "true"}, folder, f"http://127.0.0.1:{port}/health")
    return Server(
        f"MLflow {version(python, 'mlflow')}",
        process.pid,
        f"http://127.0.0.1:{port}",
        counting(db),
        stopping(process),
        folder,
        {"x-mlflow-experiment-id": "0"},
    )


def serve(
    command: Sequence[object], environment: Mapping[str, str], folder: Path, health: str
) -> subprocess.Popen[bytes]:
    """The started server, once it answers; what it says goes into a file beside its data."""
    said = folder.with_name(f"{folder.name}.log")
    with said.open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command], env=os.environ | environment, cwd=folder, stdout=log, stderr=log
        )
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(health, timeout=5) as answer:
            if answer.status == 200:
                return process
        time.sleep(0.5)
    process.kill()
    raise SystemExit(f"{command[0]} did not start: see {said}")


def stopping(process: subprocess.Popen[bytes]) -> Callable[[], None]:
    """What ends *process*."""

    def stop() -> None:
        process.terminate()
        process.wait(60)

    return stop


def counting(db: Path) -> Callable[[], int]:
    """What counts the spans in a SQLite database."""

    def count() -> int:
        with (
            suppress(sqlite3.OperationalError),
            closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as con,
        ):
            return int(con.execute("SELECT count(*) FROM spans").fetchone()[0])
        return 0  # locked, or not there yet

    return count


def version(python: Path, package: str) -> str:
    """Which version of *package* an environment has."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def seconds(pid: int) -> float:
    """Seconds of processor time that a process and its descendants, those that ended included, have used."""
    parents, used = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            one = int(path.parent.name)
            parents[one], used[one] = int(fields[1]), sum(map(int, fields[11:15])) / TICKS
    return sum(each for one, each in used.items() if descends(one, pid, parents))


def descends(one: int, pid: int, parents: Mapping[int, int]) -> bool:
    """Whether *one* is *pid*, or was started below it."""
    while one not in (0, pid):
        one = parents.get(one, 0)
    return one == pid


def disk(folder: Path) -> int:
    """The bytes of all files below *folder*."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


if __name__ == "__main__":
    main()
