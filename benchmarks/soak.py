"""Does otel-burn lose a span or leak memory over 100,000 calls? Run: python benchmarks/soak.py

Threads and asyncio tasks hold conversations with the provider of benchmarks/provider.py, which runs in another process:
plain and streamed, mostly through bare httpx2, some through the OpenAI and Anthropic SDKs. One stream in 50 is
abandoned (left half read, cancelled by a deadline), and some calls fail (429, 500, connection cut in the middle). At
the end the spans at the sink (a third process) are held against what the provider itself counted, conversation by
conversation, and the memory after the first fifth of the calls must be flat. Exits 1 where a span is missing or
doubled, where the usage of a whole answer is not exact, or where memory grows. Needs otel-burn[demo,collector].
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic
import httpx2
import openai

TURNS = 20
"""Calls of a conversation; each sends all turns before it."""
THREADS, TASKS = 3, 6
MOST_GROWTH = 8 * 2**20
"""Bytes of memory, over the calls after the first fifth: 100 bytes a call of 100,000, where a leaked call has 1,000."""
WARM_UP = 0.2
PATHS = ("/v1/chat/completions", "/v1/messages")
FATES = {"429": 0.01, "500": 0.01, "cut": 0.01}
"""Shares of the calls that fail."""
ABANDONED = {"left": 0.015, "late": 0.005}
"""Shares of the streams that are left after three pieces, or cancelled by a deadline (in tasks; left in threads)."""
DEADLINE = 0.01
"""Seconds of reading after which a stream is cancelled; the provider takes longer for a `long` one."""
SDK = 0.1
"""Share of the calls that go through an SDK."""
PLANNED = (
    httpx2.HTTPError,
    openai.OpenAIError,
    anthropic.AnthropicError,
    TimeoutError,
)
"""How a planned failure looks to the caller."""


@dataclass(frozen=True)
class Plan:
    """What one call is to be."""

    path: str
    sdk: bool
    stream: bool
    fate: str
    """One of `FATES`, for a stream of `ABANDONED`, or "" for a whole answer."""

    @property
    def abandoned(self) -> bool:
        """Whether the stream is not to be read to its end."""
        return self.fate in ABANDONED

    def headers(self, conversation: int) -> dict[str, str]:
        """What tells the provider what to do, and as what to count it."""
        return {"x-fate": "long" if self.abandoned else self.fate, "x-count-as": f"c{conversation}"}


def plan(number: int) -> Plan:
    """The call with this *number*, the same in each run."""
    draw = random.Random(number)
    stream = draw.random() < 0.5
    fates = (ABANDONED if stream else {}) | FATES
    fate = draw.choices([*fates, ""], [*fates.values(), 1 - sum(fates.values())])[0]
    return Plan(draw.choice(PATHS), draw.random() < SDK, stream, fate)


def turn(number: int) -> list[dict[str, str]]:
    """A question and the answer to the one before."""
    words = random.Random(number).choices(
        ("read", "the", "log", "again", "and", "say", "what", "failed"), k=80
    )
    said = {"role": "assistant", "content": f"Turn {number}."}
    return [said, {"role": "user", "content": f"{number} {' '.join(words)}"}]


def body(planned: Plan, messages: list[dict[str, str]]) -> dict[str, Any]:
    """The request."""
    asked: dict[str, Any] = {"messages": messages, "stream": planned.stream}
    if planned.path == PATHS[1]:
        return asked | {"model": "claude-opus-4-8", "max_tokens": 1024}
    return (
        asked | {"model": "gpt-5"} | ({"stream_options": {"include_usage": True}} if planned.stream else {})
    )


class Soak:
    """The clients, and how far the calls have come."""

    def __init__(self, provider: str, calls: int, tapped: bool) -> None:
        self._provider = provider
        self._tapped = tapped
        self.conversations = calls // TURNS
        self.finished = 0
        self.clean = 0
        """Whole answers, whose usage must be exact."""
        self.unplanned: Counter[str] = Counter()
        self._lock = threading.Lock()
        options: Any = {"api_key": "k", "max_retries": 0}
        self._http = httpx2.Client(base_url=provider)
        self._openai = openai.OpenAI(base_url=f"{provider}/v1", **options)
        self._anthropic = anthropic.Anthropic(base_url=provider, **options)

    def ended(self, planned: Plan, error: Exception | None, *, in_time: bool = False) -> None:
        """One call is over; *in_time* where a deadline may be met, and the answer be whole all the same."""
        with self._lock:
            self.finished += 1
            self.clean += error is None and (planned.fate == "" or (in_time and planned.fate == "late"))
            if error is not None and not (planned.fate and isinstance(error, PLANNED)):
                self.unplanned[f"{type(error).__name__}: {str(error)[:100]}"] += 1

    def session(self, name: str) -> Any:
        """The label that tells conversations apart at the sink."""
        if not self._tapped:
            return contextlib.nullcontext()
        import otel_burn

        return otel_burn.session(name)

    def in_thread(self, first: int) -> None:
        """Hold every conversation of one thread."""
        for number in range(first, self.conversations, 2 * THREADS):
            messages = [{"role": "user", "content": f"Conversation {number}"}]
            for call in range(number * TURNS, (number + 1) * TURNS):
                planned = plan(call)
                error: Exception | None = None
                try:
                    with self.session(f"c{number}"):
                        self._ask(planned, messages, planned.headers(number))
                except Exception as raised:  # noqa: BLE001 - counted
                    error = raised
                self.ended(planned, error)
                messages += turn(call)

    def _ask(self, planned: Plan, messages: list[dict[str, str]], headers: dict[str, str]) -> None:
        asked = body(planned, messages)
        if planned.sdk:
            create: Any = (
                self._openai.chat.completions.create
                if planned.path == PATHS[0]
                else self._anthropic.messages.create
            )
            answer = create(**asked, extra_headers=headers)
            if planned.stream:
                for _ in itertools.islice(answer, 3 if planned.abandoned else None):
                    pass  # an abandoned one is dropped without a word, as users do
        elif planned.stream:
            with self._http.stream("POST", planned.path, json=asked, headers=headers) as response:
                response.raise_for_status()
                for _ in itertools.islice(response.iter_lines(), 3 if planned.abandoned else None):
                    pass
        else:
            self._http.post(planned.path, json=asked, headers=headers).raise_for_status()

    async def in_tasks(self) -> None:
        """Hold every conversation of the event loop."""
        options: Any = {"api_key": "k", "max_retries": 0}
        async with (
            httpx2.AsyncClient(base_url=self._provider) as http,
            openai.AsyncOpenAI(base_url=f"{self._provider}/v1", **options) as chat,
            anthropic.AsyncAnthropic(base_url=self._provider, **options) as claude,
        ):
            clients = (http, chat, claude)
            await asyncio.gather(*(self._in_task(1 + 2 * i, clients) for i in range(TASKS)))

    async def _in_task(self, first: int, clients: Any) -> None:
        for number in range(first, self.conversations, 2 * TASKS):
            messages = [{"role": "user", "content": f"Conversation {number}"}]
            for call in range(number * TURNS, (number + 1) * TURNS):
                planned = plan(call)
                error: Exception | None = None
                try:
                    with self.session(f"c{number}"):
                        await _ask_async(planned, messages, planned.headers(number), clients)
                except Exception as raised:  # noqa: BLE001 - counted
                    error = raised
                self.ended(planned, error, in_time=True)
                messages += turn(call)


async def _ask_async(
    planned: Plan, messages: list[dict[str, str]], headers: dict[str, str], clients: Any
) -> None:
    http, chat, claude = clients
    asked = body(planned, messages)
    if planned.sdk:
        create = chat.chat.completions.create if planned.path == PATHS[0] else claude.messages.create
        answer = await create(**asked, extra_headers=headers)
        if planned.stream:
            await _read(answer, planned)
    elif planned.stream:
        async with http.stream("POST", planned.path, json=asked, headers=headers) as response:
            response.raise_for_status()
            await _read(response.aiter_lines(), planned)
    else:
        (await http.post(planned.path, json=asked, headers=headers)).raise_for_status()


async def _read(items: Any, planned: Plan) -> None:
    number = 0
    async with asyncio.timeout(DEADLINE if planned.fate == "late" else None):
        async for _ in items:
            number += 1
            if planned.fate == "left" and number == 3:
                return


class Watch:
    """Memory and CPU over the calls, and the sum of what has arrived at the sink."""

    def __init__(self, soak: Soak, sink: str) -> None:
        self._soak = soak
        self._sink = sink
        self.memory: list[tuple[int, int]] = []
        """Calls so far and resident bytes, twice a second."""
        self.arrived: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self._stop = threading.Event()
        self._before: tracemalloc.Snapshot | None = None
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def fold(self) -> None:
        """Fetch what the sink got since the last time."""
        told = _get(f"{self._sink}/soak")
        self.arrived.update(told["labels"])
        self.statuses.update(told["statuses"])

    def _work(self) -> None:
        warm = self._soak.conversations * TURNS * WARM_UP
        for look in itertools.count():
            if self._stop.wait(0.5):
                return
            self.memory.append((self._soak.finished, resident()))
            if look % 4 == 0:
                self.fold()
            if tracemalloc.is_tracing() and self._before is None and self._soak.finished > warm:
                self._before = tracemalloc.take_snapshot()

    def grown(self) -> list[str]:
        """The lines of code that hold more than after the warm-up, where tracemalloc runs."""
        if self._before is None:
            return []
        return [str(each) for each in tracemalloc.take_snapshot().compare_to(self._before, "lineno")[:10]]


def resident() -> int:
    """The resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def growth(memory: list[tuple[int, int]], calls: int) -> float:
    """Bytes a call after the warm-up, by least squares."""
    warm = [(done, size) for done, size in memory if WARM_UP * calls <= done < calls]
    if len({done for done, _ in warm}) < 2:
        return float("nan")
    return statistics.linear_regression(*zip(*warm, strict=True)).slope


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The address of a provider or sink in another process."""
    command = [sys.executable, str(Path(__file__).with_name("provider.py"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def run(soak: Soak) -> None:
    """Make all calls: even conversations in threads, odd ones in tasks."""
    threads = [threading.Thread(target=soak.in_thread, args=(2 * i,)) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    asyncio.run(soak.in_tasks())
    for thread in threads:
        thread.join()


def wait_for_spans(watch: Watch, expected: int, seconds: float) -> None:
    """Wait until as many spans arrived, or nothing has for *seconds*."""
    deadline = time.monotonic() + seconds
    while watch.arrived.total() < expected and time.monotonic() < deadline:
        before = watch.arrived.total()
        time.sleep(0.5)
        watch.fold()
        if watch.arrived.total() > before:
            deadline = time.monotonic() + seconds


def report(soak: Soak, watch: Watch, served: Counter[str], tapped: bool, seconds: float, cpu: float) -> bool:
    """Print what happened; whether all is well."""
    calls = served.total()
    slope = growth(watch.memory, calls)
    sizes = [size / 2**20 for done, size in watch.memory if done >= WARM_UP * calls]
    flat = slope * (1 - WARM_UP) * calls <= MOST_GROWTH
    missing, doubled = served - watch.arrived, watch.arrived - served
    exact = watch.statuses["exact"]
    rows = {
        "calls": f"{calls:,} in {soak.conversations:,} conversations; {soak.clean:,} whole answers",
        "time": f"{seconds:.0f} s, {cpu:.0f} s of CPU, {cpu / calls * 1000:.2f} ms a call",
        "memory": f"{min(sizes):.0f} to {max(sizes):.0f} MB after the warm-up, {slope:+.0f} bytes a call"
        f" ({'flat' if flat else 'GROWS'})",
        "unplanned errors": dict(soak.unplanned) or "none",
    }
    if tapped:
        rows["spans"] = (
            f"{watch.arrived.total():,}; missing {missing.total()}, doubled {doubled.total()}; "
            f"usage {dict(watch.statuses)}, exact should be {soak.clean:,}"
        )
    sys.stdout.writelines(f"{name}: {value}\n" for name, value in rows.items())
    sys.stdout.writelines(f"  {line}\n" for line in watch.grown())
    whole = not tapped or (not missing and not doubled and exact == soak.clean)
    return whole and flat and not soak.unplanned


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--bare", action="store_true", help="without otel-burn, to compare CPU and memory")
    parser.add_argument("--tracemalloc", action="store_true", help="name the lines that hold more (slow)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, server() as provider, server() as sink:
        os.environ |= {
            "OTEL_BURN_HOME": home,
            "OTEL_BURN_ENDPOINT": f"{sink}/soak",
            "ANTHROPIC_OPEN_TELEMETRY": "false",
        }
        if options.tracemalloc:
            tracemalloc.start()
        if not options.bare:
            import otel_burn

            otel_burn.instrument()
        soak = Soak(provider, options.calls, tapped=not options.bare)
        watch = Watch(soak, sink)
        clock, cpu = time.perf_counter(), time.process_time()
        run(soak)
        served = Counter(_get(f"{provider}/counted"))
        watch.stop()
        if not options.bare:
            wait_for_spans(watch, served.total(), 10)
            otel_burn.uninstrument()
            watch.fold()
        seconds, cpu = time.perf_counter() - clock, time.process_time() - cpu
        return 0 if report(soak, watch, served, not options.bare, seconds, cpu) else 1


if __name__ == "__main__":
    sys.exit(main())
