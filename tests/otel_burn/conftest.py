"""What the tests of the instrumentation stand on: a server on loopback, and spans in memory."""

import base64
import json
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_burn
from otel_burn import instrumentation


@dataclass
class Answer:
    """What the server answers: a whole body, or chunks that it flushes one by one."""

    chunks: list[bytes]
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    """Close the connection after the last chunk without ending the body."""
    held_from: int | None = None
    """Before this chunk the server waits until it is stopped; before its head where it is -1."""
    framing: str = "chunked"
    """How the body's end is told: `chunked`, `length`, or `close` for the connection's end."""


def _frame(answer: Answer) -> tuple[str, str]:
    """The header by which the end of the body is told."""
    if answer.framing == "length":
        return "content-length", str(sum(map(len, answer.chunks)) + (100 if answer.cut else 0))
    return ("transfer-encoding", "chunked") if answer.framing == "chunked" else ("connection", "close")


class Server:
    """A real HTTP server on loopback that plays the next scripted answer and keeps every request."""

    def __init__(self) -> None:  # noqa: C901 - the handler within it
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.stopped = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = self._body()
                server.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                self._play(server.answers.pop(0) if server.answers else Answer([b"{}"]))

            def _body(self) -> bytes:
                if "chunked" not in self.headers.get("transfer-encoding", ""):
                    return self.rfile.read(int(self.headers.get("content-length", 0)))
                chunks = []
                while size := int(self.rfile.readline(), 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(chunks)

            def do_GET(self) -> None:
                self._play(server.answers.pop(0) if server.answers else Answer([b"{}"]))

            def _play(self, answer: Answer) -> None:
                if answer.held_from == -1:
                    server.stopped.wait()
                chunked = answer.framing == "chunked"
                self.send_response(answer.status)
                self.send_header("content-type", answer.content_type)
                self.send_header(*_frame(answer))
                for name, value in answer.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                for number, chunk in enumerate(answer.chunks):
                    if number == answer.held_from:
                        server.stopped.wait()
                    if not chunk:  # chunked, it would be the end
                        continue
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
                    self.wfile.flush()
                if answer.cut:
                    self.close_connection = True
                    self.connection.close()
                elif chunked:
                    self.wfile.write(b"0\r\n\r\n")

        class QuietServer(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass  # a client that hangs up is part of the test

        self._http = QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def answer(self, *chunks: bytes, **how: Any) -> None:
        """Answer the next request with these *chunks*, in the way that `Answer` describes."""
        self.answers.append(Answer(list(chunks), **how))

    def say(self, body: Any, status: int = 200, **headers: str) -> None:
        """Answer the next request with one JSON body."""
        headers = {"request-id": "req_1"} | headers
        self.answers.append(Answer([json.dumps(body).encode()], status, headers=headers))

    def give(self, body: bytes, content_type: str) -> None:
        """Answer the next request with *body*."""
        self.answers.append(Answer([body], 200, content_type))

    def stream(self, chunks: list[bytes], *, cut: bool = False, **headers: str) -> None:
        """Answer the next request with an event stream, sent chunk by chunk."""
        self.answers.append(Answer(chunks, 200, "text/event-stream", headers, cut))

    def stop(self) -> None:
        """Stop to listen."""
        self.stopped.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def received_spans(self) -> list[Any]:
        """Every OTLP span that was posted here."""
        return [
            span
            for path, _, body in self.requests
            if path == "/v1/traces"
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def server() -> Iterator[Server]:
    """A provider on loopback."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def still_world(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of its own, no variables from outside, and our own errors raised instead of logged."""
    for name in (
        "OTEL_BURN_ENDPOINT",
        "OTEL_BURN_RUN_ID",
        "OTEL_BURN_DB",
        "OTEL_BURN_PROVIDERS",
        "PYTHONPATH",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OTEL_BURN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OTEL_BURN_ENDPOINT", "http://127.0.0.1:9")  # never a collector of the developer's own
    monkeypatch.setenv("OTEL_BURN_RAISE", "1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "dummy")
    monkeypatch.setenv("OPENAI_API_KEY", "dummy")


@pytest.fixture
def spans() -> Iterator[Callable[[], list[ReadableSpan]]]:
    """Instrument into memory; call it for the spans that are finished."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    otel_burn.instrument(tracer_provider=provider)

    def finished() -> list[ReadableSpan]:
        active = instrumentation.active()
        assert active is not None
        assert active.flush(60)  # a crowded machine is slow, not wrong
        return list(exporter.get_finished_spans())

    yield finished
    otel_burn.uninstrument()
    provider.shutdown()


def _aws_message(name: str, payload: dict[str, Any]) -> bytes:
    """A message of an AWS event stream."""
    kind = "exception" if name.endswith("Exception") else "event"
    headers = {f":{kind}-type": name, ":content-type": "application/json", ":message-type": kind}
    head = b"".join(
        bytes([len(key)]) + key.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for key, value in headers.items()
    )
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", 16 + len(head) + len(body), len(head))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + body
    return whole + struct.pack(">I", zlib.crc32(whole))


@pytest.fixture
def aws_stream() -> Callable[..., list[bytes]]:
    """Makes an AWS event stream of `{event type: payload}`, one message each."""
    return lambda *events: [_aws_message(name, said) for event in events for name, said in event.items()]


@pytest.fixture
def aws_chunks() -> Callable[..., list[bytes]]:
    """Makes an AWS event stream of a model's own events, each in the `chunk` that InvokeModel wraps it in."""

    def chunks(*events: dict[str, Any] | str) -> list[bytes]:
        texts = [event if isinstance(event, str) else json.dumps(event) for event in events]
        packed = [base64.b64encode(text.encode()).decode() for text in texts]
        return [_aws_message("chunk", {"bytes": one}) for one in packed]

    return chunks
