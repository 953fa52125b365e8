"""Do we price as the library does whose data we took? Every model of its table, on several days."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_burn.prices import price
from otel_burn.prices.sellers import find_model
from otel_burn.usage import Usage

genai_prices = pytest.importorskip("genai_prices", reason="the rates' source is only in the extra `dev`")

DAYS = (
    datetime(2025, 5, 1, 12, tzinfo=UTC),
    datetime(2026, 9, 20, 3, tzinfo=UTC),
    datetime(2026, 11, 20, tzinfo=UTC),
)
"""Before and after many price changes, inside and outside of DeepSeek's peak hours, which we date."""
UNCACHED = Usage(input_tokens=210_000, output_tokens=1_000)
USAGE = Usage(input_tokens=210_000, output_tokens=1_000, cache_read_tokens=150_000)


OVERLAY = Path(__file__).parents[3] / "scripts" / "rate_overlay.json"


def amended() -> set[tuple[str, str]]:
    """The models for which we know better, with the source in that file."""
    overlay = json.loads(OVERLAY.read_text(encoding="utf-8"))
    entries = [*overlay["prices"], *overlay["history"]]
    return {(one["provider"], model) for one in entries for model in one["models"]}


def caches(model: Any, day: datetime) -> bool:
    """Whether the library has a rate of its own for cache reads; some of ours come from the other source."""
    return model.get_prices(day).cache_read_mtok is not None


def steps_from_elsewhere(provider: Any, model: Any, day: datetime) -> bool:
    """Whether only the other source knows that long prompts cost more."""
    listed = find_model(provider.id, model.id)
    ours = [one.usd.get("input_tokens", "") for one in listed.model.periods if not one.when] if listed else []
    flat = isinstance(model.get_prices(day).input_mtok, Decimal)
    return flat and all(not isinstance(rate, str) for rate in ours)


def theirs(provider: Any, model: Any, day: datetime) -> Decimal:
    """The library's price of the same tokens."""
    usage = genai_prices.Usage(
        input_tokens=USAGE.input_tokens,
        output_tokens=USAGE.output_tokens,
        cache_read_tokens=USAGE.cache_read_tokens,
    )
    total = model.calc_price(usage, provider, genai_request_timestamp=day).total_price
    assert isinstance(total, Decimal)
    return total


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_every_computed_price_is_the_librarys_price(day: datetime) -> None:
    """Our own matching, dates, thresholds and arithmetic lead to the same amount, to the last digit."""
    from genai_prices.data import providers

    different, compared, apart, known = [], 0, 0, amended()
    for provider in providers:
        for model in provider.models:
            found = provider.find_model(model.id)
            ours = price(provider=provider.id, model=model.id, at=day, usage=USAGE)
            if found is None or ours.usd is None or (provider.id, found.id) in known:
                continue
            fees = any(line.unit.startswith("requests") for line in ours.lines)
            if fees or steps_from_elsewhere(provider, found, day):
                apart += 1
                continue
            if not caches(found, day):
                ours = price(provider=provider.id, model=model.id, at=day, usage=UNCACHED)
            compared += 1
            if ours.usd != (expected := theirs(provider, found, day)):
                different.append((provider.id, model.id, ours.usd, expected))
    assert different == []
    assert compared > 1_900
    assert apart < 30
