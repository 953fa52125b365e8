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
from typing import Any, NamedTuple

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
    "minimax": "minimax", "voyage": "voyageai", "zai": "zai", "bedrock_mantle": "aws", "amazon_nova": "aws",
    "vertex_ai-mistral_models": "google", "vertex_ai-llama_models": "google", "vertex_ai-ai21_models": "google",
    "vertex_ai-deepseek_models": "google", "vertex_ai-qwen_models": "google", "vertex_ai-zai_models": "google",
    "vertex_ai-openai_models": "google", "vertex_ai-minimax_models": "google", "vertex_ai-moonshot_models": "google",
    "codestral": "mistral", "dashscope": "alibaba", "deepinfra": "deepinfra", "nebius": "nebius",
    "sambanova": "sambanova", "hyperbolic": "hyperbolic", "watsonx": "watsonx", "ai21": "ai21", "jina_ai": "jina",
    "vercel_ai_gateway": "vercel", "volcengine": "volcengine", "lambda_ai": "lambda", "oci": "oci",
    "nscale": "nscale", "scaleway": "scaleway", "wandb": "wandb", "morph": "morph", "friendliai": "friendliai",
    "deepgram": "deepgram", "assemblyai": "assemblyai", "inception": "inception", "databricks": "databricks",
    "novita": "novita", "github_copilot": "github-copilot", "cloudflare": "cloudflare", "baseten": "baseten",
    "ovhcloud": "ovhcloud", "meta": "meta", "meta_llama": "meta",
}  # fmt: skip
"""`litellm_provider` to our price list; others are left alone. Lists that the first source lacks are declared in
rate_overlay.json."""

PREFIX = re.compile(
    r"^(azure|azure_ai|gemini|vertex_ai|xai|mistral|deepseek|groq|perplexity|together_ai|bedrock|bedrock_mantle|"
    r"fireworks_ai|moonshot|cerebras|minimax|voyage|zai|cohere|openai|codestral|dashscope|deepinfra|nebius|"
    r"sambanova|hyperbolic|watsonx|ai21|jina_ai|vercel_ai_gateway|volcengine|lambda_ai|oci|nscale|scaleway|"
    r"wandb|morph|friendliai|deepgram|assemblyai|inception|amazon-nova|databricks|novita|github_copilot|cloudflare|"
    r"baseten|ovhcloud|meta|meta_llama)/"
)
AWS_REGION = re.compile(r"^[a-z]{2}(-gov)?-[a-z]+-\d/[^/]+$")
PUBLISHED = re.compile(
    r"^(deepseek-ai|google|meta|minimaxai|mistralai|moonshotai|openai|qwen|xai|zai-org)/[^/]+$"
)
"""How Vertex AI names the models of others."""
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
FIRST = {"gemini", "azure_ai"}
"""The Gemini API before Vertex AI, Foundry before the deployments of former years."""
PER_THOUSAND = {"embed-multilingual-light-v3.0"}
"""Whose rates are those of a thousand tokens, as the model's siblings of the same price show."""
INCLUSIVE = {"x-ai"}
"""Who bills the higher rate at the threshold already, as its price list says in words."""


def compact(wheel: Path, former: Mapping[str, Any] | None = None) -> bytes:
    """What we can use of the file in *wheel* (or of the file itself), with its digest.

    A model that it lists no more than *former*, the file before it, stays, as calls of that time are still priced.
    """
    raw = zipfile.ZipFile(wheel).read(MEMBER) if wheel.suffix == ".whl" else wheel.read_bytes()
    kept = {
        name: used
        for name, entry in json.loads(raw, parse_float=str, parse_int=str).items()
        if entry.get("litellm_provider") in SELLERS and (used := _used(entry))
    }
    head = {"from": wheel.name.split("-cp")[0], "sha256": hashlib.sha256(raw).hexdigest()}
    if former:
        last = former["head"]["from"]
        kept |= {
            name: {"last_in": last, **entry} for name, entry in former["models"].items() if name not in kept
        }
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(used)}" for name, used in kept.items())
    return f'{{"head":{json.dumps(head)},\n"models":{{\n{lines}\n}}}}\n'.encode()


def _used(entry: Mapping[str, Any]) -> dict[str, Any]:
    entry = {**entry, **_steps_of(entry)}
    rates = {key: value for key, value in entry.items() if KEY.fullmatch(key) and isinstance(value, str)}
    seconds = entry.get("input_cost_per_second")
    if entry.get("mode") == "audio_transcription" and isinstance(seconds, str):
        rates["input_cost_per_second"] = seconds
    if not any(Decimal(value) for value in rates.values()):
        return {}
    fees = entry.get("search_context_cost_per_query")
    extra = {"search_context_cost_per_query": fees} if isinstance(fees, dict) else {}
    return {"litellm_provider": entry["litellm_provider"], **rates, **extra}


