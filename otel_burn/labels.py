"""Whose call is it? The session, agent, work item and user that calls are made for."""

import functools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final, ParamSpec, TypeVar

from otel_burn import names

P = ParamSpec("P")
R = TypeVar("R")

_LABELS: Final[ContextVar[Mapping[str, str]]] = ContextVar("otel_burn_labels", default=MappingProxyType({}))


def current() -> Mapping[str, str]:
    """The span attributes that the contexts around this point of the program set."""
    return _LABELS.get()


class Label(AbstractContextManager[None]):
    """Labels the LLM calls made within it; a context manager and a decorator, for sync and async code alike."""

    def __init__(self, attribute: str, value: str) -> None:
        self._attribute = attribute
        self._value = value
        self._entered: list[AbstractContextManager[None]] = []

    def __enter__(self) -> None:
        scope = _labelled(self._attribute, self._value)
        scope.__enter__()
        self._entered.append(scope)

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, *error: Any) -> None:
        self.__exit__(*error)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """*function*, each of its calls labelled."""
        if _is_coroutine_function(function):

            @functools.wraps(function)
            async def labelled_async(*args: P.args, **kwargs: P.kwargs) -> Any:
                with _labelled(self._attribute, self._value):
                    result: Awaitable[Any] = function(*args, **kwargs)  # type: ignore[assignment]
                    return await result

            return labelled_async  # type: ignore[return-value]

        @functools.wraps(function)
        def labelled(*args: P.args, **kwargs: P.kwargs) -> R:
            with _labelled(self._attribute, self._value):
                return function(*args, **kwargs)

        return labelled


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


@contextmanager
def _labelled(attribute: str, value: str) -> Iterator[None]:
    token = _LABELS.set({**_LABELS.get(), attribute: str(value)})
    try:
        yield
    finally:
        _LABELS.reset(token)


def _is_coroutine_function(function: Callable[..., Any]) -> bool:
    # Imported here: inspect costs 10 ms that a program which labels nothing shall not pay.
    import inspect  # noqa: PLC0415

    return inspect.iscoroutinefunction(function)
