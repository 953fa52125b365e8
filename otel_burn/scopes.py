"""Which labels hold at this point of the program? Those of the contexts around it, and of generators within a step.

A label that a function or coroutine sets is a context variable, which tasks copy. A generator's body runs in its
consumer's context, so there the label belongs to the generator's frame instead: it holds while that frame is on the
stack, whoever runs the step and in whichever context, and ends with the frame's `with` statement. Tasks and threads
that are started in a step keep it. What Python gives no way to tell: a task that the consumer starts between two
steps has it too.
"""

from __future__ import annotations

import sys
import threading
import weakref
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

_GENERATOR_CODE: Final = 0x20 | 0x200
"""`inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR`; importing inspect costs 10 ms."""

_MANAGERS: Final = frozenset({"contextlib", "_pytest.fixtures", "pytest_asyncio.plugin"})
"""Modules that run a generator for what it sets up: there, the label is meant for the code between its two steps."""


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """A label that holds while a generator's frame is on the stack."""

    key: object
    attribute: str
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class _Entered:
    """A label that was set on top of those around it."""

    key: object
    attribute: str
    value: str
    labels: Mapping[str, str]
    """All that hold with it."""
    outer: _Entered | None = None
    within: frozenset[_Step] = frozenset()
    """The generators' labels that `labels` allows for already."""
    step: _Step | None = None
    flow: object = None
    """The task, or the thread, that entered it; only where there is a step."""


_TOP: Final[ContextVar[_Entered | None]] = ContextVar("otel_burn_labels", default=None)
_STEPS: Final[dict[FrameType, tuple[_Step, ...]]] = {}
"""By generator frame, the labels that its `with` statements hold at the moment, outermost first."""


def holding() -> Mapping[str, str]:
    """The labels that hold here, by span attribute."""
    top = _TOP.get()
    if not _STEPS and (top is None or top.step is None):
        return NOTHING if top is None else top.labels
    return _labels(top, _running())


def enter(key: object, attribute: str, value: str, frame: FrameType) -> None:
    """Let a label hold from here on; *frame* holds the `with` statement, *key* names the label to `leave`."""
    top, running = _TOP.get(), _running()
    labels, step = _labels(top, running), None
    if _is_step(frame):
        step = _Step(key, attribute, value)
        _STEPS[frame] = (*_STEPS.get(frame, ()), step)
        running = (*running, step)
    _TOP.set(
        _Entered(
            key,
            attribute,
            value,
            {**labels, attribute: value},
            outer=top,
            within=frozenset(running),
            step=step,
            flow=_flow() if step else None,
        )
    )


def leave(key: object, frame: FrameType) -> None:
    """End the innermost label of *key*, wherever and in whichever order that happens. Never raises."""
    if steps := _STEPS.get(frame):
        last = max((at for at, step in enumerate(steps) if step.key is key), default=None)
        remaining = tuple(step for at, step in enumerate(steps) if at != last)
        if remaining:
            _STEPS[frame] = remaining
        else:
            _STEPS.pop(frame, None)
    top = _TOP.get()
    remains = _without(top, key)
    if remains is not top:
        _TOP.set(remains)


def hold(labels: Mapping[str, str]) -> Any:
    """Let *labels*, and no others, hold in this context; the token for `release`."""
    return _TOP.set(_Entered(None, "", "", labels, within=frozenset(_running())))


def release(token: Any) -> None:
    """Undo `hold`, in the same context."""
    _TOP.reset(token)


def _is_step(frame: FrameType) -> bool:
    if not frame.f_code.co_flags & _GENERATOR_CODE:
        return False
    resumed_by = frame.f_back
    return resumed_by is None or resumed_by.f_globals.get("__name__") not in _MANAGERS


def _running() -> tuple[_Step, ...]:
    """The labels of the generators that are in the middle of a step on this stack, outermost first."""
    if not _STEPS:
        return ()
    found: list[tuple[_Step, ...]] = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if steps := _STEPS.get(frame):
            found.append(steps)
        frame = frame.f_back
    return tuple(step for steps in reversed(found) for step in steps)


def _labels(top: _Entered | None, running: tuple[_Step, ...]) -> Mapping[str, str]:
    # A generator that rests, or was given up, has left its label in the context of the consumer that ran its step.
    while top is not None and top.step is not None and top.step not in running and top.flow == _flow():
        top = top.outer
    labels = NOTHING if top is None else top.labels
    known = frozenset[_Step]() if top is None else top.within
    if missing := {step.attribute: step.value for step in running if step not in known}:
        return {**labels, **missing}
    return labels


def _without(top: _Entered | None, key: object) -> _Entered | None:
    """*top* without the innermost label of *key*; *top* itself where there is none."""
    if top is None or top.key is key:
        return None if top is None else top.outer
    outer = _without(top.outer, key)
    if outer is top.outer:
        return top
    under = NOTHING if outer is None else outer.labels
    within = frozenset[_Step]() if outer is None else outer.within
    return replace(top, outer=outer, labels={**under, top.attribute: top.value}, within=within)


def _flow() -> object:
    """What runs here: the asyncio task, else the thread. Equal for equal flows."""
    # asyncio is looked up, not imported: a program that never imported it has no task.
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        task = asyncio.current_task()
        if task is not None:
            return weakref.ref(task)
    return threading.get_ident()
