"""Is this HTTP request an LLM call? The question that every tap asks, at the cost of one look-up."""

import itertools
import sys
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Final, Protocol

from otel_burn.calls import Call
from otel_burn.formats import recognise

INSIDE: Final[ContextVar[bool]] = ContextVar("otel_burn_inside_a_tap", default=False)
"""True while a tapped client sends, so that a client which sends through another one is seen once."""

_MOST_HOSTS: Final = 200
"""A crawler meets more hosts than a report can name."""


class Headers(Protocol):
    """Request or response headers, whatever class they have."""

    def get(self, key: str, default: Any = None, /) -> Any: ...


class Observer:
    """Starts a `Call` for each request that speaks a known format, and counts the hosts of all."""

    def __init__(
        self,
        on_end: Callable[[Call], None],
        *,
        on_begin: Callable[[Call], object] = lambda _: None,
        on_first_request: Callable[[], object] = lambda: None,
    ) -> None:
        self.active = True
        self._on_end = on_end
        self._on_begin = on_begin
        self._on_first_request = on_first_request
        self.forget()

    def forget(self) -> None:
        """Begin to count anew, as a forked child does."""
        self.hosts: Counter[str] = Counter()
        self.llm_calls = 0
        self._requests = itertools.count()

    def begin(
        self, method: str, host: str, port: int | None, path: str, body: Callable[[], bytes], headers: Headers
    ) -> Call | None:
        """A started call, or None for a request that is none. *body* is asked for only when it is one."""
        self._count(host, port)
        format = recognise(method, path)
        if format is None:
            return None
        self.llm_calls += 1
        retries = str(headers.get("x-stainless-retry-count", ""))
        call = Call(
            format=format,
            host=host,
            port=port,
            request_body=body(),
            retry_count=int(retries) if retries.isdecimal() else 0,
            traceparent=headers.get("traceparent"),
            on_end=self._on_end,
            parent=_current_span_context(),
        )
        self._on_begin(call)
        return call

    def _count(self, host: str, port: int | None) -> None:
        name = f"{host}:{port}" if port else host
        if name in self.hosts or len(self.hosts) < _MOST_HOSTS:
            self.hosts[name] += 1
        if next(self._requests) == 0:
            self._on_first_request()


def _current_span_context() -> Any:
    trace = sys.modules.get("opentelemetry.trace")
    current_span = getattr(trace, "get_current_span", None)
    if current_span is None:
        return None  # not imported, or not to its end (the recorder's thread may be at it): nobody started a span
    context = current_span().get_span_context()
    return context if context.is_valid else None
