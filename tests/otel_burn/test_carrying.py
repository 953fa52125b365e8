"""Do labels and the current span reach threads and pools, and does nothing of us stay behind?"""

import asyncio
import contextvars
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import otel_burn
from otel_burn import carrying, labels

ANSWER = {"id": "1", "model": "m", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 1}}
TRACER = TracerProvider(shutdown_on_exit=False).get_tracer("app")


@pytest.fixture
def instrumented() -> Iterator[None]:
    """The instrumentation, put in."""
    otel_burn.instrument()
    yield
    otel_burn.uninstrument()


def here() -> str | None:
    """The session that a call made here would belong to."""
    return labels.current().get("gen_ai.conversation.id")


def in_thread(make: Callable[[Callable[[], None]], threading.Thread]) -> str | None:
    """The session in a thread that is started here."""
    found: list[str | None] = []
    thread = make(lambda: found.append(here()))
    thread.start()
    thread.join()
    assert "run" not in vars(thread)
    return found[0]


class OwnRun(threading.Thread):
    """A thread with a `run` of its own."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__()
        self.work = work

    def run(self) -> None:
        self.work()


THREADS = {
    "target": lambda work: threading.Thread(target=work),
    "subclass": OwnRun,
    "timer": lambda work: threading.Timer(0, work),
}


@pytest.mark.parametrize("kind", THREADS)
def test_threads(kind: str, instrumented: None) -> None:
    """A thread begins with the labels of where it was started, a generator's step included, and ends none of them."""

    def steps() -> Iterator[str | None]:
        with otel_burn.session("generator"):
            yield in_thread(THREADS[kind])

    assert in_thread(THREADS[kind]) is None
    with otel_burn.session("s1"):
        assert in_thread(THREADS[kind]) == "s1"
        assert list(steps()) == ["generator"]
        assert here() == "s1"
    otel_burn.uninstrument()
    with otel_burn.session("s2"):
        assert in_thread(THREADS[kind]) is None


def test_pools(instrumented: None) -> None:
    """Work in a pool has the labels of where it was submitted, whoever's work its threads have done before."""
    with ThreadPoolExecutor(1) as pool:
        with otel_burn.session("first"):
            assert pool.submit(here).result() == "first"
            assert list(pool.map(lambda _: here(), [1, 2])) == ["first"] * 2
        assert pool.submit(here).result() is None
        with otel_burn.session("second"):
            assert pool.submit(contextvars.copy_context().run, here).result() == "second"
        assert pool.submit(here).result() is None


def test_event_loops(instrumented: None) -> None:
    """`run_in_executor`, `to_thread` and tasks carry labels, in the loop's own pool too."""

    async def work() -> list[str | None]:
        loop = asyncio.get_running_loop()
        with otel_burn.session("s1"):
            found = [await loop.run_in_executor(None, here), await asyncio.to_thread(here)]
        return [*found, await loop.run_in_executor(None, here), await asyncio.to_thread(here)]

    assert asyncio.run(work()) == ["s1", "s1", None, None]


def test_a_pool_of_threads_made_for_a_session(instrumented: None) -> None:
    """The threads of multiprocessing's pool belong to the session that made them."""
    with otel_burn.session("s1"), ThreadPool(2) as pool:
        assert pool.map(lambda _: here(), range(3)) == ["s1"] * 3


def test_an_initializer_s_context_is_kept(instrumented: None) -> None:
    """What a pool's initializer set in its thread's context is there for the work."""
    variable = contextvars.ContextVar[str]("variable")
    with ThreadPoolExecutor(1, initializer=variable.set, initargs=("x",)) as pool, otel_burn.session("s1"):
        assert pool.submit(variable.get).result() == "x"


def test_the_parent_of_a_call_in_a_pool(spans: Callable[[], list[Any]]) -> None:
    """A call in a pool or thread hangs below the span that submitted it; the thread's own context stays untouched."""

    def call() -> bool:
        transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=ANSWER))
        with httpx2.Client(transport=transport) as client:
            client.post("http://llm/v1/chat/completions", json={"messages": []})
        return trace.get_current_span().get_span_context().is_valid

    with ThreadPoolExecutor(1) as pool:
        with TRACER.start_as_current_span("invoke_agent") as agent:
            assert not pool.submit(call).result()
            thread = threading.Thread(target=lambda: pool.submit(call).result())
            thread.start()
            thread.join()
        assert not pool.submit(call).result()
    below, from_thread, alone = spans()
    assert below.parent.span_id == from_thread.parent.span_id == agent.get_span_context().span_id
    assert alone.parent is None


