"""What do the collector's tests share? A real collector, started as a user starts it, and spans to send to it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn_collector.discovery import Running, find_collector
from otel_burn_collector.reader import Ledger, open_ledger

SHARED = Path(os.environ.get("OTEL_BURN_SHARED", Path(__file__).parents[3] / "shared"))
CAPTURES = SHARED / "data" / "captures"
PROTOBUF = "application/x-protobuf"
START_SECONDS = 60


@pytest.fixture(scope="session")
def captures() -> Path:
    """The recorded telemetry of real agents."""
    if not CAPTURES.is_dir():
        pytest.skip(f"needs the recorded telemetry in {CAPTURES}, which is not here")
    return CAPTURES


@dataclass
class Answer:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def ask(
    url: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
    method: str | None = None,
) -> Answer:
    """Send one request as it is given and return whatever comes back."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request(method or ("GET" if body is None else "POST"), path, body, headers or {})
        response = connection.getresponse()
        said = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, said, response.read())
    finally:
        connection.close()


class CollectorProcess:
    """`otel-burn collector` on free ports, as a process of its own."""

    def __init__(self, db: Path, *options: str, home: Path, **environment: str) -> None:
        self.db = db
        self.log = db.with_name(f"{db.name}.log")
        db.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "otel_burn",
                    "collector",
                    "--db",
                    str(db),
                    "--grpc-port",
                    "0",
                    "--http-port",
                    "0",
                    *options,
                ],
                stdout=log,
                stderr=log,
                env=os.environ | {"OTEL_BURN_HOME": str(home)} | environment,
            )
        self.running = self._wait()

    @property
    def url(self) -> str:
        """Where OTLP goes."""
        return self.running.http_url

    @property
    def grpc_target(self) -> str:
        """Where OTLP over gRPC goes, as gRPC wants it."""
        return self.running.grpc_url.rpartition("/")[2]

    def ledger(self) -> Ledger:
        """The ledger through this collector, with everything sent so far loaded."""
        ledger = open_ledger(self.db)
        assert ledger.via == "collector"
        assert ledger.wait_loaded(30)
        return ledger

    def send(
        self, body: bytes, content_type: str = PROTOBUF, path: str = "/v1/traces", **headers: str
    ) -> Answer:
        """POST *body* as OTLP."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(self.url, path, body, {"Content-Type": content_type, **given})

    def child(self, name: str) -> int:
        """The process id of the receiver or the store; `ValueError` while there is none."""
        command = ["ps", "--ppid", str(self.process.pid), "-o", "pid=,args="]
        found = subprocess.run(command, capture_output=True, text=True)  # 1 where it has no children at all
        (line,) = [line for line in found.stdout.splitlines() if f"otel_burn_collector.{name}" in line]
        return int(line.split()[0])

    def stop(self) -> int:
        """End it as a user does, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def _wait(self) -> Running:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            running = find_collector(self.db)
            if running is not None and running.pid == self.process.pid:
                return running
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"the collector did not start:\n{self.log.read_text()}")


StartCollector = Callable[..., CollectorProcess]


@pytest.fixture(scope="session")
def collector_process() -> type[CollectorProcess]:
    """What runs a collector, for tests that share one with others than their module's."""
    return CollectorProcess


@pytest.fixture
def start_collector(tmp_path: Path) -> Iterator[StartCollector]:
    """Start collectors that end with the test."""
    started: list[CollectorProcess] = []

    def start(*options: str, db: Path | None = None, **environment: str) -> CollectorProcess:
        db = db or tmp_path / "burn.duckdb"
        started.append(CollectorProcess(db, *options, home=tmp_path / "home", **environment))
        return started[-1]

    yield start
    for one in started:
        one.stop()


@pytest.fixture(scope="module")
def start_module_collector() -> Iterator[StartCollector]:
    """Start collectors that end with the module."""
    started: list[CollectorProcess] = []

    def start(db: Path, *options: str) -> CollectorProcess:
        started.append(CollectorProcess(db, *options, home=db.parent / "home"))
        return started[-1]

    yield start
    for one in started:
        assert one.stop() == 0, one.log.read_text()


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """One collector for the tests of a module."""
    folder = tmp_path_factory.mktemp("collector")
    one = CollectorProcess(folder / "burn.duckdb", home=folder / "home")
    yield one
    assert one.stop() == 0, one.log.read_text()


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's is touched."""
    monkeypatch.setenv("OTEL_BURN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OTEL_BURN_DB", raising=False)


MakeSpans = Callable[..., bytes]


@pytest.fixture(scope="session")
def make_spans() -> MakeSpans:
    """A function that makes an ExportTraceServiceRequest of plain spans."""
    return spans_request


def spans_request(*numbers: int, service: str = "tests", trace: int = 1, calls: bool = False) -> bytes:
    """One span per number, which makes its id; each of them an LLM call if *calls*."""
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    attribute = resource.resource.attributes.add(key="service.name")
    attribute.value.string_value = service
    scope = resource.scope_spans.add()
    scope.scope.name = "tests"
    for number in numbers:
        span = scope.spans.add(
            trace_id=trace.to_bytes(16, "big"),
            span_id=number.to_bytes(8, "big"),
            name=f"span {number}",
            start_time_unix_nano=1_790_000_000_000_000_000 + number,
            end_time_unix_nano=1_790_000_000_000_001_000 + number,
        )
        if calls:
            span.attributes.add(key="gen_ai.operation.name").value.string_value = "chat"
            span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = number
    return bytes(request.SerializeToString())


@pytest.fixture(scope="session")
def asking() -> Callable[..., Answer]:
    """A function that sends one raw HTTP request."""
    return ask


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], object]], None]:
    """A function that waits until something is so, and fails when it never is."""

    def wait(so: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not so():
            assert time.monotonic() < deadline, "it did not come to pass"
            time.sleep(0.05)

    return wait


@pytest.fixture(scope="session")
def make_calls() -> Callable[[int], bytes]:
    """A function that makes an OTLP/JSON request of so many priced calls of the agent `shop`, in one session."""
    return calls_request


def calls_request(count: int) -> bytes:
    """Calls as any instrumentation of the GenAI convention reports them."""
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.conversation.id": "session",
        "gen_ai.agent.name": "shop",
    }
    counted = {"gen_ai.usage.input_tokens": "1000", "gen_ai.usage.output_tokens": "100"}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in said.items()]
    attributes += [{"key": key, "value": {"intValue": value}} for key, value in counted.items()]
    spans = [
        {
            "traceId": f"{number:032x}",
            "spanId": f"{number:016x}",
            "name": "chat gpt-5-mini",
            "kind": 3,
            "startTimeUnixNano": str(1_790_000_000_000_000_000 + number * 10**9),
            "endTimeUnixNano": str(1_790_000_000_500_000_000 + number * 10**9),
            "attributes": attributes,
        }
        for number in range(1, count + 1)
    ]
    scope = {"scope": {"name": "opentelemetry.instrumentation.openai_v2", "version": "2"}, "spans": spans}
    return json.dumps({"resourceSpans": [{"scopeSpans": [scope]}]}).encode()
