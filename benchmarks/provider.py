"""What do the benchmarks call? A provider and a sink for spans on loopback. Run: python benchmarks/provider.py

POST `/v1/chat/completions` and `/v1/messages` are answered in their format, plain or as a stream of `PIECES` chunks
(with `--pause`, each sent alone), with the usage of `USAGE`. POST `/NAME/v1/traces` keeps the OTLP request; GET `/NAME`
tells which spans arrived there, and forgets them. GET `/counted` tells how many requests had each value of the header
`x-count-as`. The header `x-fate` asks for something else than an answer: a status (`429`, `500`), `cut` (the connection
ends in the middle) or `long` (a stream of many pieces).
"""

import argparse
import itertools
import json
import socketserver
import sys
import threading
import time
from collections import Counter
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PIECES = 50
USAGE = (1234, 56)
"""Input and output tokens of every answer."""
_LONG = 20
"""A `long` stream has so many times the pieces."""
_TOGETHER = 10
"""Chunks in one write, where there is no pause between them."""

_ID = "0" * 12
"""Stands for the number of the answer, of the same length."""
_CHAT = {"id": f"chatcmpl-{_ID}", "object": "chat.completion", "created": 1, "model": "gpt-5-2025-08-07"}
_CHAT_USAGE = {"prompt_tokens": USAGE[0], "completion_tokens": USAGE[1], "total_tokens": sum(USAGE)}
_MESSAGE = {"id": f"msg_{_ID}", "type": "message", "role": "assistant", "model": "claude-opus-4-8"}
_WORD = "It says so there. "


def chat() -> bytes:
    """A chat completion."""
    message = {"role": "assistant", "content": _WORD * PIECES}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return json.dumps(_CHAT | {"choices": [choice], "usage": _CHAT_USAGE}).encode()


def chat_chunks(words: int) -> list[bytes]:
    """A chat completion as the chunks of a stream, with usage as `include_usage` asks for it."""
    frame = _CHAT | {"object": "chat.completion.chunk"}

    def chunk(delta: dict[str, str], reason: str | None = None) -> Any:
        return frame | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}], "usage": None}

    events = [
        chunk({"role": "assistant", "content": ""}),
        *[chunk({"content": _WORD})] * words,
        chunk({}, "stop"),
        frame | {"choices": [], "usage": _CHAT_USAGE},
    ]
    return [*(f"data: {json.dumps(event)}\n\n".encode() for event in events), b"data: [DONE]\n\n"]


