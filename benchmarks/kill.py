"""Is anything acknowledged lost, or anything counted twice, however often whatever is killed?

    python benchmarks/kill.py [--rounds 100] [--clients 3] [--spans 20] [--seed 1]

A real collector under load; in each round the receiver, the store, both, or the supervisor with all of its processes
are killed with SIGKILL at a random moment. Clients send as exporters do: the same request again until it is
acknowledged. At the end the acknowledged spans are compared with the stored ones. Exit code 1 when one is lost or
doubled.
"""

import argparse
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector.discovery import Running, find_collector
from otel_burn_collector.journal.records import TORN_END
from otel_burn_collector.reader import open_ledger

VICTIMS = (("receiver",), ("store",), ("receiver", "store"), ("supervisor", "receiver", "store"))
START_SECONDS = 120.0


class Collector:
    """`otel-burn collector`, started again whenever its supervisor was killed."""

    def __init__(self, db: Path) -> None:
        self.db = db
        self.running = self.start()

    def start(self) -> Running:
        """Start it and wait until it serves."""
        with (self.db.parent / "collector.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "otel_burn",
                    "collector",
                    "--db",
                    str(self.db),
                    "--http-port",
                    "0",
                    "--grpc-port",
                    "0",
                ],
                stdout=log,
                stderr=log,
                env=os.environ | {"OTEL_BURN_HOME": str(self.db.parent / "home")},
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            running = find_collector(self.db)
            if running is not None and running.pid == self.process.pid:
                self.running = running
                return running
            time.sleep(0.05)
        raise SystemExit(f"the collector did not start; see {self.db.parent / 'collector.log'}")

    def pids(self) -> dict[str, int]:
        """Its processes that live, by what they are."""
        found = {"supervisor": self.process.pid}
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for pid in map(int, children):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            for name in ("receiver", "store"):
                if f"otel_burn_collector.{name}".encode() in words:
                    found[name] = pid
        return found

    def kill(self, names: Sequence[str]) -> None:
        """SIGKILL to these processes; where the supervisor was one, start anew."""
        pids = self.pids()
        for name in names:
            if name in pids:
                os.kill(pids[name], signal.SIGKILL)
        if "supervisor" in names:
            self.process.wait()
            self.start()


class Client(threading.Thread):
    """Sends requests of its own trace, each until it is acknowledged."""

    def __init__(self, collector: Collector, trace: int, spans: int) -> None:
        super().__init__(daemon=True)
        self._collector, self._trace, self._spans = collector, trace, spans
        self.acknowledged: list[int] = []
        self.sent_again = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        """Send until told to stop."""
        number = 0
        while not self.stopping.is_set():
            number += 1
            body = request(self._trace, range(number * self._spans, (number + 1) * self._spans))
            while not post(self._collector.running.http_url, body):
                self.sent_again += 1
                if self.stopping.is_set():
                    return
                time.sleep(0.02)
            self.acknowledged.append(number)

    def spans(self) -> set[tuple[int, int]]:
        """What was acknowledged."""
        return {
            (self._trace, span)
            for number in self.acknowledged
            for span in range(number * self._spans, (number + 1) * self._spans)
        }


def request(trace: int, numbers: Sequence[int]) -> bytes:
    """An export of spans that report calls, so that calls are counted too."""
    export = ExportTraceServiceRequest()
    scope = export.resource_spans.add().scope_spans.add()
    scope.scope.name = "otel_burn"
    for number in numbers:
        start = 1_790_000_000_000_000_000 + number * 1_000_000
        span = scope.spans.add(
            trace_id=(trace << 64 | number).to_bytes(16, "big"),
            span_id=number.to_bytes(8, "big"),
            name="chat gpt-5",
            kind=3,
            start_time_unix_nano=start,
            end_time_unix_nano=start + 500_000,
        )
        for key, value in (
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", "openai"),
            ("gen_ai.request.model", "gpt-5"),
        ):
            span.attributes.add(key=key).value.string_value = value
        span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 1000
        span.attributes.add(key="gen_ai.usage.output_tokens").value.int_value = 10
    return export.SerializeToString()


def post(url: str, body: bytes) -> bool:
    """Whether *body* was acknowledged."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def main() -> int:
    """Run the rounds and print what was held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--clients", type=int, default=3)
    parser.add_argument("--spans", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        collector = Collector(Path(folder) / "burn.duckdb")
        clients = [Client(collector, trace, arguments.spans) for trace in range(1, arguments.clients + 1)]
        try:
            killed = rounds(collector, clients, arguments.rounds, random.Random(arguments.seed))
            found = compare(collector, clients)
        finally:
            collector.process.terminate()
            clean = collector.process.wait(120) == 0
    said = {"rounds": arguments.rounds, "killed": dict(killed), "clean_end": clean} | found
    print(json.dumps(said, indent=2))
    return 1 if found["lost"] or found["doubled"] or found["calls_off"] else 0


def rounds(collector: Collector, clients: Sequence[Client], count: int, dice: random.Random) -> Counter[str]:
    """Kill something at a random moment, *count* times; each time something is acknowledged again afterwards."""
    killed: Counter[str] = Counter()
    for client in clients:
        client.start()
    for number in range(count):
        time.sleep(dice.uniform(0.05, 2.0))
        victims = dice.choice(VICTIMS)
        collector.kill(victims)
        killed["+".join(victims)] += 1
        before = sum(len(client.acknowledged) for client in clients)
        deadline = time.monotonic() + START_SECONDS
        while sum(len(client.acknowledged) for client in clients) < before + 3:
            if time.monotonic() > deadline:
                raise SystemExit("nothing is acknowledged any more")
            time.sleep(0.02)
        print(f"{number + 1}: {victims}, {before:,} requests acknowledged", file=sys.stderr, flush=True)
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join()
    return killed


def compare(collector: Collector, clients: Sequence[Client]) -> dict[str, int]:
    """The acknowledged spans against the stored ones, and the calls against the spans."""
    with open_ledger(collector.db) as ledger:
        if not ledger.wait_loaded(600):
            raise SystemExit("what was acknowledged is not loaded within ten minutes")
        rows = ledger.query("SELECT trace_id, span_id, count(*) AS n FROM spans GROUP BY ALL").to_pylist()
        calls = ledger.query("SELECT count(*) AS n, count(DISTINCT span_id || trace_id) AS d FROM llm_calls")
        damage = ledger.query("SELECT reason, count(*) AS n FROM journal.damage GROUP BY ALL").to_pylist()
    stored = {(int(row["trace_id"], 16) >> 64, int(row["span_id"], 16)) for row in rows}
    acknowledged = set[tuple[int, int]]().union(*(client.spans() for client in clients))
    ((count, distinct),) = [tuple(row.values()) for row in calls.to_pylist()]
    return {
        "acknowledged_spans": len(acknowledged),
        "stored_spans": len(stored),
        "lost": len(acknowledged - stored),
        "doubled": sum(row["n"] > 1 for row in rows),
        "calls_off": abs(count - len(stored)) + abs(count - distinct),
        "requests_sent_again": sum(client.sent_again for client in clients),
        "torn_ends": sum(row["n"] for row in damage if row["reason"] == TORN_END),
        "other_damage": sum(row["n"] for row in damage if row["reason"] != TORN_END),
    }


if __name__ == "__main__":
    sys.exit(main())
