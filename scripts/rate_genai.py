"""What does the package `genai-prices` know? Its price lists, as the rows of rates.jsonl."""

import json
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from genai_prices.data import providers
from genai_prices.data_units import unit_data
from genai_prices.types import (
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    PriceVariant,
    Provider,
    StartDateConstraint,
    TieredPrices,
    TimeOfDateConstraint,
)
from rate_steps import Rate, exact

NAME = f"genai-prices {version('genai-prices')}"

UNITS = {
    "input_audio_tokens": "audio_input_tokens",
    "output_audio_tokens": "audio_output_tokens",
    "cache_audio_read_tokens": "audio_cache_read_tokens",
    "input_image_tokens": "image_input_tokens",
    "output_image_tokens": "image_output_tokens",
    "input_video_tokens": "video_input_tokens",
    "output_video_tokens": "video_output_tokens",
    "cache_image_read_tokens": "image_cache_read_tokens",
    "output_reasoning_tokens": "reasoning_tokens",
    "output_citation_tokens": "citation_tokens",
    "storage_searches": "file_searches",
    "input_document_pages": "pages",
    "input_annotated_document_pages": "annotated_pages",
    "input_characters": "characters",
}
"""Units that we spell in another way; the others keep their names."""

HOUR = 3600
"""Prices an hour stay prices an hour: a second of them has no exact decimal form."""


def priced_by() -> dict[str, tuple[str, int]]:
    """For each price key of the package: our unit, and how many of them the price is for."""
    return {
        unit["price_key"]: (unit["price_key"], 1)
        if unit["per"] == HOUR
        else (UNITS.get(name, name), unit["per"])
        for name, unit in unit_data.items()
    }


PRICED_BY = priced_by()


def rate(value: Decimal | TieredPrices, per: int) -> Rate:
    """A plain rate is its text; a tiered one is [base, [more input tokens than, rate], …]."""
    if isinstance(value, Decimal):
        return exact(value, per)
    return [exact(value.base, per), *([tier.start, exact(tier.price, per)] for tier in value.tiers)]


def amounts(prices: ModelPrice) -> dict[str, Rate]:
    """Every unit that *prices* knows, in the order of genai-prices' own unit table."""
    known = {key: value for key, value in vars(prices).items() if value is not None}
    return {PRICED_BY[key][0]: rate(known[key], PRICED_BY[key][1]) for key in PRICED_BY if key in known}


def clause(match: Any) -> Any:
    """A match rule as JSON: {"equals": text}, {"or": [rules]}, …"""
    ((name, value),) = vars(match).items()
    if isinstance(value, list):
        return {name.rstrip("_"): [clause(inner) for inner in value]}
    return {name: value}


def constraint(condition: StartDateConstraint | TimeOfDateConstraint | None) -> dict[str, Any]:
    """From which date, or in which daily window (UTC), a price holds."""
    if condition is None:
        return {}
    if isinstance(condition, StartDateConstraint):
        return {"from": condition.start_date.isoformat()}
    return {"utc": [f"{moment:%H:%M}" for moment in (condition.start_time, condition.end_time)]}


def periods(model: ModelInfo) -> Iterator[dict[str, Any]]:
    """The model's prices, oldest first: standard ones, then those of each service tier."""
    standard = model.prices if isinstance(model.prices, list) else [ConditionalPrice(prices=model.prices)]
    for price in standard:
        yield {**constraint(price.constraint), "usd": amounts(price.prices)}
    for variant in sorted(model.price_variants or [], key=tier_and_start):
        if usd := amounts(variant.prices):
            yield {"when": variant.when, **constraint(variant.constraint), "usd": usd}


def tier_and_start(variant: PriceVariant) -> tuple[str, str]:
    """Sorts variants by their condition, and equal conditions by age (the package lists the newest first)."""
    return json.dumps(variant.when), constraint(variant.constraint).get("from", "")


def provider_row(provider: Provider) -> dict[str, Any]:
    """The provider itself: how a host or a model names it, and whose models it resells."""
    row: dict[str, Any] = {"provider": provider.id, "api": provider.api_pattern}
    if provider.model_match is not None:
        row["models"] = clause(provider.model_match)
    if provider.fallback_model_providers:
        row["resells"] = provider.fallback_model_providers
    row["source"] = (provider.pricing_urls or [""])[0]
    return row


def lists() -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each provider's row and those of its models."""
    return [
        (
            provider_row(provider),
            [
                {"model": model.id, "match": clause(model.match), "prices": list(periods(model))}
                for model in provider.models
            ],
        )
        for provider in sorted(providers, key=lambda each: each.id)
    ]
