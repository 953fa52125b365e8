"""Which HTTP attempts belong to one logical call? Retries that count up, and fetches of what a call left running."""

import secrets
from collections import OrderedDict
from dataclasses import replace
from typing import Final

import xxhash

from otel_burn.calls import Call
from otel_burn.contexts import Remembered
from otel_burn.exchange import Response

FETCH: Final = "fetch_response"
"""`gen_ai.operation.name` of asking for a response that was made before: the convention gives it no usage."""
_REMEMBERED: Final = 1024
"""Calls that can be in the middle of their retries at once; beyond that an attempt counts as a call."""
_FETCHED: Final = 32768
"""Fetched responses that are remembered as counted."""


class Attempts:
    """Numbers the attempts of each logical call: same flow of control, same body, same host, next count.

    A retry that does not say so (`x-stainless-retry-count`) cannot be told from a new call that asks the
    same again, and counts as one.
    """

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[int, str, int], tuple[str, int]] = OrderedDict()
        self._fetched: Remembered[bool] = Remembered(_FETCHED)

    def number(self, call: Call, response: Response) -> tuple[str, int]:
        """The id of the logical call that *call* is an attempt of, and its number from 1."""
        if response.deferred and response.id:
            return deferred_id(response.id), 1 if call.request_body else 2
        key = (call.flow, call.host, xxhash.xxh3_64_intdigest(call.request_body))
        call_id, retries = self._open.pop(key, ("", -1))
        if not call_id or call.retry_count != retries + 1:
            call_id = secrets.token_hex(8)
        self._open[key] = call_id, call.retry_count
        if len(self._open) > _REMEMBERED:
            self._open.popitem(last=False)
        return call_id, call.retry_count + 1

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


def deferred_id(response_id: str) -> str:
    """The id of the call that the provider goes on with as *response_id*: equal in every process that asks for it."""
    return xxhash.xxh3_64_hexdigest(response_id.encode("utf-8", "surrogatepass"))
