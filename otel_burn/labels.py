"""Whose call is it? The session, agent, work item and user that calls are made for."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

from otel_burn import names, scopes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Mapping

P = ParamSpec("P")
R = TypeVar("R")

LABELS: Final = (names.CONVERSATION_ID, names.WORK_ID, names.AGENT_NAME, names.USER_ID)
"""The span attributes that labels set; also the keys under which they travel in W3C baggage."""

_CALLED: Final = frozenset({"__init__", "__call__"})
"""The special methods of a decorated class that are labelled, besides all that are not special."""


def current() -> Mapping[str, str]:
    """The span attributes that the contexts around this point of the program set, here or in a calling service."""
    received = _received()
    return {**received, **set_here()} if received else set_here()


def set_here() -> Mapping[str, str]:
    """Those of them that this process set itself."""
    return scopes.holding()


class Label(AbstractContextManager[None]):
    """Labels the LLM calls made within it; a context manager and a decorator, for sync and async code alike.

    In the body of a generator, sync or async, it labels the generator's own steps and not its consumer. As a decorator
    it does so for generator functions; of a class it labels the methods that the class itself defines.
    """

    def __init__(self, attribute: str, value: str) -> None:
        self._attribute = attribute
        self._value = str(value)

    def __enter__(self) -> None:
        scopes.enter(self, self._attribute, self._value, sys._getframe(1))

    def __exit__(self, *error: Any) -> None:
        scopes.leave(self, sys._getframe(1))

    # Below a coroutine's frame stands the one that awaits it: the `async with` statement's.
    async def __aenter__(self) -> None:
        scopes.enter(self, self._attribute, self._value, sys._getframe(1))

    async def __aexit__(self, *error: Any) -> None:
        scopes.leave(self, sys._getframe(1))

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """*function*, each of its calls labelled; also of a generator's steps, a class's methods."""
        return _decorated(self, function)  # type: ignore[no-any-return]


def session(id: str) -> Label:
    """The calls within belong to the conversation *id* (`gen_ai.conversation.id`)."""
    return Label(names.CONVERSATION_ID, id)


def work(id: str) -> Label:
    """The calls within are done for the work item *id*, such as a ticket or a pull request."""
    return Label(names.WORK_ID, id)


def agent(name: str) -> Label:
    """The calls within are made by the agent *name* (`gen_ai.agent.name`)."""
    return Label(names.AGENT_NAME, name)


def user(id: str) -> Label:
    """The calls within are made for the person *id* (`user.id`)."""
    return Label(names.USER_ID, id)


def _received() -> Mapping[str, str] | None:
    """What a calling service sent along in the baggage that the application's instrumentation has extracted."""
    baggage = getattr(sys.modules.get("opentelemetry.baggage"), "get_all", None)
    if baggage is None or not (entries := baggage()):
        return None
    return {name: value for name in LABELS if isinstance(value := entries.get(name), str) and value}


def _decorated(label: Label, function: Any) -> Any:
    if isinstance(function, type):
        return _decorated_class(label, function)
    if isinstance(function, staticmethod | classmethod):
        return type(function)(_decorated(label, function.__func__))
    return functools.wraps(function)(_wrapper(label, function))


def _decorated_class(label: Label, owner: type) -> type:
    from types import FunctionType  # noqa: PLC0415

    for name, method in list(vars(owner).items()):
        if isinstance(method, FunctionType | staticmethod | classmethod) and (
            name in _CALLED or not (name.startswith("__") and name.endswith("__"))
        ):
            setattr(owner, name, _decorated(label, method))
    return owner


def _wrapper(label: Label, function: Any) -> Any:
    # Imported here: inspect costs 10 ms that a program which decorates nothing shall not pay.
    import inspect  # noqa: PLC0415

    for is_kind, wrapper in (
        (inspect.iscoroutinefunction, _coroutine),
        (inspect.isasyncgenfunction, _async_generator),
        (inspect.isgeneratorfunction, _generator),
    ):
        # An object's kind is that of its `__call__`.
        if is_kind(function) or is_kind(getattr(function, "__call__", None)):  # noqa: B004
            return wrapper(label, function)
    return _plain(label, function)


def _plain(label: Label, function: Callable[..., Any]) -> Callable[..., Any]:
    def labelled(*args: Any, **kwargs: Any) -> Any:
        with label:
            return function(*args, **kwargs)

    return labelled


def _coroutine(label: Label, function: Callable[..., Any]) -> Callable[..., Any]:
    async def labelled(*args: Any, **kwargs: Any) -> Any:
        with label:
            return await function(*args, **kwargs)

    return labelled


def _generator(label: Label, function: Callable[..., Any]) -> Callable[..., Any]:
    def labelled(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with label:
            return (yield from function(*args, **kwargs))

    return labelled


def _async_generator(label: Label, function: Callable[..., Any]) -> Callable[..., Any]:
    async def labelled(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        # What `yield from` does for the sync kind: what is sent, thrown or closed reaches the inner one.
        with label:
            inner = function(*args, **kwargs)
            try:
                value = await inner.asend(None)
                while True:
                    try:
                        sent = yield value
                    except GeneratorExit:
                        await inner.aclose()
                        raise
                    except BaseException as error:  # noqa: BLE001 - the consumer's, for the generator to handle
                        value = await inner.athrow(error)
                    else:
                        value = await inner.asend(sent)
            except StopAsyncIteration:
                return

    return labelled
