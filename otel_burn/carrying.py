"""How do labels and the current span get into threads and pools? Handed over where one starts or work is submitted.

asyncio's tasks and `asyncio.to_thread` copy the context by themselves; threads and `concurrent.futures` don't. Nothing
is attached to OpenTelemetry's own context in a user's thread: what is carried is only looked at for an LLM call that
has no current span of its own.
"""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from otel_burn import labels, scopes
from otel_burn.firewall import guarded
from otel_burn.patches import Patch, Patches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PARENT: Final[ContextVar[Any]] = ContextVar("otel_burn_carried_parent", default=None)
_SUBMITTING: Final[ContextVar[bool]] = ContextVar("otel_burn_submitting", default=False)
"""True while work is submitted: the workers that a pool starts for it will do the work of others too."""


def current_parent() -> Any:
    """The OpenTelemetry span context that an LLM call made here belongs under, or None.

    It is the current span's; in a thread or a pool's worker without one, that of whoever started or submitted it.
    """
    trace = sys.modules.get("opentelemetry.trace")
    current_span = getattr(trace, "get_current_span", None)
    if current_span is None:
        return None  # not imported, or not to its end (the recorder's thread may be at it): nobody started a span
    context = current_span().get_span_context()
    return context if context.is_valid else _PARENT.get()


class Carrying(Patches):
    """The patches that carry labels and the current span over, while they are put in."""

    def __init__(self) -> None:
        super().__init__(_PATCHES)


class _Carried(NamedTuple):
    """What a thread or a piece of work gets along."""

    labels: Mapping[str, str]
    parent: Any

    def hold(self) -> tuple[Any, Any]:
        """Let it hold in this context; the tokens for `release`."""
        return scopes.hold(self.labels), _PARENT.set(self.parent)


def _release(tokens: tuple[Any, Any]) -> None:
    scopes.release(tokens[0])
    _PARENT.reset(tokens[1])


class _Work:
    """A submitted function, with what it gets along; can be pickled as far as the function can."""

    def __init__(self, function: Callable[..., Any], carried: _Carried) -> None:
        self._function = function
        self._carried = carried

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tokens = self._carried.hold()
        try:
            return self._function(*args, **kwargs)
        finally:
            _release(tokens)


@guarded
def _here() -> _Carried | None:
    """What there is to carry from here, if anything."""
    held, parent = labels.current(), current_parent()
    return _Carried(dict(held), parent) if held or parent is not None else None


def _start(original: Callable[..., Any], carrying: Patches) -> Callable[..., Any]:
    """`Thread.start`: the thread begins with what holds where it is started."""

    def start(self: threading.Thread, *args: Any, **kwargs: Any) -> Any:
        carried = _here() if carrying.active and not _SUBMITTING.get() else None
        if (
            carried is None or getattr(self, "_context", None) is not None
        ):  # a context that was given, Python 3.14
            return original(self, *args, **kwargs)
        undo = _begin_with(self, carried)
        try:
            return original(self, *args, **kwargs)
        except BaseException:
            undo()
            raise

    return start


def _begin_with(thread: threading.Thread, carried: _Carried) -> Callable[[], None]:
    """Let *thread* hold what is *carried* before it runs; returns the way back.

    By an attribute that the thread takes off again: a patch of `Thread.run` would miss the classes that have their own.
    """
    run, before = thread.run, vars(thread).get("run")

    def undo() -> None:
        vars(thread).pop("run", None)
        if before is not None:
            vars(thread)["run"] = before

    def begin() -> None:
        undo()
        carried.hold()
        run()

    vars(thread)["run"] = begin
    return undo


def _submit(original: Callable[..., Any], carrying: Patches) -> Callable[..., Any]:
    """`Executor.submit`: the work is done with what holds where it is submitted, and the workers begin with nothing."""

    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        carried = _here() if carrying.active else None
        if carried is None:
            return original(self, fn, *args, **kwargs)
        submitting, tokens = _SUBMITTING.set(True), _Carried({}, None).hold()
        try:
            return original(self, _Work(fn, carried), *args, **kwargs)
        finally:
            _release(tokens)
            _SUBMITTING.reset(submitting)

    return submit


_PATCHES: Final[dict[str, Patch]] = {
    "threading": ("Thread", "start", _start),
    "concurrent.futures.thread": ("ThreadPoolExecutor", "submit", _submit),
    "concurrent.futures.process": ("ProcessPoolExecutor", "submit", _submit),
}