def _steps_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """`tiered_pricing`, [{range: [tokens, tokens], unit: rate}, …], by the names that the other thresholds have."""
    found = {}
    for step in entry.get("tiered_pricing") or ():
        if "range" in step:
            over = int(float(step["range"][0])) // 1000
            above = f"_above_{over}k_tokens" if over else ""
            found |= {f"{key}{above}": rate for key, rate in step.items() if key in UNITS}
    return found


def former() -> dict[str, Any]:
    """The file as it is."""
    found: dict[str, Any] = json.loads(COMPACT.read_text(encoding="utf-8"))
    return found


def head() -> dict[str, str]:
    """Which file it was."""
    found: dict[str, str] = former()["head"]
    return found


class Entry(NamedTuple):
    """A model that the file lists."""

    seller: str
    """Whose list of ours it belongs on."""
    name: str
    """As the seller writes it; on Amazon's list with the region before it where only that one has the price."""
    zone: str | None
    """The data zone that it is for."""
    tiers: Mapping[str, Mapping[str, Rate]]
    """Rates by tier; "" is standard."""
    source: str


def entries() -> Iterator[Entry]:
    """Each model with its rates, those of FIRST before others of the same name, as one list of ours has both."""
    file = former()
    for name, entry in sorted(
        file["models"].items(), key=lambda each: each[1]["litellm_provider"] not in FIRST
    ):
        seller = SELLERS[entry["litellm_provider"]]
        bare = PREFIX.sub("", name)
        zone = ZONE.match(bare) if seller == "azure" else None
        bare = ZONE.sub("", bare) if zone else bare
        bare = bare.removeprefix("global/") if seller == "azure" else bare
        if "/" in bare and not _is_a_name(seller, bare):
            continue  # a size of image, a commitment: not what a response names
        source = entry.get("last_in", file["head"]["from"])
        if bare in PER_THOUSAND:
            entry = {key: str(Decimal(usd) / 1000) if key in UNITS else usd for key, usd in entry.items()}
        yield Entry(seller, bare, zone[1] if zone else None, _by_tier(entry, seller), source)


def _is_a_name(seller: str, bare: str) -> bool:
    if seller == "aws":
        return AWS_REGION.match(bare) is not None
    if seller == "google":
        return PUBLISHED.match(bare) is not None
    return seller not in ("azure", "openai")


def _by_tier(entry: Mapping[str, Any], seller: str) -> dict[str, dict[str, Rate]]:
    found: dict[str, dict[str, dict[int, Decimal]]] = {}
    for key, value in entry.items():
        if parts := KEY.fullmatch(key):
            over = int(parts[2]) * 1000 - (seller in INCLUSIVE) if parts[2] else -1
            found.setdefault(parts[3] or "", {}).setdefault(UNITS[parts[1]], {})[over] = Decimal(value)
    tiers = {tier: {unit: _rate(by) for unit, by in units.items()} for tier, units in found.items()}
    standard = tiers.setdefault("", {})
    if "input_cost_per_second" in entry:
        standard["audio_hours"] = exact(Decimal(entry["input_cost_per_second"]) * 3600)
    fees = {Decimal(fee) for fee in entry.get("search_context_cost_per_query", {}).values()}
    if len(fees) == 1:
        standard["web_searches"] = exact(fees.pop())
    if standard.get("reasoning_tokens") == standard.get("output_tokens"):
        for units in tiers.values():
            units.pop("reasoning_tokens", None)
    known = {tier: {unit: rate for unit, rate in units.items() if rate} for tier, units in tiers.items()}
    return {tier: units for tier, units in known.items() if not tier or _is_whole(units, standard)}


def _is_whole(tier: Mapping[str, Rate], standard: Mapping[str, Rate | None]) -> bool:
    """Whether a *tier* has both of input and output, or neither, where the model has both: else some is missing."""
    both = ("input_tokens", "output_tokens")
    billed = [unit for unit in both if standard.get(unit) not in (None, "0")]
    return len(billed) < len(both) or len({unit in tier for unit in both}) == 1


def _rate(by: dict[int, Decimal]) -> Rate | None:
    if -1 not in by:
        return None
    above = [[over, exact(usd)] for over, usd in sorted(by.items()) if over >= 0 and usd != by[-1]]
    return [exact(by[-1]), *above] if above else exact(by[-1])
