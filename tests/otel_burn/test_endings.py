"""Is every call recorded once, however its stream, its process or its fork ends?"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from otel_burn.spool import drain

START = """
import os, sys, threading, time
import httpx2
import otel_burn

client = httpx2.Client()

def ask(stream=False):
    asked = {"model": "m", "messages": [], "stream": stream}
    request = client.build_request("POST", os.environ["PROVIDER"] + "/v1/chat/completions", json=asked)
    return client.send(request, stream=stream)

otel_burn.instrument()
"""
STREAM = [b'data: {"id": "1", "choices": []}\n\n', b"data: [DONE]\n\n"]


def run(program: str, server: Any, **environment: str) -> list[Any]:
    """Every span of *program*, which ends by itself, without a word, and leaves nothing unread in the spool."""
    done = subprocess.run(
        [sys.executable, "-c", START + textwrap.dedent(program)],
        env={**os.environ, "PROVIDER": server.url, "OTEL_BURN_ENDPOINT": server.url, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")

    def keep(record: bytes) -> None:
        server.requests.append(("/v1/traces", {}, record))

    drain(Path(os.environ["OTEL_BURN_HOME"]) / "spool", keep)
    spans: list[Any] = server.received_spans()
    return spans


@pytest.mark.parametrize(
    "ending",
    [
        "opened = ask(stream=True)",
        "opened = ask(stream=True); lines = opened.iter_lines(); next(lines)",
        "threading.Thread(target=lambda: [ask(stream=True), time.sleep(60)], daemon=True).start(); time.sleep(0.3)",
    ],
)
def test_what_is_open_when_the_process_ends(server: Any, ending: str) -> None:
    """A stream that nobody closes before the end of the process is a call that was given up."""
    server.stream(STREAM)
    (span,) = run(ending, server)
    assert "stream_abandoned" in {a.value.string_value for a in span.attributes}


def test_a_stream_that_ends_after_uninstrumenting(server: Any, tmp_path: Path) -> None:
    """It is recorded, and not into the file that the program opened meanwhile."""
    server.stream(STREAM)
    server.stream(STREAM)
    theirs = tmp_path / "theirs"
    spans = run(
        f"""
        ask(stream=True).read()
        time.sleep(0.5)
        opened = ask(stream=True)
        otel_burn.uninstrument()
        theirs = open({str(theirs)!r}, "w+")
        theirs.write("words of the program")
        theirs.flush()
        opened.read()
        time.sleep(1)
        """,
        server,
    )
    assert theirs.read_bytes() == b"words of the program"
    assert len({span.span_id for span in spans}) == 2


@pytest.mark.parametrize("then", ["opened.read()", "pass", "otel_burn.instrument(); opened.read()"])
def test_a_program_that_ends_right_after_uninstrumenting(server: Any, then: str) -> None:
    """What began before is recorded before the program is gone, whether it was read to its end or not."""
    server.stream(STREAM)
    assert len(run(f"opened = ask(stream=True); otel_burn.uninstrument(); {then}", server)) == 1


def test_a_fork_in_the_middle_of_a_stream(server: Any) -> None:
    """The child ends, and the stream that it inherited is not its own call."""
    server.stream(STREAM)
    (span,) = run(
        """
        opened = ask(stream=True)
        child = os.fork()
        if not child:
            sys.exit(0)
        os.waitpid(child, 0)
        opened.read()
        """,
        server,
    )
    assert "stream_abandoned" not in {a.value.string_value for a in span.attributes}


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_a_worker_of_multiprocessing_that_ends_with_its_call(
    server: Any, tmp_path: Path, method: str
) -> None:
    """It leaves by `os._exit`, and its call arrives all the same."""
    (tmp_path / "worker.py").write_text(START + "def work(): ask()")
    spans = run(
        f"""
        import multiprocessing
        import worker
        context = multiprocessing.get_context({method!r})
        workers = [context.Process(target=worker.work) for _ in range(2)]
        for each in workers: each.start()
        for each in workers: each.join()
        """,
        server,
        PYTHONPATH=str(tmp_path),
    )
    assert len({span.span_id for span in spans}) == 2


@pytest.mark.parametrize(
    "circumstance",
    [
        "import tempfile; gone = tempfile.mkdtemp(); os.chdir(gone); os.rmdir(gone)",
        "threading.Thread.start = lambda _: (_ for _ in ()).throw(RuntimeError('no more threads'))",
        "import atexit; atexit.register(ask)",
    ],
    ids=["in a deleted folder", "without threads", "at exit"],
)
def test_calls_in_odd_circumstances(server: Any, circumstance: str) -> None:
    """A call is recorded in a folder that is gone, where no thread can be started, and at the very end."""
    assert len(run(f"{circumstance}\nask()", server)) == 1 + ("atexit" in circumstance)


@pytest.mark.parametrize(
    "end", ["time.sleep(1); os._exit(0)", "otel_burn.uninstrument(); os._exit(0)", "pass"]
)
def test_a_rush_of_calls(server: Any, end: str) -> None:
    """Calls that are gathered are recorded a moment later, and before the program or the instrumentation ends."""
    spans = run(f"for _ in range(40): ask()\n{end}", server)
    assert len({span.span_id for span in spans}) == 40


def test_a_first_call_that_is_the_last(server: Any) -> None:
    """It waits for what records it to be imported, so that a program which leaves at once does not take it along."""
    assert len(run("ask()\nos._exit(0)", server)) == 1


def test_calls_while_the_recorder_makes_ready(server: Any) -> None:
    """Calls of many threads while the first one still makes our thread import what it needs: none is missed."""
    spans = run(
        """
        threads = []
        for _ in range(10):
            threads.append(threading.Thread(target=ask))
            threads[-1].start()
            time.sleep(0.01)
        for thread in threads:
            thread.join()
        """,
        server,
    )
    assert len({span.span_id for span in spans}) == 10


def test_the_global_provider_stays_the_application_s_to_set(server: Any) -> None:
    """A call before the application sets its provider sets none, even where the environment names one."""
    run(
        """
        from opentelemetry import trace
        ask()
        from opentelemetry.sdk.trace import TracerProvider
        mine = TracerProvider()
        trace.set_tracer_provider(mine)
        assert trace.get_tracer_provider() is mine
        """,
        server,
        OTEL_PYTHON_TRACER_PROVIDER="sdk_tracer_provider",
    )
