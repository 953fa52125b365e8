"""An agent on the real anthropic SDK, traced twice: by the SDK itself and by otel_burn. Writes OTLP to argv[1].

It calls once plainly, once streamed, twice at the same time with equal requests and equal answers, and once through
two 429s. A process of its own, as the SDK's tracing wants the global tracer provider.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anthropic
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_burn

MODEL = "claude-opus-4-8"
USAGE = {"input_tokens": 100, "cache_read_input_tokens": 800, "cache_creation_input_tokens": 100}


class Provider(BaseHTTPRequestHandler):
    """Answers with usage; a request that says "busy" is refused twice before."""

    refused = 0
    answered = 0
    together = threading.Barrier(2, timeout=10)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_POST(self) -> None:
        """Answer one request."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        question = body["messages"][0]["content"]
        if question == "together":
            Provider.together.wait()
        if question == "busy" and Provider.refused < 2:
            Provider.refused += 1
            error = {"type": "error", "error": {"type": "rate_limit_error", "message": "slow down"}}
            return self._answer(429, "application/json", json.dumps(error))
        Provider.answered += 1
        if body.get("stream"):
            return self._answer(200, "text/event-stream", "".join(_events(f"msg_{Provider.answered}")))
        return self._answer(200, "application/json", json.dumps(_message(f"msg_{Provider.answered}")))

    def _answer(self, status: int, content_type: str, text: str) -> None:
        self.send_response(status)
        self.send_header("retry-after-ms", "1")
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(text.encode())))
        self.send_header("request-id", f"req_{Provider.answered}_{Provider.refused}")
        self.end_headers()
        self.wfile.write(text.encode())


def _message(response_id: str) -> dict[str, Any]:
    return {
        "id": response_id,
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": "fine"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": USAGE | {"output_tokens": 20},
    }


def _events(response_id: str) -> list[str]:
    start = _message(response_id) | {
        "content": [],
        "stop_reason": None,
        "usage": USAGE | {"output_tokens": 1},
    }
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "fine"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 20}},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]


def main(target: Path) -> None:
    """Call, and write what both instrumentations saw."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    otel_burn.instrument(tracer_provider=provider)
    client = anthropic.Anthropic(api_key="none", base_url=f"http://127.0.0.1:{server.server_port}")

    def ask(question: str) -> None:
        messages: list[Any] = [{"role": "user", "content": question}]
        client.messages.create(model=MODEL, max_tokens=100, messages=messages)

    ask("plain")
    with client.messages.stream(
        model=MODEL, max_tokens=100, messages=[{"role": "user", "content": "streamed"}]
    ) as stream:
        stream.until_done()
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, ["together", "together"]))
    ask("busy")
    otel_burn.uninstrument()
    server.shutdown()
    target.write_bytes(encode_spans(exporter.get_finished_spans()).SerializeToString())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
