"""How many of the calls that break other calculators come out right? Rows of ../shared/data/cost."""

import csv
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from otel_burn.prices import price
from otel_burn.usage import Usage

TABLE = Path(__file__).parents[3] / "../shared/data/cost/torture.csv"
Row = Mapping[str, str]

pytestmark = [
    pytest.mark.recorded,
    pytest.mark.skipif(not TABLE.exists(), reason="../shared/data/cost is not beside this repository"),
]

LATER = {
    "A03": "the source has no cache-read rate of before 2026-10-07",
    "A09": "data residency",
    "A14": "web search fees",
    "A19": "fast mode of March 2026 is not in the source",
    "A21": "compaction is billed outside of the top-level usage",
    "A23": "a list of stream events, which the wire format merges",
    "B06": "aliases of the user",
    "V01": "regional endpoints",
    "O06": "12-hour cache writes",
    "O13": "data residency",
    "O16": "image tokens",
    "O24": "web search fees",
    "Z01": "deployment names and data zones",
    "G06": "image tokens",
    "G10": "the source tells the tier's rates in words only",
    "G12": "cache storage",
    "G13": "grounding fees",
    "X03": "regional endpoints",
    "D01": "the source keeps the old off-peak prices",
}
"""What needs more than tokens of known kinds, or another source of rates. Everything else must be right."""


def total(usage: Mapping[str, Any], *keys: str) -> int | None:
    """The sum of those *keys* that are there, None when none is."""
    found = [usage[key] for key in keys if usage.get(key) is not None]
    return sum(found) if found else None


def anthropic(usage: Mapping[str, Any]) -> Usage:
    """Anthropic's input excludes the cache."""
    lifetimes = usage.get("cache_creation") or {}
    return Usage(
        input_tokens=total(usage, "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
        output_tokens=usage.get("output_tokens"),
        cache_read_tokens=usage.get("cache_read_input_tokens"),
        cache_write_tokens=usage.get("cache_creation_input_tokens"),
        cache_write_5m_tokens=lifetimes.get("ephemeral_5m_input_tokens"),
        cache_write_1h_tokens=lifetimes.get("ephemeral_1h_input_tokens"),
    )


def openai(body: Mapping[str, Any]) -> Usage:
    """OpenAI's input includes the cache; DeepSeek says hits at the top level."""
    usage = body["usage"] or {}
    read = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    written = usage.get("completion_tokens_details") or {}
    return Usage(
        input_tokens=total(usage, "prompt_tokens", "input_tokens"),
        output_tokens=total(usage, "completion_tokens", "output_tokens"),
        cache_read_tokens=read.get("cached_tokens", usage.get("prompt_cache_hit_tokens")),
        cache_write_tokens=read.get("cache_write_tokens"),
        audio_input_tokens=read.get("audio_tokens"),
        audio_output_tokens=written.get("audio_tokens"),
    )


def google(body: Mapping[str, Any]) -> Usage:
    """Google's thoughts stand outside of the candidates."""
    usage = body.get("usageMetadata", {})
    modalities = {each["modality"]: each["tokenCount"] for each in usage.get("promptTokensDetails", ())}
    return Usage(
        input_tokens=usage.get("promptTokenCount"),
        output_tokens=total(usage, "candidatesTokenCount", "thoughtsTokenCount"),
        cache_read_tokens=usage.get("cachedContentTokenCount"),
        audio_input_tokens=modalities.get("AUDIO"),
    )


def convention(span: Mapping[str, Any]) -> Usage:
    """The OpenTelemetry attributes are totals already."""
    name = "gen_ai.usage."
    return Usage(
        input_tokens=span[name + "input_tokens"],
        output_tokens=span[name + "output_tokens"],
        cache_read_tokens=span[name + "cache_read.input_tokens"],
        cache_write_tokens=span[name + "cache_creation.input_tokens"],
    )


def bedrock(usage: Mapping[str, Any]) -> Usage:
    """Converse, as far as the rows go."""
    return Usage(input_tokens=usage["inputTokens"], output_tokens=usage["outputTokens"])


def langchain(usage: Mapping[str, Any]) -> Usage:
    """LangChain's usage_metadata of the integration that leaves the cache out of the input."""
    details = usage["input_token_details"]
    return Usage(
        input_tokens=usage["total_tokens"] - usage["output_tokens"],
        output_tokens=usage["output_tokens"],
        cache_read_tokens=details["cache_read"],
        cache_write_tokens=details["cache_creation"],
    )


SHAPES: Mapping[tuple[str, str], Callable[[Any], Usage]] = {
    ("anthropic", "otel span"): convention,
    ("aws", "converse"): bedrock,
    ("aws", "langchain"): langchain,
}
BY_PROVIDER: Mapping[str, Callable[[Any], Usage]] = {
    "anthropic": anthropic,
    "vertex": anthropic,
    "google": google,
}


def mistakes() -> dict[str, str]:
    """The rows that come out wrong: what is expected, and what we say."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        answers = {row["id"]: (row, answer(row)) for row in csv.DictReader(file)}
    return {
        name: f"{row['trap']}: expected {row['expected_status']} {row['expected_usd']}, got {got}"
        for name, (row, got) in answers.items()
        if not is_right(row, got)
    }


def answer(row: Row) -> Decimal | None:
    """Our price of the row's usage, read by the obvious rule of its provider."""
    shape = SHAPES.get((row["provider"], row["api"])) or BY_PROVIDER.get(row["provider"], openai)
    raw = json.loads(row["raw_usage_json"])
    if isinstance(raw, list):
        return None
    return price(
        provider=row["provider"],
        model=row["model"],
        at=datetime.fromisoformat(row["request_date_utc"]),
        usage=shape(raw),
        service_tier="fast" if "speed" in raw and raw["speed"] == "fast" else row["service_tier"],
    ).usd


def is_right(row: Row, usd: Decimal | None) -> bool:
    """To the tenth of a micro-dollar, and no price where none can be known."""
    if row["expected_usd"] == "":
        return usd is None
    return usd is not None and abs(usd - Decimal(row["expected_usd"])) < Decimal("1e-7")


def test_every_row_that_tokens_of_known_kinds_can_price_is_right() -> None:
    """Only the rows named above may be wrong, and a row that came right leaves the list."""
    wrong = mistakes()
    assert {name: what for name, what in wrong.items() if name not in LATER} == {}
    assert set(LATER) - set(wrong) == set(), "these are right now: take them off the list"
