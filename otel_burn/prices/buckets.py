"""Which disjoint units does a usage consist of? Each token stands in exactly one; what contradicts itself is said.

The wire formats bring every API to one shape (`otel_burn.usage.Usage`), whose whole counts include their parts; what
each API includes, and where that is written, stands in docs/usage.md.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from otel_burn.usage import Usage

FEES: Final[Mapping[str, str]] = {
    "web_search_requests": "web_searches",
    "search_units": "search_units",
    "images": "images",
    "pixels": "pixels",
    "characters": "characters",
    "pages": "pages",
    "file_searches": "file_searches",
    "maps_searches": "maps_searches",
    "x_searches": "x_searches",
    "code_executions": "code_executions",
    "attachment_searches": "attachment_searches",
    "code_interpreter_sessions": "code_interpreter_sessions",
    "cache_storage_token_hours": "cache_storage_token_hours",
    "requests_low": "requests_low",
    "requests_medium": "requests_medium",
    "requests_high": "requests_high",
}
"""What a call can bill beside tokens, by its name in `Usage.units`."""


class Buckets(NamedTuple):
    """What a call is billed for."""

    units: list[tuple[str, int]]
    """Quantities by unit, none of them 0."""
    problem: str = ""
    """Why the counts cannot be true: then there is nothing to bill by."""
    note: str = ""
    """Why the split is an estimate."""


def buckets(usage: Usage, *, reasoning_apart: bool = False) -> Buckets:
    """The disjoint units of *usage*, tokens and fees; the reasoning is output unless it has a rate of its own."""
    read, write = usage.cache_read_tokens or 0, usage.cache_write_tokens
    write_1h = usage.cache_write_1h_tokens or 0
    write_12h = int(usage.units.get("cache_write_12h_tokens", 0)) if usage.units else 0
    if write is None:
        write = (usage.cache_write_5m_tokens or 0) + write_1h + write_12h
    rest = (usage.input_tokens or 0) - read - write
    if (usage.audio_input_tokens or usage.image_input_tokens or usage.audio_output_tokens
            or usage.image_output_tokens or reasoning_apart or "video_input_tokens" in usage.units
            or "video_output_tokens" in usage.units):  # fmt: skip
        reasoning = (usage.reasoning_tokens or 0) if reasoning_apart else 0
        return _with_modalities(usage, rest, read, [write, write_1h, write_12h], reasoning)
    units = [("input_tokens", rest)] if rest else []
    if read:
        units.append(("cache_read_tokens", read))
    if write:
        short = ("cache_write_tokens", write - write_1h - write_12h)
        units += (short, ("cache_write_1h_tokens", write_1h), ("cache_write_12h_tokens", write_12h))
    if usage.output_tokens:
        units.append(("output_tokens", usage.output_tokens))
    return _checked(units, usage, "")


def _with_modalities(usage: Usage, rest: int, read: int, writes: list[int], reasoning: int) -> Buckets:
    """Audio and images are parts of input and output, and their cached parts of what the cache served."""
    audio, image = usage.audio_input_tokens or 0, usage.image_input_tokens or 0
    audio_read, image_read = usage.audio_cache_read_tokens or 0, 0
    note = ""
    video, video_out = (int(usage.units.get(f"video_{way}_tokens", 0)) for way in ("input", "output"))
    fresh = rest - (audio - audio_read) - image - video
    if fresh < 0 and usage.audio_cache_read_tokens is None and -fresh <= min(read, audio + image):
        # More modal tokens than uncached ones: the cache served some of them, at least so many.
        audio_read = min(-fresh, audio)
        image_read = -fresh - audio_read
        note = "how much of the audio or the images the cache served, the provider did not say"
    audio_out, image_out = usage.audio_output_tokens or 0, usage.image_output_tokens or 0
    units = [
        ("input_tokens", rest - (audio - audio_read) - (image - image_read) - video),
        ("cache_read_tokens", read - audio_read - image_read),
        ("cache_write_tokens", writes[0] - writes[1] - writes[2]),
        ("cache_write_1h_tokens", writes[1]),
        ("cache_write_12h_tokens", writes[2]),
        ("audio_input_tokens", audio - audio_read),
        ("audio_cache_read_tokens", audio_read),
        ("image_input_tokens", image - image_read),
        ("image_cache_read_tokens", image_read),
        ("video_input_tokens", video),
        ("output_tokens", (usage.output_tokens or 0) - audio_out - image_out - video_out - reasoning),
        ("reasoning_tokens", reasoning),
        ("audio_output_tokens", audio_out),
        ("image_output_tokens", image_out),
        ("video_output_tokens", video_out),
    ]
    return _checked(units, usage, note)


def _checked(units: list[tuple[str, int]], usage: Usage, note: str) -> Buckets:
    found = [one for one in units if one[1]]
    for unit, quantity in found:
        if quantity < 0:
            said = f"the parts of the usage exceed the whole: {quantity} {unit} are left over"
            return Buckets([], said)
    if usage.units:
        found += [(FEES[name], int(many)) for name, many in usage.units.items() if name in FEES and many]
    return Buckets(found, "", note)


def compaction(usage: Usage) -> Usage | None:
    """The usage of what a provider summed up within the call: a response of its own, with a prompt of its own."""
    units = usage.units
    given = int(units.get("compaction_input_tokens", 0))
    written = int(units.get("compaction_output_tokens", 0))
    if not given and not written:
        return None
    return Usage(
        input_tokens=given,
        output_tokens=written,
        cache_read_tokens=int(units.get("compaction_cache_read_tokens", 0)),
        cache_write_tokens=int(units.get("compaction_cache_write_tokens", 0)),
    )
