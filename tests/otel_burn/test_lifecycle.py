"""Is a process instrumented once, whoever asks and how often, and left as it was?"""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import httpx2
import openai
import pytest
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.sdk.trace import TracerProvider

import otel_burn
from otel_burn import instrumentation
from otel_burn.calls import Call


def methods() -> list[Any]:
    """Every method that we patch and that is imported here."""
    return [
        httpx.Client.send,
        httpx.AsyncClient.send,
        httpx2.Client.send,
        httpx2.AsyncClient.send,
        threading.Thread.start,
        ThreadPoolExecutor.submit,
        W3CBaggagePropagator.inject,
    ]


def test_threads_that_instrument_at_once() -> None:
    """Twelve threads that instrument and uninstrument as they please leave every method as it was."""
    before = methods()
    barrier = threading.Barrier(12)

    def toggle() -> None:
        barrier.wait()
        for _ in range(10):
            otel_burn.instrument()
            otel_burn.uninstrument()

    threads = [threading.Thread(target=toggle) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert instrumentation.active() is None
    assert methods() == before


def test_threads_that_instrument_together_share_one() -> None:
    """Each method is patched once, however many threads ask for it at the same time."""
    before = methods()
    barrier = threading.Barrier(12)

    def instrument() -> None:
        barrier.wait()
        otel_burn.instrument()

    threads = [threading.Thread(target=instrument) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [method.__wrapped__ for method in methods()] == before
    otel_burn.uninstrument()
    assert methods() == before


def test_other_options_the_second_time_are_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warning names the option, where spans go all the same, and what to do; the same options again are fine."""
    monkeypatch.setattr(instrumentation, "_warned", [])
    first, second = TracerProvider(shutdown_on_exit=False), TracerProvider(shutdown_on_exit=False)
    otel_burn.instrument(tracer_provider=first)
    otel_burn.instrument(tracer_provider=first)
    otel_burn.instrument()
    assert not caplog.records
    otel_burn.instrument(tracer_provider=second)
    otel_burn.instrument(tracer_provider=second, meter_provider=object())
    otel_burn.uninstrument()
    (record,) = caplog.records
    said = record.getMessage()
    assert "tracer_provider of this instrument() is not used" in said
    assert "the tracer_provider of the first instrument()" in said
    assert "otel_burn.uninstrument()" in said


def test_no_thread_is_left(server: Any) -> None:
    """When `uninstrument` returns there is none, however often a program comes and goes, as test suites do."""
    for _ in range(5):
        otel_burn.instrument()
        server.say({})
        with openai.OpenAI(base_url=f"{server.url}/v1", max_retries=0) as client:
            client.chat.completions.create(model="m", messages=[])
        otel_burn.uninstrument()
        assert [one.name for one in threading.enumerate() if one.name.startswith("otel-burn")] == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_recorder_that_is_ended_from_outside(server: Any, spans: Any) -> None:
    """Such as a greenlet that is killed: the next call starts another."""
    active = instrumentation.active()
    assert active is not None

    def end() -> None:
        raise SystemExit

    for _ in range(3):
        server.say({})
        httpx2.post(f"{server.url}/v1/chat/completions", json={"messages": []})
        active._recorder.defer(end)
    assert len(spans()) == 3


def test_the_end_of_a_program_whose_threads_go_on(spans: Any) -> None:
    """Daemon threads begin and end calls while those that are open are ended."""
    active = instrumentation.active()
    assert active is not None
    over, before = threading.Event(), sys.getswitchinterval()

    def call() -> Call:
        return Call((), "h", None, "/", b"", 0, None, on_end=lambda _: None, on_progress=lambda _: None)

    def go_on() -> None:
        while not over.is_set():
            one = call()
            active._open[id(one)] = one
            active._open.pop(id(one))

    open_ones = [call() for _ in range(300)]
    for one in open_ones:
        active._begun(one)
    threads = [threading.Thread(target=go_on) for _ in range(4)]
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for _ in range(500):
            active.end_open_calls()
    finally:
        over.set()
        sys.setswitchinterval(before)
        for thread in threads:
            thread.join()
    assert all(one.ended_ns for one in open_ones)


LEAVE = """
import gc, os, threading
import httpx, otel_burn
gc.disable()
otel_burn.instrument()
with httpx.Client() as client:
    for number in range(3):
        client.post(os.environ["PROVIDER"] + "/v1/chat/completions", json={"model": "m", "messages": []})
otel_burn.uninstrument()
files = [os.readlink(f"/proc/self/fd/{number}") for number in map(int, os.listdir("/proc/self/fd")[:-1])]
print([name for name in files if name.startswith("socket:")], threading.active_count())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_no_socket_and_no_thread_is_left(server: Any) -> None:
    """Once uninstrumented, without waiting for the garbage collector."""
    addresses = {"PROVIDER": server.url, "OTEL_BURN_ENDPOINT": server.url}
    said = subprocess.run(
        [sys.executable, "-c", LEAVE], env=os.environ | addresses, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["[]", "1"], said.stderr
    assert len(server.received_spans()) == 3
