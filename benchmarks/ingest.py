"""How many spans a second does a collector acknowledge, and how many can be queried? One command, one machine.

    python benchmarks/ingest.py [--spans 60000] [--clients 4] [--calls 1.0]

Spans have the size and attributes of GenAI spans (1.6 kB, 17 attributes), 512 in a request, as the stock
exporter sends them. `--calls` is the share of them that are LLM calls, which the ledger derives more from.
CPU is what receiver and store used, per span; on a busy machine it is the steadier number.
"""

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector.discovery import Running, find_collector
from otel_burn_collector.reader import open_ledger

REQUEST_SPANS = 512
TICKS = os.sysconf("SC_CLK_TCK")
COMMON_TEXTS = {
    "gen_ai.conversation.id": "session-{number}",
    "gen_ai.agent.name": "agent-{number}",
    "server.address": "api.openai.com",
    "app.note": "x" * 640,
}
CALL_TEXTS = COMMON_TEXTS | {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.response.model": "gpt-5-2025-08-07",
    "gen_ai.response.id": "chatcmpl-{number}-{index}",
    "burn.usage.status": "exact",
}
TOOL_TEXTS = COMMON_TEXTS | {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "read_file",
    "gen_ai.tool.call.id": "call-{number}-{index}",
    "gen_ai.tool.type": "function",
    "app.one": "y" * 40,
    "app.two": "z" * 40,
}
CALL_NUMBERS = {
    "gen_ai.usage.input_tokens": 12_000,
    "gen_ai.usage.output_tokens": 300,
    "gen_ai.usage.cache_read.input_tokens": 9_000,
    "gen_ai.usage.reasoning.output_tokens": 100,
    "http.response.status_code": 200,
    "server.port": 443,
}
TOOL_NUMBERS = {f"app.count.{number}": number for number in range(6)}


def main() -> None:
    """Measure, and print a row for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--spans", type=int, default=60_000)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--calls", type=float, default=1.0)
    arguments = parser.parse_args()
    bodies = list(requests(arguments.spans, arguments.calls))
    with tempfile.TemporaryDirectory() as folder:
        running, process = start(Path(folder) / "burn.duckdb")
        try:
            measure(running, bodies, arguments.clients, arguments.calls)
        finally:
            process.terminate()
            process.wait()


def measure(running: Running, bodies: list[bytes], clients: int, calls: float) -> None:
    """Send *bodies* and wait until all of it can be queried."""
    pids = {name: child(running.pid, name) for name in ("receiver", "store")}
    before = {name: cpu(pid) for name, pid in pids.items()}
    begin = time.monotonic()
    send(running, bodies, clients)
    acknowledged = time.monotonic() - begin
    with open_ledger(running.db) as ledger:
        assert ledger.wait_loaded(600)
        queryable = time.monotonic() - begin
        spans = ledger.query("SELECT count(*) AS n FROM spans")["n"][0].as_py()
        llm_calls = ledger.query("SELECT count(*) AS n FROM llm_calls")["n"][0].as_py()
    assert spans == len(bodies) * REQUEST_SPANS
    used = {name: (cpu(pid) - before[name]) / spans * 1e6 for name, pid in pids.items()}
    size = sum(path.stat().st_size for path in (running.db, Path(f"{running.db}.wal")) if path.exists())
    print(
        "| spans | LLM calls | wire B/span | acked/s | queryable/s | receiver µs/span | store µs/span | disk B/span |"
    )
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {spans:,} | {llm_calls:,} | {sum(map(len, bodies)) // spans:,} | {spans / acknowledged:,.0f} "
        f"| {spans / queryable:,.0f} | {used['receiver']:.0f} | {used['store']:.0f} | {size // spans:,} |"
    )


def requests(spans: int, calls: float) -> Iterator[bytes]:
    """Export requests with that many spans; the first *calls* of every ten are LLM calls."""
    for number in range(max(1, spans // REQUEST_SPANS)):
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        resource.resource.attributes.add(key="service.name").value.string_value = f"agent-{number % 7}"
        scopes = [resource.scope_spans.add(), resource.scope_spans.add()]
        scopes[False].scope.name, scopes[True].scope.name = "agent.framework", "otel_burn"
        for index in range(REQUEST_SPANS):
            is_call = index % 10 < calls * 10
            add_span(scopes[is_call], number, index, is_call=is_call)
        yield request.SerializeToString()


def add_span(scope: object, number: int, index: int, *, is_call: bool) -> None:
    """Add one span of a session of 32 turns."""
    at = 1_790_000_000_000_000_000 + (number * REQUEST_SPANS + index) * 1_000_000
    span = scope.spans.add(  # type: ignore[attr-defined]
        trace_id=(number * 16 + index // 32 + 1).to_bytes(16, "big"),
        span_id=(number * REQUEST_SPANS + index + 1).to_bytes(8, "big"),
        name="chat gpt-5" if is_call else "invoke_tool",
        kind=3 if is_call else 1,
        start_time_unix_nano=at,
        end_time_unix_nano=at + 900_000,
    )
    texts = CALL_TEXTS if is_call else TOOL_TEXTS
    for key, text in texts.items():
        span.attributes.add(key=key).value.string_value = text.format(number=number, index=index)
    for key, value in (CALL_NUMBERS if is_call else TOOL_NUMBERS).items():
        span.attributes.add(key=key).value.int_value = value
    span.attributes.add(key="app.list").value.array_value.values.add().string_value = "stop"


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


def send(running: Running, bodies: list[bytes], clients: int) -> None:
    """POST *bodies* over as many connections as there are *clients*."""
    waiting: SimpleQueue[bytes] = SimpleQueue()
    for body in bodies:
        waiting.put(body)
    threads = [threading.Thread(target=client, args=(running.http_url, waiting)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def client(url: str, waiting: SimpleQueue[bytes]) -> None:
    """Send until nothing waits."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    while True:
        try:
            body = waiting.get_nowait()
        except Empty:
            return
        connection.request("POST", "/v1/traces", body, {"Content-Type": "application/x-protobuf"})
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status


def child(parent: int, name: str) -> int:
    """The process of the collector that has *name*."""
    command = ["ps", "--ppid", str(parent), "-o", "pid=,args="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return next(int(line.split()[0]) for line in lines if f"otel_burn_collector.{name}" in line)


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


if __name__ == "__main__":
    main()
