"""What happens when our own code fails inside a user's program? It is said once, and nobody else notices."""

import functools
import logging
import os
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_LOG: Final = logging.getLogger("otel_burn")
_SAID: Final[set[str]] = set()


def guarded(function: Callable[P, R]) -> Callable[P, R | None]:
    """*function*, whose errors never reach its caller: it returns None instead, and they are logged once."""

    @functools.wraps(function)
    def guarded_function(*args: P.args, **kwargs: P.kwargs) -> R | None:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the boundary to a program that is not ours
            report(function.__qualname__, error)
            return None

    return guarded_function


def report(where: str, error: Exception) -> None:
    """Log *error* once per place and kind; raise it instead where `OTEL_BURN_RAISE` is set, as in our tests."""
    if os.environ.get("OTEL_BURN_RAISE"):
        raise error
    key = f"{where}:{type(error).__name__}"
    if key not in _SAID:
        _SAID.add(key)
        _LOG.warning(
            "otel-burn could not record an LLM call (%s in %s, at %s). Your program is not affected; "
            "please report this. It is said once.", type(error).__name__, where, _place(error),
        )  # fmt: skip


def _place(error: Exception) -> str:
    """Where in the code *error* was raised. Its own words stay unsaid: they may quote what could not be read."""
    trace, place = error.__traceback__, "?"
    while trace is not None:
        place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