def test_errors_pass_and_a_failed_start_leaves_nothing(instrumented: None) -> None:
    """The error of submitted work is the same one; a thread that can't be started is as it was."""
    error = KeyError("theirs")

    def fail() -> None:
        raise error

    with otel_burn.session("s1"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(fail).exception() is error
        assert traceback.extract_tb(error.__traceback__)[-1].name == "fail"
        thread = threading.Thread(target=here)
        thread.start()
        thread.join()
        with pytest.raises(RuntimeError, match="once"):
            thread.start()
        assert "run" not in vars(thread)


def test_nothing_stays_behind() -> None:
    """Taken out, the classes are as they were; put in twice, they are patched once; others' wrappers stay."""
    before = threading.Thread.start, ThreadPoolExecutor.submit
    otel_burn.instrument()
    otel_burn.instrument()
    assert threading.Thread.start is not before[0]
    assert threading.Thread.start.__name__ == "start"
    otel_burn.uninstrument()
    assert (threading.Thread.start, ThreadPoolExecutor.submit) == before

    otel_burn.instrument()
    ours = ThreadPoolExecutor.submit

    def theirs(self: Executor, *args: Any, **kwargs: Any) -> Any:
        return ours(self, *args, **kwargs)

    ThreadPoolExecutor.submit = theirs
    try:
        otel_burn.uninstrument()
        assert ThreadPoolExecutor.submit is theirs
        with otel_burn.session("s1"), ThreadPoolExecutor(1) as pool:
            assert pool.submit(here).result() is None
    finally:
        ThreadPoolExecutor.submit = before[1]


def test_a_pool_that_is_imported_later() -> None:
    """The patch of pools waits for their import, and imports nothing itself."""
    program = """
import sys, otel_burn
otel_burn.instrument()
assert "concurrent.futures.thread" not in sys.modules
from concurrent.futures import ThreadPoolExecutor
from otel_burn import labels
with otel_burn.session("s1"), ThreadPoolExecutor(1) as pool:
    print(pool.submit(lambda: dict(labels.current())).result())
otel_burn.uninstrument()
assert not hasattr(ThreadPoolExecutor.submit, "__wrapped__")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "{'gen_ai.conversation.id': 's1'}\n", done.stderr


def test_pools_of_processes() -> None:
    """Work in another process is labelled too, and a worker forked within a session does others' work as theirs."""
    program = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
import otel_burn
from otel_burn import carrying, labels

def here():
    parent = carrying.current_parent()
    return labels.current().get("gen_ai.conversation.id"), parent and parent.span_id

def steps(pool):
    with otel_burn.session("generator"):
        yield pool.submit(here).result()

if __name__ == "__main__":
    otel_burn.instrument()
    tracer = TracerProvider().get_tracer("app")
    for method in sys.argv[1:]:
        with ProcessPoolExecutor(1, multiprocessing.get_context(method)) as pool:
            found = list(steps(pool))
            with otel_burn.session("s1"), tracer.start_as_current_span("agent") as span:
                session, parent = pool.submit(here).result()
            assert parent == span.get_span_context().span_id
            print(method, found, session, pool.submit(here).result())
"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(program)
        command = [sys.executable, "-W", "ignore", path, "fork", "spawn"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    expected = "[('generator', None)] s1 (None, None)"
    assert done.stdout == f"fork {expected}\nspawn {expected}\n", done.stderr


def test_without_labels_or_spans_work_is_passed_as_it_is(instrumented: None) -> None:
    """Where there is nothing to carry, nothing of ours is on the stack of a pool's work."""

    def ours() -> list[str]:
        return [entry.filename for entry in traceback.extract_stack() if "carrying.py" in entry.filename]

    with ThreadPoolExecutor(1) as pool:
        assert [name for name in pool.submit(ours).result() if "test_" not in name] == []
    assert carrying.current_parent() is None
