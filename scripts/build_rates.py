"""What does each provider charge? Rewrites otel_burn/prices/{rates.jsonl,version.py} from `genai-prices`.

Run `python scripts/build_rates.py` after upgrading the package `genai-prices`, and commit what changed.
Nothing is looked up on the network and no clock is read: equal package, equal bytes.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
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

from otel_burn.prices.version import AS_OF

FOLDER = Path(__file__).parents[1] / "otel_burn" / "prices"

UNITS = {
    "input_audio_tokens": "audio_input_tokens",
    "output_audio_tokens": "audio_output_tokens",
    "cache_audio_read_tokens": "audio_cache_read_tokens",
    "output_reasoning_tokens": "reasoning_tokens",
}
"""Units that `otel_burn.usage.Usage` spells in another way; the others keep their names."""

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


def exact(amount: Decimal, per: int) -> str:
    """The price of one unit as decimal text without an exponent, never rounded."""
    one = amount / per
    if one * per != amount:
        raise ValueError(
            f"{amount} / {per} has no exact decimal form; give the unit another size in PRICED_BY"
        )
    return format(one.normalize(), "f")


def rate(value: Decimal | TieredPrices, per: int) -> Any:
    """A plain rate is its text; a tiered one is [base, [more input tokens than, rate], …]."""
    if isinstance(value, Decimal):
        return exact(value, per)
    return [exact(value.base, per), *([tier.start, exact(tier.price, per)] for tier in value.tiers)]


def amounts(prices: ModelPrice) -> dict[str, Any]:
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


def lines(as_of: str) -> Iterator[str]:
    """The table: a header, then each provider followed by its models, one JSON object a line."""
    yield json.dumps(
        {
            "generated": "by scripts/build_rates.py; do not edit, a test compares the digest",
            "from": f"genai-prices {version('genai-prices')} (MIT licence)",
            "as_of": as_of,
            "usd": "per one unit (token, request, …); tiers are [base, [more input tokens than, rate], …]",
        }
    )
    for provider in sorted(providers, key=lambda each: each.id):
        yield json.dumps(provider_row(provider), separators=(",", ":"))
        for model in provider.models:
            row = {"model": model.id, "match": clause(model.match), "prices": list(periods(model))}
            yield json.dumps(row, separators=(",", ":"), ensure_ascii=False)


def table(as_of: str) -> bytes:
    """The text of rates.jsonl."""
    return ("\n".join(lines(as_of)) + "\n").encode()


def version_module(as_of: str, digest: str) -> str:
    """The text of version.py."""
    return f'''"""Which rate table is this? Written by scripts/build_rates.py; do not edit."""

AS_OF = "{as_of}"
"""The day on which the source of the table was current."""
RATE_VERSION = "{as_of}/genai-prices-{version("genai-prices")}"
DIGEST = "{digest}"
"""SHA-256 of rates.jsonl."""
'''


def main() -> None:
    """Rewrite both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--as-of", default=AS_OF, metavar="DATE", help="when the package was current")
    as_of = parser.parse_args().as_of
    content = table(as_of)
    (FOLDER / "rates.jsonl").write_bytes(content)
    module = version_module(as_of, hashlib.sha256(content).hexdigest())
    (FOLDER / "version.py").write_text(module, encoding="utf-8")


if __name__ == "__main__":
    main()
