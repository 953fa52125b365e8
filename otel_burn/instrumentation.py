"""How is this process instrumented, and how is it left as it was?"""

import atexit
import logging
import os
import sys
import threading
import weakref
from typing import Any, Final

from otel_burn import manifest, names, process_note, settings
from otel_burn.baggage import Baggage
from otel_burn.calls import Call
from otel_burn.carrying import Carrying
from otel_burn.firewall import guarded
from otel_burn.locations import without_secrets
from otel_burn.metrics import Metrics
from otel_burn.recorder import Recorder
from otel_burn.settings import Settings
from otel_burn.taps import Taps
from otel_burn.taps.asked_usage import AskedUsage
from otel_burn.taps.observer import INSIDE, Observer
from otel_burn.watching import Watching

_LOG: Final = logging.getLogger("otel_burn")

_EXIT_SECONDS = 3.0
"""How long the end of a program waits for spans to be recorded, and again for a collector that answers."""


class Instrumentation:
    """Everything that is active in this process: taps, recorder and, unless a provider is given, our pipeline."""

    def __init__(self, chosen: Settings, tracer_provider: Any = None, meter_provider: Any = None) -> None:
        self.settings = chosen
        self.metrics = Metrics(meter_provider)
        self.tracer_provider = tracer_provider
        self._forwarded: Any = None
        self._pipeline: Any = None
        self._pipeline_lock = threading.Lock()
        self._open: weakref.WeakValueDictionary[int, Call] = weakref.WeakValueDictionary()
        self._recorder = self._new_recorder()
        self.observer = Observer(
            self._ended,
            on_progress=self._progressed,
            asked_usage=AskedUsage(chosen.providers, enabled=chosen.include_usage),
            on_begin=self._begun,
            on_first_request=self._note,
        )
        self.taps = Taps(self.observer)
        self.carrying = Carrying()
        self.baggage = Baggage(chosen.baggage, INSIDE.get)
        self.watching = Watching(chosen.providers)

    def start(self) -> None:
        """Put the taps in, and what carries labels into threads and to other services."""
        manifest.keep_content(self.settings.capture_content)
        self.taps.put_in()
        self.carrying.put_in()
        self.baggage.put_in()
        self.watching.put_in()

    @guarded
    def end_open_calls(self) -> None:
        """Record what is under way as given up: the process ends, and nobody will end it any more."""
        for reference in self._open.valuerefs():  # in one step: other threads begin and end calls meanwhile
            if (call := reference()) is not None:
                call.ended()

    @guarded
    def stop(self) -> None:
        """Take the taps out, record and deliver what has ended."""
        self.observer.active = False
        self._note(ended=True)
        self.carrying.take_out()
        self.baggage.take_out()
        self.watching.take_out()
        self.taps.take_out()
        self._recorder.flush(_EXIT_SECONDS)
        self._recorder.rest(_EXIT_SECONDS)
        if self._pipeline is not None:
            self._pipeline.stop(_EXIT_SECONDS)
            self._pipeline = None
        manifest.keep_content(False)

    def flush(self, timeout: float = _EXIT_SECONDS) -> bool:
        """Whether every ended call is recorded, within *timeout* seconds."""
        return self._recorder.flush(timeout)

    def after_fork(self) -> None:
        """In a forked child: threads and the parent's spool are gone, begin anew."""
        if self._pipeline is not None:
            self._pipeline.forget()
        self._pipeline = None
        self._pipeline_lock = threading.Lock()
        self._open = weakref.WeakValueDictionary()
        self._recorder = self._new_recorder()
        self.observer.forget()

    @guarded
    def _begun(self, call: Call) -> None:
        self._open[id(call)] = call
        self._recorder.warm_up()
        self._forward_structure()

    def _new_recorder(self) -> Recorder:
        # A provider that was given may sample: what a later span would build on might be missing.
        deltas = self.tracer_provider is None and not self.settings.capture_content
        return Recorder(
            self._emitter,
            run_id=self.settings.run_id,
            providers=self.settings.providers,
            deltas=deltas,
            on_record=self.metrics.record_call,
        )

    @guarded
    def _ended(self, call: Call) -> None:
        self._open.pop(id(call), None)
        if call.process == os.getpid():
            self._recorder.submit(call)

    @guarded
    def _progressed(self, call: Call) -> None:
        if call.process == os.getpid():
            self._recorder.progress(call)

    def _emitter(self) -> Any:
        if self.tracer_provider is not None:
            from importlib.metadata import version  # noqa: PLC0415

            from otel_burn.emission import emit  # noqa: PLC0415

            tracer = self.tracer_provider.get_tracer(names.SCOPE, version("otel-burn"))
            return lambda call, described: emit(tracer, call, described)
        return self._own_pipeline().emit

    def _own_pipeline(self) -> Any:
        # Imported here: a program that never calls an LLM never pays for it.
        from otel_burn.pipeline import Pipeline  # noqa: PLC0415

        with self._pipeline_lock:
            if self._pipeline is None:
                self._pipeline = Pipeline(self.settings, self._recorder.relist)
            return self._pipeline

    @guarded
    def _forward_structure(self) -> None:
        """Send the application's own spans along once it has an SDK provider, for the structure around calls."""
        trace = sys.modules.get("opentelemetry.trace")
        if trace is None or self.tracer_provider is not None:
            return
        # Not get_tracer_provider(): it sets one where there is none and OTEL_PYTHON_TRACER_PROVIDER names one.
        provider = getattr(trace, "_TRACER_PROVIDER", None)
        if provider is self._forwarded or not hasattr(provider, "add_span_processor"):
            return
        self._forwarded = provider
        from otel_burn.structure import forward  # noqa: PLC0415 - the SDK is there already

        forward(provider, self._carry_structure)

    @guarded
    def _carry_structure(self, span: Any) -> None:
        from otel_burn.structure import structure_of  # noqa: PLC0415 - the SDK is there already

        if self.observer.active:
            self._recorder.defer(
                lambda: self._own_pipeline().carry(span, structure_of(span, self.settings.run_id))
            )

    @guarded
    def _note(self, *, ended: bool = False) -> None:
        if self.settings.run_id:
            seen = self.observer
            process_note.write(
                self.settings.run_id,
                taps=self.taps.active,
                hosts=seen.hosts,
                llm_calls=seen.llm_calls,
                connections=self.watching.met,
                ended=ended,
            )


