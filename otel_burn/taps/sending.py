"""Which call is a request that is on its way through urllib3, sent by whoever stands above it?

requests and botocore send through urllib3, which is tapped as well: it shows each retry, and bodies as they come from
the wire. So whoever begins a call says so to those below, for as long as the request is not answered.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Final

from otel_burn.calls import Call
from otel_burn.taps.observer import INSIDE

_LAST_STATUS: Final = re.compile(r"too many (\d{3}) error responses")
"""How urllib3 words it (`urllib3.exceptions.ResponseError.SPECIFIC_ERROR`); it keeps the number nowhere else."""


class Sending:
    """A request on its way, as a context: of *call*, or of None when it is no LLM call."""

    __slots__ = ("_inside", "_outer", "answered", "call", "entered")

    def __init__(self, call: Call | None) -> None:
        self.call = call
        self.entered = False
        """Whether urllib3 has begun to send it; when it begins again, that is a retry."""
        self.answered = False
        """Whether the response is there: what is sent from now on is something else, as after a redirect."""

    def __enter__(self) -> None:
        self._outer: Token[Sending | None] = UNDER_WAY.set(self)
        self._inside: Token[bool] = INSIDE.set(self.call is not None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        INSIDE.reset(self._inside)
        UNDER_WAY.reset(self._outer)
        if error is not None and self.call is not None:
            if not self.call.status and (status := _LAST_STATUS.search(str(error))):
                self.call.answered(int(status[1]), {})
            self.call.failed(error)

    def arrived(self) -> Call | None:
        """The response is there: the call that it belongs to, at the first time of asking."""
        if self.answered:
            return None
        self.answered = True
        INSIDE.set(False)  # until `__exit__` puts back what was before
        return self.call

    def again(self, retries: Any, begin: Callable[[], Call | None]) -> None:
        """urllib3 sends once more: the attempt before ended as its *retries* remember, the next one begins."""
        if self.call is None:
            return
        history = getattr(retries, "history", ())
        if history and history[-1].status:
            self.call.answered(history[-1].status, {})
            self.call.exhausted()
        elif history and history[-1].error is not None:
            self.call.failed(history[-1].error)
        else:
            self.call.ended()
        self.call = begin()
        INSIDE.set(self.call is not None)


UNDER_WAY: Final[ContextVar[Sending | None]] = ContextVar("otel_burn_under_way", default=None)


def on_its_way() -> Sending | None:
    """The request that a tap further up has begun to send and that is not answered yet."""
    sending = UNDER_WAY.get()
    return sending if sending is not None and not sending.answered else None
