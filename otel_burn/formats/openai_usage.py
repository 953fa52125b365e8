"""What do the usage objects count that OpenAI's APIs report, and all who speak them with an accent?

Chat says `prompt_tokens` and `completion_tokens`, everything newer `input_tokens` and `output_tokens`; the parts stand
in `…_details`. In which way others differ is written at the tables below.
"""

from collections.abc import Iterable
from typing import Any, Final

from otel_burn.formats.fields import Fields, Json, count, mapping
from otel_burn.usage import Usage

_INPUT: Final = ("prompt_tokens", "input_tokens")
_OUTPUT: Final = ("completion_tokens", "output_tokens")
_INPUT_DETAILS: Final = ("prompt_tokens_details", "input_tokens_details", "input_token_details")
_OUTPUT_DETAILS: Final = ("completion_tokens_details", "output_tokens_details", "output_token_details")
_CACHE_READ: Final = (
    "prompt_cache_hit_tokens",  # DeepSeek
    "num_cached_tokens",  # Mistral
    "cached_tokens",  # Moonshot, Together, Hugging Face's router
    "cache_read_input_tokens",  # LiteLLM's proxy, Databricks
)
"""Where the cache reads stand in the usage itself, beside `cached_tokens` in the details of the input."""
_CACHE_WRITE: Final = (
    "cache_write_tokens",  # OpenAI, OpenRouter
    "cache_creation_tokens",  # LiteLLM's proxy
    "cache_creation_input_tokens",  # DashScope; LiteLLM's proxy in the usage itself
)
_LIFETIMES: Final = ("cache_creation", "cache_creation_token_details")
_WEB_SEARCHES: Final = (
    ("server_tool_use", "web_search_requests"),
    ("server_tool_use_details", "web_search_requests"),  # OpenRouter
    ("server_side_tool_usage_details", "web_search_calls"),  # xAI
)


def read_usage(usage: Json) -> Usage | None:
    """The counts of a *usage* object; None where it has none.

    Input includes what was cached, output the reasoning: where a host leaves either out, its own total tells.
    """
    given, written = _largest(usage, _INPUT), _largest(usage, _OUTPUT)
    units = dict(_units(usage))
    if given is None and written is None and not units:
        return None
    read, wrote = _first(usage, _INPUT_DETAILS), _first(usage, _OUTPUT_DETAILS)
    cache_read = _largest(usage, _CACHE_READ, count(read, "cached_tokens"))
    cache_write = _largest(usage, _CACHE_WRITE, _largest(read, _CACHE_WRITE))
    reasoning = _largest(usage, ("reasoning_tokens",), count(wrote, "reasoning_tokens"))
    missing = _left_out(usage, given, written)
    heard = count(read, "audio_tokens")
    if missing and "prompt_audio_seconds" in usage:
        given, heard = (
            (given or 0) + missing,
            (heard or 0) + missing,
        )  # Mistral counts audio in the total alone
    elif missing and missing == (cache_read or 0) + (cache_write or 0):
        given = (given or 0) + missing
    elif missing and reasoning in (None, 0, missing):
        # xAI leaves the reasoning out of the output; Gemini's OpenAI endpoint does so, too, and doesn't name it.
        written = (written or 0) + missing
    elif "citation_tokens" in usage and given is not None and written is not None:
        # Perplexity's deep research counts what it read and thought beside the two and the total, and bills all four.
        given += count(usage, "citation_tokens") or 0
        written += reasoning or 0
    lifetimes = _first(read, _LIFETIMES)
    return Usage(
        input_tokens=given,
        output_tokens=written,
        cache_read_tokens=cache_read,
        cache_write_tokens=cache_write,
        cache_write_5m_tokens=count(lifetimes, "ephemeral_5m_input_tokens"),
        cache_write_1h_tokens=count(lifetimes, "ephemeral_1h_input_tokens"),
        reasoning_tokens=reasoning,
        audio_input_tokens=heard,
        audio_output_tokens=count(wrote, "audio_tokens"),
        audio_cache_read_tokens=count(mapping(read, "cached_tokens_details"), "audio_tokens"),
        image_input_tokens=count(read, "image_tokens"),
        image_output_tokens=count(wrote, "image_tokens"),
        units=units,
    )


def read_timings(timings: Json) -> Usage | None:
    """The counts in llama.cpp's *timings*, which its streams carry where no usage was asked for.

    `prompt_n` leaves out what came from the cache; a server that doesn't say how much that was says nothing.
    """
    new, cached = count(timings, "prompt_n"), count(timings, "cache_n")
    if new is None or cached is None:
        return None
    return Usage(
        input_tokens=new + cached, output_tokens=count(timings, "predicted_n"), cache_read_tokens=cached
    )


def _left_out(usage: Json, given: int | None, written: int | None) -> int:
    """By how much the total exceeds input and output."""
    total = count(usage, "total_tokens")
    return 0 if None in (total, given, written) else max(0, (total or 0) - (given or 0) - (written or 0))


def _units(usage: Json) -> Iterable[tuple[str, float]]:
    details = _first(_first(usage, _INPUT_DETAILS), ("cache_write_tokens_details",))
    for unit, key in (("cache_write_30m_tokens", "ttl_30m"), ("cache_write_12h_tokens", "ttl_12h")):
        if quantity := _largest(details, (key, f"{key}_tokens")):
            yield unit, quantity
    searches = [count(mapping(usage, key), unit) for key, unit in _WEB_SEARCHES]
    if searched := max(filter(None, (*searches, count(usage, "num_search_queries"))), default=None):
        yield "web_search_requests", searched
    if (size := usage.get("search_context_size")) in ("low", "medium", "high"):
        yield f"requests_{size}", 1  # Perplexity's fee for a request goes by how much it searched
    if read := count(usage, "citation_tokens"):
        yield "tool_use_input_tokens", read
    # OpenAI's whisper and Mistral's voxtral bill the length of the audio.
    seconds = usage.get("seconds") if usage.get("type") == "duration" else usage.get("prompt_audio_seconds")
    if (heard := quantity_of(seconds)) is not None:
        yield "audio_input_seconds", heard


def quantity_of(value: Any) -> float | None:
    """*value* as a billed quantity: a finite number that is not negative."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and 0 <= value < 1e15 else None


def _largest(source: Fields, keys: Iterable[str], other: int | None = None) -> int | None:
    """The count that stands under any of *keys*: hosts that repeat one in a second place may leave a 0 in the first."""
    counts = [found for key in keys if (found := count(source, key)) is not None]
    return max(counts if other is None else [*counts, other], default=None)


def _first(source: Fields, keys: Iterable[str]) -> Json:
    return next((found for key in keys if (found := mapping(source, key))), {})
