"""How are spans sent without the sender being measured? Encoded before, over plain sockets, in a process of its own."""

import json
import multiprocessing
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit


@dataclass
class Sent:
    """What happened to some requests."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    """Seconds from each request to its acknowledgement."""

    def wait(self, share: float) -> float:
        """The wait that *share* of the requests stayed below, in milliseconds."""
        return sorted(self.waits)[min(len(self.waits) - 1, int(len(self.waits) * share))] * 1e3


def send(
    url: str,
    path: str,
    bodies: Sequence[bytes],
    clients: int,
    *,
    per_second: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> Sent:
    """POST *bodies* over *clients* connections: as fast as they are answered, or so many *per_second*."""
    more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_send, args=(theirs, url, path, bodies, clients, per_second, more))
    process.start()
    seconds, waits = json.loads(ours.recv())
    process.join()
    return Sent(seconds, waits)


def _send(
    pipe: object,
    url: str,
    path: str,
    bodies: Sequence[bytes],
    clients: int,
    per_second: float | None,
    more: str,
) -> None:
    waiting: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
    begin = time.monotonic()
    for number, body in enumerate(bodies):
        waiting.put((begin + number / per_second if per_second else begin, body))
    waits: list[float] = []
    threads = [
        threading.Thread(target=_client, args=(url, path, more, waiting, waits)) for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(json.dumps([time.monotonic() - begin, waits]))  # type: ignore[attr-defined]


def _client(
    url: str, path: str, more: str, waiting: SimpleQueue[tuple[float, bytes]], waits: list[float]
) -> None:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 80))
    head = f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/x-protobuf\r\n{more}"
    while True:
        try:
            due, body = waiting.get_nowait()
        except Empty:
            return
        time.sleep(max(0.0, due - time.monotonic()))
        begin = time.monotonic()
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        status = _answer(connection)
        waits.append(time.monotonic() - begin)
        assert status == 200, status


def _answer(connection: socket.socket) -> int:
    """The status of the next answer, whose body is read."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, rest = data.partition(b"\r\n\r\n")
    lengths = [
        line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
    ]
    missing = int(lengths[0]) - len(rest) if lengths else 0
    while missing > 0:
        missing -= len(connection.recv(missing))
    return int(head.split()[1])
