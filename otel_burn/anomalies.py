"""Can these counts be true? By arithmetic alone, from the provider's own numbers."""

from typing import Any, Final

import msgspec

from otel_burn.exchange import Response
from otel_burn.usage import Usage


def anomaly(usage: Usage, total: int | None = None) -> str | None:
    """Which invariant of the convention these counts break, in words; None when they hold.

    *total* is the provider's own sum, where it gives one: in 1,502 of 1,502 recorded answers it is input and output.
    """
    given, written, cached = usage.input_tokens, usage.output_tokens, usage.cache_read_tokens
    for part, whole, what in (
        ((cached or 0) + (usage.cache_write_tokens or 0), given, "cached tokens are more than the {} input"),
        (usage.reasoning_tokens, written, "reasoning tokens are more than the {} output"),
        (usage.audio_input_tokens, given, "audio tokens are more than the {} input"),
        (usage.image_input_tokens, given, "image tokens are more than the {} input"),
        (usage.audio_output_tokens, written, "audio tokens are more than the {} output"),
        (usage.image_output_tokens, written, "image tokens are more than the {} output"),
        (usage.audio_cache_read_tokens, cached, "cached audio tokens are more than the {} cached"),
    ):
        if part is not None and whole is not None and part > whole:
            return f"{part} {what.format(whole)} tokens"
    counted = (given or 0) + (written or 0)
    if total is None or total == counted or (given is None and written is None):
        return None
    return f"the provider's total of {total} tokens is not the {counted} input and output tokens"


class _Totals(msgspec.Struct):
    """How providers name the sum of their usage, and what one of them leaves out of it."""

    total_tokens: Any = None
    totalTokenCount: Any = None  # noqa: N815 - the provider's name
    totalTokens: Any = None  # noqa: N815
    citation_tokens: Any = None


_TOTALS: Final = msgspec.json.Decoder(_Totals)


def own_total(response: Response) -> int | None:
    """The provider's own sum of a whole response."""
    if not response.complete or response.usage_raw is None:
        return None
    said = _TOTALS.decode(response.usage_raw)
    if said.citation_tokens is not None:
        return None  # Perplexity's deep research bills beside its total
    totals = (said.total_tokens, said.totalTokenCount, said.totalTokens)
    return next((one for one in totals if isinstance(one, int) and not isinstance(one, bool)), None)
