"""How many spans a second does a collector acknowledge, and how many can be queried? One command, one machine.

    python benchmarks/ingest.py [sustained|paced|growth] [--spans 100000] [--calls 0.1] [--clients 4] [--rate 20000]

Spans are those of `ingest_spans.py`, 512 in a request, as the stock exporter sends them. `--calls` is the share of them
that are LLM calls, which the ledger derives more from. `sustained` sends as fast as it is acknowledged, checkpoints
included, and waits until all can be queried; `paced` sends `--rate` spans a second and watches how far behind queries
are; `growth` goes on from 100,000 spans to `--spans` in one database and prints a row for each step. CPU is what each
process of the collector used, per span; the sender is another process. On a busy machine it is the steadier number.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ingest_sending import Sent, send
from ingest_spans import REQUEST_SPANS, request

from otel_burn_collector.discovery import Running, find_collector, healthz
from otel_burn_collector.reader import open_ledger

TICKS = os.sysconf("SC_CLK_TCK")
PROCESSES = ("receiver", "store")
COLUMNS = (
    "| spans in all | LLM calls | wire B/span | acked/s | ack p50 / p99 / max ms | queryable/s "
    "| receiver µs | store µs | store MiB | database B/span |"
)


class Usage(NamedTuple):
    """What a process of the collector has used."""

    seconds: float
    most_memory: int


def main() -> None:
    """Measure, and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=["sustained", "paced", "growth"], nargs="?", default="sustained")
    parser.add_argument("--spans", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--calls", type=float, default=0.1)
    parser.add_argument("--rate", type=int, default=20_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        running, process = start(Path(folder) / "burn.duckdb")
        try:
            if given.mode == "paced":
                paced(running, bodies(0, given.spans, given.calls), given.clients, given.rate)
            else:
                print(COLUMNS + "\n" + "|---" * 10 + "|")
                for begin, end in steps(given.spans) if given.mode == "growth" else [(0, given.spans)]:
                    sustained(running, bodies(begin, end, given.calls), given.clients)
        finally:
            process.terminate()
            process.wait()


def bodies(begin: int, end: int, calls: float) -> list[bytes]:
    """The requests with the spans from *begin* to *end*."""
    return [request(number, calls) for number in range(begin // REQUEST_SPANS, end // REQUEST_SPANS)]


def steps(spans: int) -> list[tuple[int, int]]:
    """A hundred thousand spans at the beginning, and the same at each tripling."""
    ends = [100_000]
    while ends[-1] < spans:
        ends.append(min(spans, ends[-1] * 3))
    return [(begin, end) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


def sustained(running: Running, sending: Sequence[bytes], clients: int) -> None:
    """Send *sending*, wait until all of it can be queried, and print what that took."""
    pids = {name: child(running.pid, name) for name in PROCESSES}
    before = {name: usage(pid) for name, pid in pids.items()}
    begin = time.monotonic()
    sent = send(running.http_url, "/v1/traces", sending, clients)
    with open_ledger(running.db) as ledger:
        assert ledger.wait_loaded(3600)
        queryable = time.monotonic() - begin
        after = {name: usage(pid) for name, pid in pids.items()}
        spans = ledger.query("SELECT count(*) AS n FROM spans")["n"][0].as_py()
        calls = ledger.query("SELECT count(*) AS n FROM llm_calls")["n"][0].as_py()
    count = len(sending) * REQUEST_SPANS
    used = [(after[name].seconds - before[name].seconds) / count * 1e6 for name in PROCESSES]
    size = settled_size(running.db)
    waits = " / ".join(f"{sent.wait(share):,.0f}" for share in (0.5, 0.99, 1))
    print(
        f"| {spans:,} | {calls:,} | {sum(map(len, sending)) // count:,} | {count / sent.seconds:,.0f} | {waits} "
        f"| {count / queryable:,.0f} | {used[0]:.1f} | {used[1]:.1f} | {after['store'].most_memory >> 20:,} "
        f"| {size / spans:.0f} |",
        flush=True,
    )


def paced(running: Running, sending: Sequence[bytes], clients: int, rate: int) -> None:
    """Send *sending* at *rate*, and print how long what was acknowledged could not be queried."""
    lags: list[float] = []
    over = threading.Event()
    watcher = threading.Thread(target=watch, args=(running, lags, over))
    watcher.start()
    sent: Sent = send(running.http_url, "/v1/traces", sending, clients, per_second=rate / REQUEST_SPANS)
    over.set()
    watcher.join()
    seen = Sent(waits=lags)
    count = len(sending) * REQUEST_SPANS
    print(
        "| asked spans/s | sent spans/s | ack p50 / p99 / max ms | lag p50 / p99 / max ms |\n|---|---|---|---|"
    )
    rows = [" / ".join(f"{each.wait(share):,.0f}" for share in (0.5, 0.99, 1)) for each in (sent, seen)]
    print(f"| {rate:,} | {count / sent.seconds:,.0f} | {rows[0]} | {rows[1]} |")


def watch(running: Running, lags: list[float], over: threading.Event) -> None:
    """Note again and again how long it takes until what is acknowledged now can be queried."""
    while not over.is_set():
        begin, acknowledged = time.monotonic(), (healthz(running.http_url) or {}).get("journal")
        while acknowledged and ((healthz(running.http_url) or {}).get("loaded") or [0, 0]) < acknowledged:
            time.sleep(0.02)
        lags.append(time.monotonic() - begin)
        time.sleep(0.05)


def settled_size(db: Path) -> int:
    """The size of the database once its log is folded in."""
    log = Path(f"{db}.wal")
    deadline = time.monotonic() + 60
    while log.exists() and log.stat().st_size and time.monotonic() < deadline:
        time.sleep(0.2)
    return sum(path.stat().st_size for path in (db, log) if path.exists())


def start(db: Path) -> tuple[Running, subprocess.Popen[bytes]]:
    """A collector of its own on free ports."""
    command = [
        sys.executable,
        "-m",
        "otel_burn",
        "collector",
        "--db",
        str(db),
        "--http-port",
        "0",
        "--grpc-port",
        "0",
    ]
    environment = os.environ | {"OTEL_BURN_HOME": str(db.parent / "home")}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    while (running := find_collector(db)) is None:
        assert process.poll() is None, "the collector did not start"
        time.sleep(0.05)
    return running, process


def child(parent: int, name: str) -> int:
    """The process of the collector that has *name*."""
    command = ["ps", "--ppid", str(parent), "-o", "pid=,args="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return next(int(line.split()[0]) for line in lines if f"otel_burn_collector.{name}" in line)


def usage(pid: int) -> Usage:
    """Seconds of processor time that a process has used, and the most memory that it ever had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (most,) = (int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))
    return Usage((int(fields[11]) + int(fields[12])) / TICKS, most)


if __name__ == "__main__":
    main()
