"""What does Cohere bill? The `billed_units`, which are fewer than the tokens that a model read and wrote."""

from collections.abc import Iterable

from otel_burn.formats.fields import Json, count, mapping, raw
from otel_burn.usage import Usage


def read_usage(usage: Json) -> Usage | None:
    """The counts of *usage*, which the first version of the API calls `meta`.

    Billed units count, as the convention asks where a provider reports both; the tokens stand in the raw usage.
    Cached tokens are a part of the latter: where they are more than what was billed, they were no part of the bill.
    """
    billed = mapping(usage, "billed_units") or mapping(usage, "tokens")
    given, images = count(billed, "input_tokens"), count(billed, "image_tokens")
    said, units = count(billed, "output_tokens"), dict(_units(billed))
    if given is None and images is None and said is None and not units:
        return None
    whole = None if given is None and images is None else (given or 0) + (images or 0)
    cached = count(usage, "cached_tokens")
    return Usage(
        input_tokens=whole,
        output_tokens=said,
        cache_read_tokens=cached if cached is not None and cached <= (whole or 0) else None,
        image_input_tokens=images,
        units=units,
    )


def read_raw(usage: Json) -> str | None:
    """The counts as the provider gave them, without versions and warnings."""
    return raw({key: usage[key] for key in ("billed_units", "tokens", "cached_tokens") if usage.get(key)})


def _units(billed: Json) -> Iterable[tuple[str, float]]:
    for unit in ("search_units", "images", "pages"):
        if quantity := count(billed, unit):
            yield unit, quantity
