"""Who turns ended calls into spans? A background thread, so that parsing and hashing cost the caller nothing."""

import contextlib
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from otel_burn import names
from otel_burn.attempts import Attempts
from otel_burn.calls import Call, in_event_loop
from otel_burn.firewall import guarded
from otel_burn.spans import describe

_MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Request bodies that wait to be read at most; beyond it the caller's own thread does the work (back-pressure)."""


_HAND_OVER_SECONDS: Final = 0.005
"""A call with a large context is recorded in 2 ms."""


class Recorder:
    """Records ended calls as spans of *tracer*, which is made when the first call has ended."""

    def __init__(
        self, make_tracer: Callable[[], Any], *, run_id: str | None, providers: Mapping[str, str]
    ) -> None:
        self._make_tracer = make_tracer
        self._tracer: Any = None
        self._run_id = run_id
        self._providers = providers
        self._attempts = Attempts()
        self._waiting: queue.SimpleQueue[Call | Callable[[], object]] = queue.SimpleQueue()
        self._waiting_bytes = 0
        self._counting = threading.RLock()
        self._one_at_a_time = threading.RLock()
        self._thread: threading.Thread | None = None
        # Re-entrant: the garbage collector may end a dropped stream in the middle of this class.
        self._starting = threading.RLock()

    def warm_up(self) -> None:
        """Make the tracer while the first call is under way, so that its span is spooled at once when it ends."""
        if self._thread is None:
            self.defer(self._ensure_tracer)

    def submit(self, call: Call) -> None:
        """Take over an ended *call*. Never blocks, unless far too much waits already."""
        if self._waiting_bytes > _MOST_WAITING_BYTES and not call.collected:
            self._record(call)
            return
        self._count(len(call.request_body))
        self.defer(call)
        if call.collected:
            return
        if self._thread is None:
            self._work_off()  # no thread can be started (any more)
        self._let_it_work()

    def _let_it_work(self) -> None:
        """Give the thread the interpreter until it has recorded what waits, for a few milliseconds at most.

        A program that ends without its own exit (`os._exit`, a worker that is terminated) would else take the call
        along. The thread would want the interpreter in the next milliseconds anyway; an event loop is not kept waiting.
        """
        if in_event_loop():
            time.sleep(0)
        else:
            self.flush(_HAND_OVER_SECONDS)

    def defer(self, work: Call | Callable[[], object]) -> None:
        """Do *work* in the background, in the order of arrival."""
        self._waiting.put(work)
        if self._thread is None and not sys.is_finalizing():  # a thread would never come to start then
            self._start()

    def flush(self, timeout: float) -> bool:
        """Whether everything that was submitted before is recorded, within *timeout* seconds."""
        if self._thread is None:
            self._work_off()
            return True
        done = threading.Event()
        self._waiting.put(done.set)
        return done.wait(timeout)

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                thread = threading.Thread(target=self._work, name="otel-burn-recorder", daemon=True)
                with contextlib.suppress(RuntimeError):  # "can't start new thread"
                    thread.start()
                    self._thread = thread

    def _work(self) -> None:
        while True:
            self._do(self._waiting.get())

    def _work_off(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._do(self._waiting.get_nowait())

    def _do(self, item: Call | Callable[[], object]) -> None:
        if isinstance(item, Call):
            self._record(item)
            self._count(-len(item.request_body))
        else:
            guarded(item)()

    def _count(self, waiting_bytes: int) -> None:
        with self._counting:
            self._waiting_bytes += waiting_bytes

    @guarded
    def _record(self, call: Call) -> None:
        with self._one_at_a_time:
            call_id, number = self._attempts.number(call)
            described = describe(call, call_id=call_id, number=number, providers=self._providers)
            if described is None:
                return  # the path looked like an LLM call, the body does not
            if self._run_id:
                described.attributes[names.RUN_ID] = self._run_id
            _emit(self._ensure_tracer(), call, described)

    def _ensure_tracer(self) -> Any:
        if self._tracer is None:
            self._tracer = self._make_tracer()
        return self._tracer


def _emit(tracer: Any, call: Call, described: Any) -> None:
    # OpenTelemetry is imported here, off the caller's path and only where an LLM was called.
    from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415

    span = tracer.start_span(
        described.name,
        context=_parent(call),
        kind=SpanKind.CLIENT,
        attributes=described.attributes,
        start_time=call.started_ns,
    )
    if described.failed:
        span.set_status(Status(StatusCode.ERROR))
    span.end(call.ended_ns)


def _parent(call: Call) -> Any:
    """The context of the span that made *call*: what the SDK sent along, else what was current."""
    from opentelemetry.context import Context  # noqa: PLC0415
    from opentelemetry.trace import NonRecordingSpan, set_span_in_context  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    if call.traceparent:
        return TraceContextTextMapPropagator().extract({"traceparent": call.traceparent}, Context())
    if call.parent is not None:
        return set_span_in_context(NonRecordingSpan(call.parent), Context())
    return Context()
