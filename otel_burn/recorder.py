"""Who turns ended calls into spans? A background thread, so that parsing and hashing cost the caller nothing."""

import contextlib
import queue
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

from otel_burn import names
from otel_burn.attempts import FETCH, Attempts
from otel_burn.calls import Call, in_event_loop
from otel_burn.contexts import Contexts
from otel_burn.exchange import Response
from otel_burn.firewall import guarded
from otel_burn.reading import Reading
from otel_burn.spans import UNBILLED, Description, describe

_MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
"""Bytes of bodies that wait to be read at most; beyond it the caller waits for the thread (back-pressure)."""
_CATCH_UP_SECONDS: Final = 10.0
_HAND_OVER_SECONDS: Final = 0.002
"""A call is recorded in 0.2 to 0.5 ms where the machine is not busy."""
_FIRST_SECONDS: Final = 0.5
"""How long the first call waits at most for what records it to be imported, which began when the call did: a call that
takes as long as a model's answer never does."""
_RUSH_CALLS, _RUSH_NS = 16, 200_000_000
"""So many calls in so many nanoseconds are a rush."""
_GATHER_SECONDS: Final = 0.01
"""How long calls are gathered in a rush: read one behind the other, each costs half of what it costs between two calls
of the program, as nothing has to be fetched into the processor's caches anew, and no thread waits for another."""

_Work = Call | Callable[[], object] | tuple[Call, list[bytes]]
Emit = Callable[[Call, Description], None]


