"""Which HTTP attempts belong to one logical call? Retries that count up, and fetches of what a call left running."""

from collections import Counter, OrderedDict
from dataclasses import replace
from typing import Final, NamedTuple

import xxhash

from otel_burn.calls import Call
from otel_burn.contexts import Remembered
from otel_burn.exchange import Response
from otel_burn.ids import random_id

FETCH: Final = "fetch_response"
"""`gen_ai.operation.name` of asking for a response that was made before: the convention gives it no usage."""
_REMEMBERED: Final = 1024
"""Calls that can be in the middle of their retries at once; beyond that an attempt counts as a call."""
_PATIENCE_NS: Final = 60 * 10**9
"""SDKs wait 30 s at most, or as long as `retry-after` says, which is rarely more than a minute."""
_PASSING: Final = frozenset({408, 409, 425, 429})
"""The client errors after which SDKs try again: timeout, lock conflict, too early, too many requests."""
_FETCHED: Final = 32768
"""Fetched responses that are remembered as counted."""


class _Last(NamedTuple):
    """The last attempt of a logical call."""

    call_id: str
    number: int
    host: str
    retries: int
    ended_ns: int
    again: bool
    """Whether it ended so that whoever asks the same again tries again."""
    redirected: bool


class Attempts:
    """Numbers the attempts of each logical call: same flow of control, same body, same host.

    An attempt is a retry where its SDK counts on from the one before (`x-stainless-retry-count`), and wherever the one
    before failed in a way that passes (no connection, a timeout, 429, 5xx ...) no longer than a minute ago. So it is
    for SDKs that don't count, for tenacity and for a loop in the user's own code: who asks the same again after such a
    failure tries again. A redirect goes on with the same call, at whatever host. Behind a whole answer nothing goes on.
    """

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[int, int], _Last] = OrderedDict()
        """Attempts that brought no whole answer, by flow and body."""
        self._flows: Counter[int] = Counter()
        """How many of them each flow has: a body is only hashed where one could go on with another."""
        self._fetched: Remembered[bool] = Remembered(_FETCHED)

    def number(self, call: Call, response: Response) -> tuple[str, int]:
        """The id of the logical call that *call* is an attempt of, and its number from 1."""
        if response.usage is not None:
            self._first(response)  # a later fetch repeats it
        if response.deferred and response.id:
            return deferred_id(response.id), 1 if call.request_body else 2
        settled = _is_settled(call, response)
        if settled and not call.retry_count and not self._flows[call.flow]:
            return new_call_id(), 1
        key = (call.flow, xxhash.xxh3_64_intdigest(call.request_body))
        last = self._take(key)
        if last is not None and _goes_on(last, call):
            call_id, number = last.call_id, last.number + 1
        else:
            call_id, number = new_call_id(), call.retry_count + 1
        if not settled:
            self._keep(key, _last(call, response, call_id, number))
        return call_id, number

    def _take(self, key: tuple[int, int]) -> _Last | None:
        last = self._open.pop(key, None)
        if last is not None:
            self._flows[key[0]] -= 1
            if not self._flows[key[0]]:
                del self._flows[key[0]]
        return last

    def _keep(self, key: tuple[int, int], last: _Last) -> None:
        self._open[key] = last
        self._flows[key[0]] += 1
        if len(self._open) > _REMEMBERED:
            self._take(next(iter(self._open)))

    def uncounted(self, response: Response) -> Response:
        """A fetched *response* without the usage that was counted already, by the call itself or an earlier fetch.

        What a provider made in the background is counted when it is fetched for the first time, as nothing else ever
        reports its usage.
        """
        more = tuple(one for one in response.more if self._first(one))
        if response.deferred and response.usage is not None and self._first(response):
            return replace(response, more=more)
        return replace(response, usage=None, usage_raw=None, more=more)

    def _first(self, response: Response) -> bool:
        if response.id is None:
            return True
        key = xxhash.xxh3_64_intdigest(response.id.encode("utf-8", "surrogatepass"))
        if self._fetched.get(key):
            return False
        self._fetched[key] = True
        return True


def _last(call: Call, response: Response, call_id: str, number: int) -> _Last:
    return _Last(
        call_id=call_id,
        number=number,
        host=call.host,
        retries=call.retry_count,
        ended_ns=call.ended_ns,
        again=_passes(call, response),
        redirected=300 <= call.status < 400,
    )


def _is_settled(call: Call, response: Response) -> bool:
    """Whether an attempt brought the whole answer, so that no other goes on with it."""
    return 200 <= call.status < 300 and response.complete and not (call.error or response.error_type)


def _goes_on(last: _Last, call: Call) -> bool:
    if last.host != call.host and not last.redirected:
        return False
    if call.retry_count == last.retries + 1:
        return True
    return last.again and call.started_ns - last.ended_ns < _PATIENCE_NS


def _passes(call: Call, response: Response) -> bool:
    """Whether an attempt ended so that one tries again: no connection, a break, a timeout, too much load."""
    if call.status >= 400:
        return call.status >= 500 or call.status in _PASSING
    return bool(call.error or response.error_type) or 300 <= call.status < 400


def new_call_id() -> str:
    """An id that no other call has."""
    return f"{random_id(64):016x}"


def deferred_id(response_id: str) -> str:
    """The id of the call that the provider goes on with as *response_id*: equal in every process that asks for it."""
    return xxhash.xxh3_64_hexdigest(response_id.encode("utf-8", "surrogatepass"))