_active: Instrumentation | None = None
_stopped: weakref.WeakSet[Instrumentation] = weakref.WeakSet()
"""Those that are out, and live on in the streams that began under them until these are recorded."""
_changing = threading.RLock()
"""Held by who instruments or uninstruments; re-entrant, as a signal handler may do so too."""
_exit_hooks: list[bool] = []
_warned: list[bool] = []


def instrument(*, tracer_provider: Any = None, meter_provider: Any = None) -> None:
    """Record every LLM call of this process from now on; a second call changes nothing, and warns if it asked to.

    With a *tracer_provider*, spans go to it, with its sampler and exporters. Without one they go to the
    collector at `OTEL_BURN_ENDPOINT` through a pipeline of our own, and the global provider is not touched.
    The standard metrics go to *meter_provider*, else to the global one once the application has set it.
    Nothing happens where `OTEL_SDK_DISABLED` or `OTEL_BURN_DISABLED` is set. Nothing is sent before a call.
    """
    global _active
    with _changing:
        if _active is not None:
            _warn_of_other_options(_active, tracer_provider, meter_provider)
            return
        if settings.disabled():
            return
        _active = Instrumentation(settings.from_environment(), tracer_provider, meter_provider)
        _active.start()
        if not _exit_hooks:
            _exit_hooks.append(True)
            atexit.register(_at_exit)
            _follow_workers()
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


def uninstrument() -> None:
    """Leave every library as it was, and deliver what was recorded."""
    global _active
    with _changing:
        if _active is not None:
            stopping, _active = _active, None
            _stopped.add(stopping)
            stopping.stop()


def _warn_of_other_options(running: Instrumentation, tracer_provider: Any, meter_provider: Any) -> None:
    ignored = [
        name
        for name, asked, used in (
            ("tracer_provider", tracer_provider, running.tracer_provider),
            ("meter_provider", meter_provider, running.metrics.given),
        )
        if asked is not None and asked is not used
    ]
    if not ignored or _warned:
        return
    _warned.append(True)
    to = (
        "the tracer_provider of the first instrument()"
        if running.tracer_provider is not None
        else f"the collector at {without_secrets(running.settings.endpoint)}"
    )
    _LOG.warning(
        "otel-burn: this process is instrumented already and the %s of this instrument() is not used: spans keep "
        "going to %s. To change that, pass it to the first instrument(), or call otel_burn.uninstrument() before "
        "this one%s. It is said once.",
        " and ".join(ignored),
        to,
        " (the first was made by `otel-burn run`)" if running.settings.run_id else "",
    )


def active() -> Instrumentation | None:
    """What is active in this process, if anything."""
    return _active


def _before_fork() -> None:
    # Let the background thread come to rest: a module that it is importing while we fork would stay locked in
    # the child for ever, as the thread that holds the lock isn't there.
    if _active is not None:
        _active.flush()


def _after_fork() -> None:
    global _changing
    _changing = threading.RLock()  # a thread that isn't here may have held it
    _stopped.clear()
    if _active is not None:
        _active.after_fork()
    _follow_workers()


def _at_exit() -> None:
    if _active is not None:
        _active.end_open_calls()
    uninstrument()
    for stopped in list(_stopped):
        stopped.end_open_calls()
        stopped.flush()


def _follow_workers() -> None:
    """Deliver at the end of a worker of multiprocessing, which leaves by `os._exit`, without atexit."""
    _end_with_a_worker()
    if workers := sys.modules.get("multiprocessing.util"):
        # And again when a worker has begun: what was registered before, it forgets.
        workers.register_after_fork(_end_with_a_worker, _end_with_a_worker)


def _end_with_a_worker(_: object = None) -> None:
    processes, workers = (sys.modules.get(f"multiprocessing.{name}") for name in ("process", "util"))
    if processes and workers and processes.parent_process() is not None:
        workers.Finalize(None, _at_exit, exitpriority=-100)