class Recorder:
    """Records ended calls by *make_emit*'s result, which is made when the first call begins."""

    def __init__(
        self,
        make_emit: Callable[[], Emit],
        *,
        run_id: str | None,
        providers: Mapping[str, str],
        deltas: bool,
        on_record: Callable[[Call, Mapping[str, Any]], object] = lambda _call, _attributes: None,
    ) -> None:
        self._make_emit = make_emit
        self._emit: Emit | None = None
        self._run_id = run_id
        self._on_record = on_record
        self._providers = providers
        self._attempts = Attempts()
        self._contexts = Contexts(deltas=deltas)
        self._waiting: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        """None ends the thread."""
        self._ends: deque[int] = deque(maxlen=_RUSH_CALLS)
        """When the last calls ended."""
        self._rush = False
        self._waiting_bytes = 0
        self._counting = threading.RLock()
        self._thread: threading.Thread | None = None
        # Re-entrant: the garbage collector may end a dropped stream in the middle of this class.
        self._starting = threading.RLock()
        self._working = threading.RLock()

    def warm_up(self) -> None:
        """Make ready while the first call is under way, so that its span is spooled at once when it ends."""
        if self._thread is None:
            self.defer(self._ensure_emit)

    def progress(self, call: Call) -> None:
        """Take over what has arrived of the answer to *call*, which goes on."""
        chunks = call.take()
        self._count(sum(map(len, chunks)))
        self.defer((call, chunks))
        self._keep_pace(call)

    def submit(self, call: Call) -> None:
        """Take over an ended *call*. Never blocks, unless far too much waits already."""
        self._count(len(call.request_body))
        self._ends.append(call.ended_ns)
        self._rush = len(self._ends) == _RUSH_CALLS and call.ended_ns - self._ends[0] < _RUSH_NS
        self.defer(call)
        if call.collected:
            return
        if self._thread is None:
            self._work_off()  # no thread can be started (any more)
        self._keep_pace(call)
        if not self._rush:
            self._let_it_work()

    def _keep_pace(self, call: Call) -> None:
        if self._waiting_bytes > _MOST_WAITING_BYTES and not call.collected:
            self.flush(_CATCH_UP_SECONDS)

    def _let_it_work(self) -> None:
        """Give the thread the interpreter until it has recorded what waits, for a few milliseconds at most.

        A program that ends without its own exit (`os._exit`, a worker that is terminated) would else take the call
        along. The thread would want the interpreter in the next milliseconds anyway; an event loop is not kept waiting.
        """
        if in_event_loop():
            time.sleep(0)
        else:
            self.flush(_FIRST_SECONDS if self._emit is None else _HAND_OVER_SECONDS)

    def defer(self, work: _Work) -> None:
        """Do *work* in the background, in the order of arrival."""
        self._waiting.put(work)
        if self._thread is None and not sys.is_finalizing():  # a thread would never come to start then
            self._start()

    def relist(self) -> None:
        """A span was lost: list contexts fully again, as they can't build on it. From any thread."""
        with self._working:
            self._contexts.relist()

    def flush(self, timeout: float) -> bool:
        """Whether everything that was submitted before is recorded, within *timeout* seconds."""
        if self._thread is None:
            self._work_off()
            return True
        done = threading.Lock()  # an Event is made of one, and of much more
        done.acquire()
        self._waiting.put(done.release)
        return done.acquire(timeout=timeout)

    def rest(self, timeout: float) -> None:
        """End the thread once it has recorded what waits, within *timeout* seconds; a later call starts another."""
        if (thread := self._thread) is not None:
            self._waiting.put(None)
            if thread is not threading.current_thread():
                thread.join(timeout)

    def _start(self) -> None:
        # Made before the question whether there is one: the garbage collector may come back here meanwhile.
        thread = threading.Thread(target=self._work, name="otel-burn-recorder", daemon=True)
        with self._starting:
            if self._thread is None:
                # Set before it starts: greenlets, who switch there, pass each other's locks.
                self._thread = thread
                self._waiting = _usable(self._waiting)
                try:
                    thread.start()
                except RuntimeError:  # "can't start new thread"
                    self._thread = None

    def _work(self) -> None:
        try:
            while (item := self._waiting.get()) is not None:
                self._do(item)
                if self._rush and self._waiting.empty():
                    time.sleep(_GATHER_SECONDS)
        finally:  # maybe ended from outside, such as a greenlet that is killed
            self._thread = None
            if not self._waiting.empty():
                self._start()

    def _work_off(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                if (item := self._waiting.get_nowait()) is not None:
                    self._do(item)

    def _do(self, item: _Work) -> None:
        with self._working:
            if isinstance(item, Call):
                self._record(item)
                item.reading = None  # a program may keep its responses, and they their call
                self._count(-len(item.request_body))
            elif isinstance(item, tuple):
                self._read(*item)
                self._count(-sum(map(len, item[1])))
            else:
                guarded(item)()

    def _count(self, waiting_bytes: int) -> None:
        with self._counting:
            self._waiting_bytes += waiting_bytes

    @guarded
    def _read(self, call: Call, chunks: list[bytes]) -> Reading:
        if call.reading is None:
            call.reading = Reading(call, self._contexts.known(call.request_body))
        reading: Reading = call.reading
        reading.feed(chunks)
        return reading

    @guarded
    def _record(self, call: Call) -> None:
        reading = self._read(call, call.take())
        if reading is None or reading.format is None:
            return  # the path looked like an LLM call, the body does not
        response = reading.response()
        if reading.format.operation == FETCH:
            if response == Response() and call.status < 400 and call.error is None:
                return  # a file that holds no responses
            response = self._attempts.uncounted(response)
        call_id, number = self._attempts.number(call, response)
        context = self._contexts.read(reading.format, reading.asked, reading.known)
        try:
            for described in describe(
                call, reading, response, context, call_id=call_id, number=number, providers=self._providers
            ):
                self._emit_one(call, described)
        except Exception:  # such as a full disk
            self.relist()
            raise

    def _emit_one(self, call: Call, described: Description) -> None:
        if self._run_id:
            described.attributes[names.RUN_ID] = self._run_id
        self._ensure_emit()(call, described)
        if described.attributes.get(names.OPERATION_NAME) not in UNBILLED:
            self._on_record(call, described.attributes)

    def _ensure_emit(self) -> Emit:
        if self._emit is None:
            self._emit = self._make_emit()
        return self._emit


def _usable(waiting: queue.SimpleQueue[_Work | None]) -> queue.SimpleQueue[_Work | None]:
    """*waiting*; made anew where gevent has patched the library since: a greenlet would block all others in it."""
    if type(waiting) is queue.SimpleQueue:
        return waiting
    usable: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
    with contextlib.suppress(queue.Empty):
        while True:
            usable.put(waiting.get_nowait())
    return usable
