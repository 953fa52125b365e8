"""What do the tests of OTLP share? Calls over gRPC as bytes, and counts of what is stored."""

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from google.rpc.status_pb2 import Status

TRACES = "opentelemetry.proto.collector.trace.v1.TraceService"


@dataclass
class GrpcAnswer:
    """How a call ended."""

    code: grpc.StatusCode
    message: str
    body: bytes
    trailers: dict[str, Any]

    @property
    def status(self) -> Status:
        """The google.rpc.Status in the trailers."""
        return Status.FromString(self.trailers["grpc-status-details-bin"])


def call(
    target: str,
    body: bytes,
    service: str = TRACES,
    metadata: Sequence[tuple[str, str]] = (),
    compression: grpc.Compression = grpc.Compression.NoCompression,
    credentials: grpc.ChannelCredentials | None = None,
) -> GrpcAnswer:
    """One unary call of a service's `Export`, with *body* as it is."""
    options = [("grpc.max_send_message_length", -1)]
    if credentials is None:
        channel = grpc.insecure_channel(target, options, compression)
    else:
        channel = grpc.secure_channel(target, credentials, options, compression)
    with channel:
        try:
            said, ended = channel.unary_unary(f"/{service}/Export").with_call(
                body, timeout=60, metadata=metadata, wait_for_ready=True
            )
        except grpc.RpcError as error:
            said, ended = b"", error
        return GrpcAnswer(ended.code(), ended.details(), said, dict(ended.trailing_metadata() or ()))


@pytest.fixture(scope="session")
def calling() -> Callable[..., GrpcAnswer]:
    """A function that makes one call over gRPC."""
    return call


@pytest.fixture(scope="session")
def stored() -> Callable[..., int]:
    """A function that counts the rows of a table that a collector has for a condition."""

    def count(collector: Any, where: str, table: str = "spans") -> int:
        with collector.ledger() as ledger:
            return int(ledger.query(f"SELECT count(*) AS n FROM {table} WHERE {where}")["n"][0].as_py())

    return count


class Overload:
    """Bodies that stop before their end and fill what a collector takes at once, until they are let go."""

    def __init__(self, asking: Callable[..., Any]) -> None:
        self._asking = asking
        self._bodies: list[socket.socket] = []

    def __call__(self, collector: Any) -> None:
        """Overload *collector*, whose `--max-request` is 1."""
        parts = urlsplit(collector.url)
        head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
        for _ in range(2):
            body = socket.create_connection((parts.hostname, parts.port), timeout=30)
            body.sendall(f"{head}Content-Length: {1 << 20}\r\n\r\n".encode() + bytes((1 << 20) - 1))
            self._bodies.append(body)
        deadline = time.monotonic() + 30
        while self._asking(collector.url, "/healthz").json["in_flight_bytes"] < (2 << 20) - 2:
            assert time.monotonic() < deadline, "it does not read them"
            time.sleep(0.02)

    def release(self) -> None:
        """Hang up."""
        while self._bodies:
            self._bodies.pop().close()


@pytest.fixture
def overloaded(asking: Callable[..., Any]) -> Iterator[Overload]:
    """A way to overload a collector, and to end that."""
    overload = Overload(asking)
    yield overload
    overload.release()
