"""What do slow, silent and too many senders cost? Bounded time and memory, and nobody else their turn."""

import resource
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest

HEAD = b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
Collector = Any
Call = Callable[..., Any]
MakeSpans = Callable[..., bytes]


def connect(url: str) -> socket.socket:
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=60)


def memory(collector: Collector) -> float:
    """Of the receiver, in MiB."""
    status = Path(f"/proc/{collector.child('receiver')}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def closed_within(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side ends *connection* within *seconds*, after an answer or without."""
    connection.settimeout(seconds)
    begin = time.monotonic()
    try:
        while connection.recv(4096):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return time.monotonic() - begin < seconds


@contextmanager
def connections(url: str, first: bytes, count: int) -> Iterator[list[socket.socket]]:
    """Connections that each say *first* and then nothing."""
    with ExitStack() as stack:
        found = [stack.enter_context(connect(url)) for _ in range(count)]
        for one in found:
            one.sendall(first)
        yield found


def test_half_open_and_slow_connections_end_while_others_are_served(
    collector: Collector, make_spans: MakeSpans
) -> None:
    """Silence, half a head, a head without its body: each is closed in time, and memory stays."""
    before = memory(collector)
    half = HEAD + b"Content-Length: 500000\r\n\r\n" + bytes(1000)
    with (
        connections(collector.url, b"", 50) as silent,
        connections(collector.url, HEAD[:40], 50) as heads,
        connections(collector.url, half, 50) as bodies,
    ):
        for _ in range(5):
            assert collector.send(make_spans(1)).status == 200
        assert memory(collector) - before < 50
        assert closed_within(silent[0], 20)
        assert closed_within(heads[0], 10)
        assert closed_within(bodies[0], 25)
        assert all(closed_within(one, 5) for one in silent + heads + bodies)
    assert collector.send(make_spans(2)).status == 200


def test_a_head_without_end_is_cut_off(collector: Collector) -> None:
    """After 64 KiB, with a Status."""
    with connect(collector.url) as connection:
        connection.sendall(HEAD)
        said = b""
        try:
            for _ in range(40):
                connection.sendall(b"X-More: " + b"x" * 50_000 + b"\r\n")
            said = connection.recv(4096)
        except ConnectionError:
            said = said or b"HTTP/1.1 400"  # closed while we wrote
    assert said.startswith(b"HTTP/1.1 400")


def test_more_connections_than_there_may_be_do_not_stop_the_collector(
    start_collector: Callable[..., Collector], make_spans: MakeSpans, many_files: None
) -> None:
    """A thousand silent ones: further ones are closed until those are, and then all is as before."""
    collector = start_collector()
    with connections(collector.url, b"", 1100) as flood:
        assert closed_within(flood[-1], 9), "before the silence alone would have ended it"
    deadline = time.monotonic() + 30
    while True:
        try:
            assert collector.send(make_spans(1)).status == 200
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


@pytest.fixture
def many_files() -> Iterator[None]:
    """More descriptors than usual, for the test's own ends of connections."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, limits[1]), limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """One frame of HTTP/2."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def half_a_call(target: str) -> socket.socket:
    """A gRPC call that sends its headers and a part of its message, and then nothing."""
    path = b"/opentelemetry.proto.collector.trace.v1.TraceService/Export"
    headers = b"\x83\x86\x04" + bytes([len(path)]) + path  # POST, http, path
    headers += b"\x01\x09localhost"  # :authority
    headers += b"\x0f\x10\x10application/grpc" + b"\x00\x02te\x08trailers"
    host, _, port = target.rpartition(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        + frame(4, 0, 0, b"")
        + frame(1, 4, 1, headers)
        + frame(0, 0, 1, b"\x00" + struct.pack(">I", 1 << 20) + bytes(1000))
    )
    return connection


def test_slow_grpc_senders_make_room(collector: Collector, calling: Call, make_spans: MakeSpans) -> None:
    """Forty calls that stop in their message hold no place for longer than a second once somebody waits."""
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(half_a_call(collector.grpc_target))
        time.sleep(1)
        begin = time.monotonic()
        answer = calling(collector.grpc_target, make_spans(1))
        assert answer.code is grpc.StatusCode.OK
        assert time.monotonic() - begin < 10
    assert calling(collector.grpc_target, make_spans(2)).code is grpc.StatusCode.OK
    assert collector.child("receiver")
