"""What does an Anthropic usage object bill for?"""

from collections.abc import Iterable
from typing import Final

from otel_burn.exchange import Response
from otel_burn.formats.fields import Json, count, mapping, mappings, raw, text
from otel_burn.usage import Usage

_INPUT: Final = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def read_usage(usage: Json) -> Usage | None:
    """The token counts. `input_tokens` of this API excludes what was cached; ours includes it."""
    if (uncached := count(usage, "input_tokens")) is None:
        return None
    read, written = count(usage, "cache_read_input_tokens"), count(usage, "cache_creation_input_tokens")
    five_minutes, hour = _by_lifetime(mapping(usage, "cache_creation"), written)
    if written is None and (five_minutes, hour) != (None, None):
        written = (five_minutes or 0) + (hour or 0)
    if written is None and (five_minutes is not None or hour is not None):
        written = (five_minutes or 0) + (hour or 0)
    return Usage(
        input_tokens=uncached + (read or 0) + (written or 0),
        output_tokens=count(usage, "output_tokens"),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_5m_tokens=five_minutes,
        cache_write_1h_tokens=hour,
        reasoning_tokens=count(mapping(usage, "output_tokens_details"), "thinking_tokens"),
        units=dict(_units(usage)),
    )


def _by_lifetime(created: Json, written: int | None) -> tuple[int | None, int | None]:
    """What was written to the cache for five minutes and for an hour.

    A stream tells it at its start only, and may have *written* more since: with the lifetime of the rest, where that is
    one.
    """
    five_minutes = count(created, "ephemeral_5m_input_tokens")
    hour = count(created, "ephemeral_1h_input_tokens")
    if written is None or (five_minutes or 0) + (hour or 0) == written:
        return five_minutes, hour
    if five_minutes and not hour:
        return written, hour
    return (five_minutes, written) if hour and not five_minutes else (None, None)


def input_tokens(usage: Json) -> int | None:
    """All that was read, cached or not."""
    counts = [count(usage, key) for key in _INPUT]
    return sum(found for found in counts if found is not None) if counts[0] is not None else None


def of_delta(usage: Json) -> Json:
    """What the *usage* of a `message_delta` has to say: no nulls, and no input where all of that is zero."""
    said = {key: value for key, value in usage.items() if value is not None}
    if input_tokens(said) == 0:
        said = {key: value for key, value in said.items() if key not in _INPUT}
    return said


def exclusive(usage: Json, read_at_start: int | None) -> Json:
    """*usage* with an `input_tokens` that excludes what was cached, as the API defines it.

    Some compatible hosts (Kimi) tell of the cache only in the end and include it: then `input_tokens` still equals all
    that was *read_at_start*.
    """
    given, total = count(usage, "input_tokens"), input_tokens(usage)
    if given is None or total is None or given != read_at_start or not 0 < total - given <= given:
        return usage
    return usage | {"input_tokens": given - (total - given)}


def _units(usage: Json) -> Iterable[tuple[str, float]]:
    """Server tools, and the compactions within the response: they are billed beside the counts of the message."""
    for unit in ("web_search_requests", "web_fetch_requests"):
        if quantity := count(mapping(usage, "server_tool_use"), unit):
            yield unit, quantity
    compactions = [one for one in mappings(usage, "iterations") if one.get("type") == "compaction"]
    if quantity := sum(input_tokens(one) or 0 for one in compactions):
        yield "compaction_input_tokens", quantity
    for unit, key in _COMPACTION:
        if quantity := sum(count(one, key) or 0 for one in compactions):
            yield unit, quantity


_COMPACTION: Final = (
    ("compaction_output_tokens", "output_tokens"),
    ("compaction_cache_read_tokens", "cache_read_input_tokens"),
    ("compaction_cache_write_tokens", "cache_creation_input_tokens"),
)
"""Parts of a compaction, the cached ones of its input."""


def more(usage: Json) -> Iterable[Response]:
    """The responses of other models within this one, each billed at its own model's rates beside the counts above.

    An advisor that a model asked, and what a model wrote before it declined and another one took over. One that
    declined before it wrote anything is not billed.
    """
    iterations = mappings(usage, "iterations")
    served = [text(one, "model") for one in iterations if one.get("type") == "fallback_message"]
    for one in iterations:
        model = text(one, "model")
        declined = one.get("type") == "message" and served and model and model not in served
        if one.get("type") == "advisor_message" or (declined and count(one, "output_tokens")):
            yield Response(model=model, usage=read_usage(one), usage_raw=raw(one))
