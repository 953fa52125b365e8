"""How much CPU does otel-burn add to an LLM call? Run: python benchmarks/overhead.py

Each cell asks a fixed server in another process through the real SDK, in a new interpreter a round, once plain
and once with otel-burn delivering to that server, the two taking turns. Counted is the whole process's CPU time
(`time.process_time`, all threads, so the background work too) a call, after a warm-up; the least of the rounds stands
for a quiet machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CELLS = [
    (sdk, size, stream) for sdk in ("openai", "anthropic") for size in (1, 400) for stream in (False, True)
]
WARM_UP, CALLS = 20, 150


def ask(sdk: str, kilobytes: int, stream: bool) -> Any:
    """A function that makes one call."""
    url = os.environ["SERVER"]
    messages = [{"role": ("user", "assistant")[i % 2], "content": "x" * 2000} for i in range(kilobytes // 2)]
    messages.append({"role": "user", "content": "go on"})
    if sdk == "openai":
        import openai

        create = openai.OpenAI(base_url=f"{url}/v1", api_key="k").chat.completions.create
        options: dict[str, Any] = {"model": "gpt-5", "messages": messages, "stream": stream}
        if stream:
            options["stream_options"] = {"include_usage": True}
    else:
        import anthropic

        create = anthropic.Anthropic(base_url=url, api_key="k").messages.create
        options = {"model": "claude-opus-4-8", "messages": messages, "stream": stream, "max_tokens": 9}

    def call() -> None:
        answer = create(**options)
        if stream:
            for _ in answer:
                pass

    return call


def measure(sdk: str, kilobytes: int, stream: bool, tapped: bool) -> None:
    """Print the CPU milliseconds a call in this process."""
    if tapped:
        import otel_burn

        otel_burn.instrument()
    call = ask(sdk, kilobytes, stream)
    for _ in range(WARM_UP):
        call()
    time.sleep(0.5)
    before = time.process_time()
    for _ in range(CALLS):
        call()
    if tapped:
        from otel_burn import instrumentation

        active = instrumentation.active()
        assert active is not None
        active.flush(30)
    sys.stdout.write(str((time.process_time() - before) / CALLS * 1000))


CHAT = {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt-5", "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "ok"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 105}}  # fmt: skip
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "claude-opus-4-8",
    "content": [{"type": "text", "text": "ok"}], "stop_reason": "end_turn", "stop_sequence": None,
    "usage": {"input_tokens": 100, "output_tokens": 5}}  # fmt: skip


def streamed(path: str) -> bytes:
    """Fifty chunks in the format of *path*."""
    events: list[Any]
    if "completions" in path:
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5"}
        word = chunk | {"choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}
        events = [word] * 50 + [chunk | {"choices": [], "usage": CHAT["usage"]}]
        return "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode() + b"data: [DONE]\n\n"
    word = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word "}}
    events = [
        {"type": "message_start", "message": MESSAGE | {"content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[word] * 50,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 50}},
        {"type": "message_stop"},
    ]
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


class Handler(BaseHTTPRequestHandler):
    """Answers in the format that was asked, and takes spans."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write an answer: two would wait 40 ms for the acknowledgement of the first

    def do_POST(self) -> None:
        """Answer one request."""
        asked = self.rfile.read(int(self.headers["content-length"]))
        stream = b'"stream":true' in asked.replace(b" ", b"")
        plain = CHAT if "completions" in self.path else MESSAGE
        spans = self.path == "/v1/traces"
        body = b"" if spans else streamed(self.path) if stream else json.dumps(plain).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if stream else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def serve() -> None:
    """Serve until the standard input closes."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


def one_round(cell: tuple[str, int, bool], tapped: bool, environment: dict[str, str]) -> float:
    """CPU milliseconds a call, measured in a new interpreter."""
    sdk, size, stream = cell
    command = [
        sys.executable,
        "-W",
        "ignore",
        __file__,
        "--measure",
        sdk,
        str(size),
        str(int(stream)),
        str(int(tapped)),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Run every cell and print a table in Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--measure", nargs=4)
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.serve:
        return serve()
    if options.measure:
        sdk, size, stream, tapped = options.measure
        return measure(sdk, int(size), stream == "1", tapped == "1")
    with tempfile.TemporaryDirectory() as home:
        server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        environment = {**os.environ, "SERVER": url, "OTEL_BURN_ENDPOINT": url, "OTEL_BURN_HOME": home,
                       "ANTHROPIC_OPEN_TELEMETRY": "false"}  # fmt: skip
        sys.stdout.write(
            "| call | SDK alone, ms | otel-burn adds, ms | spread of the rounds, ms |\n|---|---|---|---|\n"
        )
        for cell in CELLS:
            pairs = [
                [one_round(cell, tapped, environment) for tapped in (False, True)]
                for _ in range(options.rounds)
            ]
            alone, tapped = (min(values) for values in zip(*pairs, strict=True))
            spread = statistics.pstdev(second - first for first, second in pairs)
            name = f"{cell[0]}, {cell[1]} kB, {'stream of 50' if cell[2] else 'plain'}"
            sys.stdout.write(f"| {name} | {alone:.2f} | {tapped - alone:+.2f} | {spread:.2f} |\n")
            sys.stdout.flush()
        server.terminate()
        server.wait()
    return None


if __name__ == "__main__":
    main()
