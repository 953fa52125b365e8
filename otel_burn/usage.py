"""What does one model response bill for, in tokens? One shape for every provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class UsageStatus(StrEnum):
    """How far the token counts of a call can be trusted."""

    EXACT = "exact"
    """The provider reported them, for the whole response."""
    PARTIAL = "partial"
    """The provider reported some of them before the response broke off."""
    MISSING = "missing"
    """The provider reported none."""
    ESTIMATED = "estimated"
    """Nobody reported them; never written into `gen_ai.usage.*`."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the OpenTelemetry GenAI convention defines them.

    `input_tokens` includes everything that the model read (cache reads and writes too), `output_tokens`
    everything that it wrote (reasoning too); the other fields are parts of those two. `None` means that
    the provider said nothing, which is not zero.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_5m_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_input_tokens: int | None = None
    audio_output_tokens: int | None = None
    audio_cache_read_tokens: int | None = None
    image_input_tokens: int | None = None
    image_output_tokens: int | None = None
    units: Mapping[str, float] = field(default_factory=dict)
    """What is billed but has no name in the convention, by unit (`names.USAGE_UNITS`)."""

    @property
    def uncached_input_tokens(self) -> int | None:
        """The input that was neither read from a cache nor written to one."""
        if self.input_tokens is None:
            return None
        return self.input_tokens - (self.cache_read_tokens or 0) - (self.cache_write_tokens or 0)
