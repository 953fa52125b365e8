"""Which metrics does the application's own meter provider get? Those of the GenAI convention, from our spans."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from otel_burn import emitters, names
from otel_burn.firewall import guarded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otel_burn.calls import Call
    from otel_burn.exchange import AttributeValue

TOKEN_BUCKETS: Final = tuple(float(4**power) for power in range(14))
"""Bounds of `gen_ai.client.token.usage`, as the convention gives them: 1, 4, … 67,108,864 tokens."""
SECOND_BUCKETS: Final = tuple(0.01 * 2**power for power in range(14))
"""Bounds of the durations, as the convention gives them: 0.01, 0.02, … 81.92 s."""

_COMMON: Final = (
    names.OPERATION_NAME,
    names.PROVIDER_NAME,
    names.REQUEST_MODEL,
    names.RESPONSE_MODEL,
    names.SERVER_ADDRESS,
    names.SERVER_PORT,
)
_FREE: Final = (names.REQUEST_MODEL, names.RESPONSE_MODEL, names.SERVER_ADDRESS, names.ERROR_TYPE)
"""Attributes whose values a caller or a server chooses."""
_TOKENS: Final = {"input": names.USAGE_INPUT_TOKENS, "output": names.USAGE_OUTPUT_TOKENS}
_TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105
_OTHER: Final = "_OTHER"
"""The convention's own word for a value that is not told apart."""
_MOST_VALUES: Final = 200
"""Of one attribute: each new one is a time series for ever, in the application and in its backend."""
_LONGEST: Final = 256
"""Characters of a value: a model's name comes off the wire."""


class Metrics:
    """Records calls in *meter_provider*, else in the global one once the application has set one."""

    def __init__(self, meter_provider: Any = None) -> None:
        self.given = meter_provider
        self._provider: Any = None
        self._tokens: Any = None
        self._duration: Any = None
        self._first_chunk: Any = None
        self._known: dict[str, set[AttributeValue]] = {name: set() for name in _FREE}

    @guarded
    def record_call(self, call: Call, attributes: Mapping[str, AttributeValue]) -> None:
        """Count a *call* whose span has these *attributes*, unless a peer counts it as well. Never raises."""
        if self._ready() and not emitters.counts_too(call.user_agent, call.path):
            self.record(attributes, (call.ended_ns - call.started_ns) / 1e9)

    @guarded
    def record(self, attributes: Mapping[str, AttributeValue], duration_s: float) -> None:
        """Count the call of a span with these *attributes*, which took *duration_s* seconds. Never raises.

        Nothing happens without a meter provider. Usage that the provider did not report is no number here either.
        """
        if not self._ready():
            return
        common = {name: attributes[name] for name in _COMMON if name in attributes}
        error = {names.ERROR_TYPE: attributes[names.ERROR_TYPE]} if names.ERROR_TYPE in attributes else {}
        common, error = self._bounded(common), self._bounded(error)
        for token_type, name in _TOKENS.items():
            if isinstance(tokens := attributes.get(name), int):
                self._tokens.record(tokens, {**common, _TOKEN_TYPE: token_type})
        self._duration.record(duration_s, {**common, **error})
        if isinstance(seconds := attributes.get(names.RESPONSE_TIME_TO_FIRST_CHUNK), float):
            self._first_chunk.record(seconds, common)

    def _ready(self) -> bool:
        """Whether there is a provider; its instruments are made when it is first seen."""
        provider = self.given or _global_provider()
        if provider is None or provider is self._provider:
            return provider is not None
        from importlib.metadata import version  # noqa: PLC0415 - once, off the caller's path

        meter = provider.get_meter(names.SCOPE, version("otel-burn"))
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=TOKEN_BUCKETS,
        )
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="GenAI operation duration.",
            explicit_bucket_boundaries_advisory=SECOND_BUCKETS,
        )
        self._first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            unit="s",
            description="Time to receive the first chunk of a streamed response.",
            explicit_bucket_boundaries_advisory=SECOND_BUCKETS,
        )
        self._provider = provider
        return True

    def _bounded(self, attributes: dict[str, AttributeValue]) -> dict[str, AttributeValue]:
        return {name: self._known_or_other(name, value) for name, value in attributes.items()}

    def _known_or_other(self, name: str, value: AttributeValue) -> AttributeValue:
        known = self._known.get(name)
        if known is None or value in known:
            return value
        if len(known) >= _MOST_VALUES or (isinstance(value, str) and len(value) > _LONGEST):
            return _OTHER
        known.add(value)
        return value


def _global_provider() -> Any:
    # Not get_meter_provider(): it makes one where there is none and OTEL_PYTHON_METER_PROVIDER names one.
    internal = sys.modules.get("opentelemetry.metrics._internal")
    return getattr(internal, "_METER_PROVIDER", None)