def message() -> bytes:
    """An answer of the Messages API."""
    content = [{"type": "text", "text": _WORD * PIECES}]
    usage = {"input_tokens": USAGE[0], "output_tokens": USAGE[1]}
    return json.dumps(
        _MESSAGE | {"content": content, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
    ).encode()


def message_chunks(words: int) -> list[bytes]:
    """An answer of the Messages API as the chunks of a stream."""
    opening: dict[str, Any] = {
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": USAGE[0], "output_tokens": 1},
    }
    word = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": _WORD}}
    events: list[Any] = [
        {"type": "message_start", "message": _MESSAGE | opening},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[word] * words,
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": USAGE[1]},
        },
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


FORMATS = {"/v1/chat/completions": (chat, chat_chunks), "/v1/messages": (message, message_chunks)}
_PLAIN = {path: plain() for path, (plain, _) in FORMATS.items()}
_CHUNKS = {
    (path, fate): chunks(PIECES * (_LONG if fate == "long" else 1))
    for path, (_, chunks) in FORMATS.items()
    for fate in ("", "long")
}


class Sink:
    """Spans by the name they were sent to, decoded only when somebody asks."""

    def __init__(self) -> None:
        self._bodies: dict[str, list[bytes]] = {}
        self._lock = threading.Lock()

    def keep(self, name: str, body: bytes) -> None:
        """Take one OTLP request."""
        with self._lock:
            self._bodies.setdefault(name, []).append(body)

    def tell(self, name: str) -> dict[str, Any]:
        """What arrived as *name*: LLM spans, how many have the true usage, and the count of each label and status."""
        with self._lock:
            bodies = self._bodies.pop(name, [])
        labels: Counter[str] = Counter()
        statuses: Counter[str] = Counter()
        spans = true = 0
        for body in bodies:
            for attributes in _attributes(body):
                spans += 1
                true += (_first(attributes, _INPUT), _first(attributes, _OUTPUT)) == USAGE
                labels[attributes.get("gen_ai.conversation.id", "")] += 1
                statuses[attributes.get("burn.usage.status", "")] += 1
        return {"spans": spans, "with_usage": true, "labels": labels, "statuses": statuses}


_INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt")
_OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion")
_OF_LLM_CALLS = ("gen_ai.", "llm.", "openinference.")


def _attributes(body: bytes) -> list[dict[str, Any]]:
    """The attributes (strings and integers) of each LLM span in one OTLP request."""
    found = []
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                attributes = {
                    pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes
                }
                if any(key.startswith(_OF_LLM_CALLS) for key in attributes):
                    found.append(attributes)
    return found


def _first(attributes: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((attributes[name] for name in names if name in attributes), None)


class Handler(socketserver.StreamRequestHandler):
    """One connection; requests are read by hand, as `http.server` parses headers at five times the cost."""

    disable_nagle_algorithm = True
    server: "Server"

    def handle(self) -> None:
        """Answer until the client goes."""
        try:
            while line := self.rfile.readline():
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = self._headers()
                body = self.rfile.read(int(headers.get("content-length", 0)))
                if not self._answer(method, target, headers, body):
                    return
        except (ConnectionError, TimeoutError):
            pass  # a client that hangs up is part of the measurement

    def _headers(self) -> dict[str, str]:
        found = {}
        while (line := self.rfile.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            found[name.lower()] = value.strip()
        return found

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bool:
        """Whether the connection lives on."""
        name, _, rest = target.strip("/").partition("/")
        if method == "GET":
            known = self.server.counted if name == "counted" else self.server.sink.tell(name)
            return self._whole(200, json.dumps(known).encode())
        if rest == "v1/traces":
            self.server.sink.keep(name, body)
            return self._whole(200, b"", "application/x-protobuf")
        fate = headers.get("x-fate", "")
        number = self.server.count(headers.get("x-count-as", ""))
        if fate.isdigit():
            return self._whole(int(fate), b'{"error":{"type":"planned","message":"as asked"}}')
        if b'"stream":true' in body or b'"stream": true' in body:
            return self._stream(_CHUNKS[target, "long" if fate == "long" else ""], number, cut=fate == "cut")
        return self._whole(200, _PLAIN[target].replace(_ID.encode(), number), cut=fate == "cut")

    def _whole(self, status: int, body: bytes, kind: str = "application/json", *, cut: bool = False) -> bool:
        head = f"HTTP/1.1 {status} As Asked\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + (body[: len(body) // 2] if cut else body))
        return not cut

    def _stream(self, chunks: list[bytes], number: bytes, *, cut: bool) -> bool:
        self.wfile.write(
            b"HTTP/1.1 200 As Asked\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )
        together = 1 if self.server.pause else _TOGETHER
        frames = [b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks[: len(chunks) // (1 + cut)]]
        for first in range(0, len(frames), together):
            self.wfile.write(b"".join(frames[first : first + together]).replace(_ID.encode(), number))
            if self.server.pause:
                time.sleep(self.server.pause)
        if not cut:
            self.wfile.write(b"0\r\n\r\n")
        return not cut


class Server(socketserver.ThreadingTCPServer):
    """Both the provider and the sink; run one process of each."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, pause: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pause = pause
        self.sink = Sink()
        self.counted: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def count(self, name: str) -> bytes:
        """One more request that is to be counted as *name*; the number for its answer."""
        with self._lock:
            self.counted[name] += 1
            return b"%012d" % next(self._numbers)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what only we can have broken."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def main() -> None:
    """Serve until terminated; the first line on standard output is the address."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between the chunks of a stream")
    with Server(parser.parse_args().pause) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
