"""What does the price file of the package `litellm` say? Read as data out of its wheel; nothing of it is installed.

It has no history and no rules, but rates that the other source lacks: tiers, hour-long and twelve-hour cache writes,
audio and image tokens, fees, and models. `compact` keeps what we can use of it in litellm_prices.json.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from rate_steps import Rate, exact

COMPACT = Path(__file__).with_name("litellm_prices.json")
MEMBER = "litellm/model_prices_and_context_window_backup.json"

SELLERS: Mapping[str, str] = {
    "anthropic": "anthropic", "openai": "openai", "text-completion-openai": "openai", "azure": "azure",
    "azure_ai": "azure", "bedrock": "aws", "bedrock_converse": "aws", "gemini": "google",
    "vertex_ai-language-models": "google", "vertex_ai": "google", "vertex_ai-anthropic_models": "google",
    "vertex_ai-embedding-models": "google", "xai": "x-ai", "mistral": "mistral", "deepseek": "deepseek",
    "groq": "groq", "cohere": "cohere", "cohere_chat": "cohere", "perplexity": "perplexity",
    "together_ai": "together", "fireworks_ai": "fireworks", "moonshot": "moonshotai", "cerebras": "cerebras",
    "minimax": "minimax", "voyage": "voyageai", "zai": "zai",
}  # fmt: skip
"""`litellm_provider` to our price list; others are left alone."""

PREFIX = re.compile(
    r"^(azure|azure_ai|gemini|vertex_ai|xai|mistral|deepseek|groq|perplexity|together_ai|"
    r"fireworks_ai|moonshot|cerebras|minimax|voyage|zai|cohere|openai)/"
)
ZONE = re.compile(r"^(eu|us)/")

UNITS: Mapping[str, str] = {
    "input_cost_per_token": "input_tokens",
    "output_cost_per_token": "output_tokens",
    "cache_read_input_token_cost": "cache_read_tokens",
    "cache_creation_input_token_cost": "cache_write_tokens",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h_tokens",
    "cache_creation_input_token_cost_above_12hr": "cache_write_12h_tokens",
    "input_cost_per_audio_token": "audio_input_tokens",
    "output_cost_per_audio_token": "audio_output_tokens",
    "cache_read_input_audio_token_cost": "audio_cache_read_tokens",
    "input_cost_per_image_token": "image_input_tokens",
    "output_cost_per_image_token": "image_output_tokens",
    "cache_read_input_image_token_cost": "image_cache_read_tokens",
    "input_cost_per_video_token": "video_input_tokens",
    "output_cost_per_video_token": "video_output_tokens",
    "output_cost_per_reasoning_token": "reasoning_tokens",
    "citation_cost_per_token": "citation_tokens",
    "ocr_cost_per_page": "pages",
    "annotation_cost_per_page": "annotated_pages",
    "input_cost_per_query": "search_units",
    "input_cost_per_character": "characters",
    "google_maps_grounding_cost_per_query": "maps_searches",
}
TIERS: Mapping[str, Mapping[str, str]] = {
    "batches": {"processing": "batch"},
    "flex": {"service_tier": "flex"},
    "priority": {"service_tier": "priority"},
    "ultrafast": {"service_tier": "ultrafast"},
    "balanced": {"service_tier": "balanced"},
}
KEY = re.compile(rf"({'|'.join(UNITS)})(?:_above_(\d+)k_tokens)?(?:_({'|'.join(TIERS)}))?")
INCLUSIVE = {"x-ai"}
"""Who bills the higher rate at the threshold already, as its price list says in words."""


def compact(wheel: Path) -> bytes:
    """What we can use of the file in *wheel* (or of the file itself), with its digest."""
    raw = zipfile.ZipFile(wheel).read(MEMBER) if wheel.suffix == ".whl" else wheel.read_bytes()
    kept = {
        name: used
        for name, entry in json.loads(raw, parse_float=str, parse_int=str).items()
        if entry.get("litellm_provider") in SELLERS and (used := _used(entry))
    }
    head = {"from": wheel.name.split("-cp")[0], "sha256": hashlib.sha256(raw).hexdigest()}
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(used)}" for name, used in kept.items())
    return f'{{"head":{json.dumps(head)},\n"models":{{\n{lines}\n}}}}\n'.encode()


def _used(entry: Mapping[str, Any]) -> dict[str, Any]:
    rates = {key: value for key, value in entry.items() if KEY.fullmatch(key) and isinstance(value, str)}
    if not any(Decimal(value) for value in rates.values()):
        return {}
    fees = entry.get("search_context_cost_per_query")
    extra = {"search_context_cost_per_query": fees} if isinstance(fees, dict) else {}
    return {"litellm_provider": entry["litellm_provider"], **rates, **extra}


def head() -> dict[str, str]:
    """Which file it was."""
    found: dict[str, str] = json.loads(COMPACT.read_text(encoding="utf-8"))["head"]
    return found


def entries() -> Iterator[tuple[str, str, str | None, dict[str, dict[str, Rate]]]]:
    """Each model: our provider, the model's name, the data zone that it is for, and rates by tier ("" is standard)."""
    for name, entry in json.loads(COMPACT.read_text(encoding="utf-8"))["models"].items():
        seller = SELLERS[entry["litellm_provider"]]
        bare = PREFIX.sub("", name)
        zone = ZONE.match(bare) if seller == "azure" else None
        bare = ZONE.sub("", bare) if zone else bare
        bare = bare.removeprefix("global/") if seller == "azure" else bare
        if "/" in bare and seller in ("aws", "azure", "openai", "google"):
            continue  # a region, a size of image, a commitment: not what a response names
        yield seller, bare, zone[1] if zone else None, _by_tier(entry, seller)


def _by_tier(entry: Mapping[str, Any], seller: str) -> dict[str, dict[str, Rate]]:
    found: dict[str, dict[str, dict[int, Decimal]]] = {}
    for key, value in entry.items():
        if parts := KEY.fullmatch(key):
            over = int(parts[2]) * 1000 - (seller in INCLUSIVE) if parts[2] else -1
            found.setdefault(parts[3] or "", {}).setdefault(UNITS[parts[1]], {})[over] = Decimal(value)
    tiers = {tier: {unit: _rate(by) for unit, by in units.items()} for tier, units in found.items()}
    standard = tiers.setdefault("", {})
    fees = {Decimal(fee) for fee in entry.get("search_context_cost_per_query", {}).values()}
    if len(fees) == 1:
        standard["web_searches"] = exact(fees.pop())
    if standard.get("reasoning_tokens") == standard.get("output_tokens"):
        for units in tiers.values():
            units.pop("reasoning_tokens", None)
    return {tier: {unit: rate for unit, rate in units.items() if rate} for tier, units in tiers.items()}


def _rate(by: dict[int, Decimal]) -> Rate | None:
    if -1 not in by:
        return None
    above = [[over, exact(usd)] for over, usd in sorted(by.items()) if over >= 0 and usd != by[-1]]
    return [exact(by[-1]), *above] if above else exact(by[-1])
