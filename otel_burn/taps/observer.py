"""Is this HTTP request an LLM call? The question that every tap asks, at the cost of one look-up."""

import itertools
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

from otel_burn.baggage import withhold
from otel_burn.calls import Call, Headers
from otel_burn.carrying import current_parent
from otel_burn.formats import recognise
from otel_burn.taps.asked_usage import AskedUsage

INSIDE: Final[ContextVar[bool]] = ContextVar("otel_burn_inside_a_tap", default=False)
"""True while a tapped client sends, so that a client which sends through another one is seen once."""

_MOST_HOSTS: Final = 200
"""A crawler meets more hosts than a report can name."""


class Observer:
    """Starts a `Call` for each request that speaks a known format, and counts the hosts of all."""

    def __init__(
        self,
        on_end: Callable[[Call], None],
        *,
        on_progress: Callable[[Call], None],
        asked_usage: AskedUsage,
        on_begin: Callable[[Call], object] = lambda _: None,
        on_first_request: Callable[[], object] = lambda: None,
    ) -> None:
        self.active = True
        self.asked_usage = asked_usage
        self._on_end = on_end
        self._on_progress = on_progress
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
        """A started call, or None for a request that is none. *body* is asked for only when it is one.

        *path* is percent-encoded as it is sent, without the query.
        """
        self._count(host, port)
        formats = recognise(method, path)
        withhold(headers, host, llm=bool(formats))
        if not formats:
            return None
        self.llm_calls += 1
        call = Call(
            formats=formats,
            host=host,
            port=port,
            path=path,
            request_body=body(),
            retry_count=_retries(headers),
            traceparent=headers.get("traceparent"),
            on_end=self._on_end,
            on_progress=self._on_progress,
            user_agent=str(headers.get("user-agent") or ""),
            parent=current_parent(),
        )
        self._on_begin(call)
        return call

    def _count(self, host: str, port: int | None) -> None:
        name = f"{host}:{port}" if port else host
        if name in self.hosts or len(self.hosts) < _MOST_HOSTS:
            self.hosts[name] += 1
        if next(self._requests) == 0:
            self._on_first_request()


def _retries(headers: Headers) -> int:
    """How often the SDK says that it has tried before: openai's and anthropic's way to say it, and botocore's."""
    said = str(headers.get("x-stainless-retry-count") or "")
    if said.isdecimal():
        return int(said)
    attempt = str(headers.get("amz-sdk-request") or "").partition("attempt=")[2].partition(";")[0]
    return max(int(attempt) - 1, 0) if attempt.isdecimal() else 0
