"""Which HTTP attempts belong to one logical call? An SDK's retries repeat its request and count up."""

import secrets
from collections import OrderedDict
from typing import Final

import xxhash

from otel_burn.calls import Call

_REMEMBERED: Final = 1024
"""Calls that can be in the middle of their retries at once; beyond that an attempt counts as a call."""


class Attempts:
    """Numbers the attempts of each logical call: same flow of control, same body, same host, next count.

    A retry that does not say so (`x-stainless-retry-count`) cannot be told from a new call that asks the
    same again, and counts as one.
    """

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[int, str, int], tuple[str, int]] = OrderedDict()

    def number(self, call: Call) -> tuple[str, int]:
        """The id of the logical call that *call* is an attempt of, and its number from 1."""
        key = (call.flow, call.host, xxhash.xxh3_64_intdigest(call.request_body))
        call_id, retries = self._open.pop(key, ("", -1))
        if not call_id or call.retry_count != retries + 1:
            call_id = secrets.token_hex(8)
        self._open[key] = call_id, call.retry_count
        if len(self._open) > _REMEMBERED:
            self._open.popitem(last=False)
        return call_id, call.retry_count + 1
