"""What does a raw usage object count, whoever reported it? One row a shape, read by the wire formats' own readers."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from otel_burn import names
from otel_burn.formats import (
    anthropic_usage,
    bedrock_converse,
    cohere_usage,
    gemini_usage,
    ollama_usage,
    openai_usage,
)
from otel_burn.formats.fields import Json, count, mapping, mappings, text
from otel_burn.usage import Usage


class Shape(NamedTuple):
    """A way to report usage: how it is told, and how it is read."""

    name: str
    fits: Callable[[Json, str, str], bool]
    """Whether an object has it; the provider and the model decide where the names are the same."""
    read: Callable[[Json], Usage | None]


def shape_of(usage: Json, provider: str, model: str) -> Shape | None:
    """The first shape that *usage* has."""
    return next((shape for shape in SHAPES if shape.fits(usage, provider, model)), None)


def _has(*keys: str) -> Callable[[Json, str, str], bool]:
    return lambda usage, _provider, _model: any(key in usage for key in keys)


def camel(usage: Json) -> Json:
    """Gemini's usage of the Python SDK, as the API spells it."""
    return {
        re.sub(r"_([a-z])", lambda found: found[1].upper(), key): _camel_value(value)
        for key, value in usage.items()
    }


def _camel_value(value: Any) -> Any:
    if isinstance(value, dict):
        return camel(value)
    return [_camel_value(one) for one in value] if isinstance(value, list) else value


def _read_gemini(usage: Json) -> Usage | None:
    said = camel(usage)
    for live, usual in (
        ("responseTokenCount", "candidatesTokenCount"),
        ("responseTokensDetails", "candidatesTokensDetails"),
    ):
        if live in said:
            said.setdefault(usual, said[live])  # the Live API has names of its own
    return gemini_usage.read_usage(said)


def _read_llama(usage: Json) -> Usage | None:
    return Usage(count(usage, "prompt_token_count"), count(usage, "generation_token_count"))


def _read_titan(body: Json) -> Usage | None:
    """Amazon Titan on Bedrock, whole or streamed; an embedding has no output."""
    made = [count(one, "tokenCount") for one in mappings(body, "results")]
    told = [one for one in (*made, count(body, "totalOutputTextTokenCount")) if one is not None]
    return Usage(count(body, "inputTextTokenCount"), sum(told) if told else None)


def _is_bedrock(usage: Json, provider: str, _model: str) -> bool:
    return "inputTokens" in usage and (
        "aws" in provider or "bedrock" in provider or "cacheReadInputTokens" in usage
    )


def _read_ai_sdk(usage: Json) -> Usage | None:
    """Vercel's AI SDK: input includes the cache."""
    parts, made = mapping(usage, "inputTokenDetails"), mapping(usage, "outputTokenDetails")
    return Usage(
        input_tokens=_first(usage, "inputTokens", "promptTokens"),
        output_tokens=_first(usage, "outputTokens", "completionTokens"),
        cache_read_tokens=_either(count(parts, "cacheReadTokens"), count(usage, "cachedInputTokens")),
        cache_write_tokens=count(parts, "cacheWriteTokens"),
        reasoning_tokens=_either(count(made, "reasoningTokens"), count(usage, "reasoningTokens")),
    )


LANGCHAIN_TIERS: Final = ("priority", "flex")
"""Tiers that LangChain's OpenAI integration tells by what it calls the parts: `flex`, `flex_cache_read`, …"""
_REALTIME: Final = ("text_tokens", "audio_tokens", "image_tokens", "cached_tokens")
"""In OpenAI's own `input_token_details`, of Realtime and transcriptions; LangChain calls the parts otherwise."""


def _is_langchain(usage: Json, _provider: str, _model: str) -> bool:
    return "input_token_details" in usage and not any(
        key in _REALTIME for key in mapping(usage, "input_token_details")
    )


def langchain_tier(usage: Json) -> str | None:
    """The tier that LangChain's *usage* tells."""
    parts = mapping(usage, "input_token_details")
    return next((tier for tier in LANGCHAIN_TIERS if count(parts, tier) is not None), None)


def _read_langchain(usage: Json) -> Usage | None:
    """LangChain's `usage_metadata` includes the cache; where its own total is larger, the integration left it out."""
    given, written, total = (count(usage, key) for key in ("input_tokens", "output_tokens", "total_tokens"))
    if given is None:
        return None
    parts, made = mapping(usage, "input_token_details"), mapping(usage, "output_token_details")
    short, hour = (count(parts, f"ephemeral_{each}_input_tokens") for each in ("5m", "1h"))
    lived = None if short is None and hour is None else (short or 0) + (hour or 0)
    tiers = ("", *(f"{tier}_" for tier in LANGCHAIN_TIERS))
    read = _first(parts, *(f"{tier}cache_read" for tier in tiers))
    write = max(filter(None, (count(parts, "cache_creation"), lived)), default=count(parts, "cache_creation"))
    cached = (read or 0) + (write or 0)
    excludes = cached > given or (total is not None and cached and total == given + (written or 0) + cached)
    return Usage(
        input_tokens=given + cached if excludes else given,
        output_tokens=written,
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_5m_tokens=short,
        cache_write_1h_tokens=hour,
        reasoning_tokens=_first(made, *(f"{tier}reasoning" for tier in tiers)),
        audio_input_tokens=count(parts, "audio"),
        audio_output_tokens=count(made, "audio"),
    )


ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "input_tokens": (
        names.USAGE_INPUT_TOKENS, "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens", "llm.token_count.prompt",
    ),
    "output_tokens": (
        names.USAGE_OUTPUT_TOKENS, "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens",
        "llm.token_count.completion",
    ),
    "cache_read_tokens": (
        names.USAGE_CACHE_READ_INPUT_TOKENS, "gen_ai.usage.cache_read_input_tokens",
        "llm.token_count.prompt_details.cache_read", "gen_ai.usage.details.cache_read_tokens",
    ),
    "cache_write_tokens": (
        names.USAGE_CACHE_WRITE_INPUT_TOKENS, "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens", "llm.token_count.prompt_details.cache_write",
        "gen_ai.usage.details.cache_write_tokens",
    ),
    "cache_write_5m_tokens": (names.ANTHROPIC_CACHE_WRITE_5M,),
    "cache_write_1h_tokens": (names.ANTHROPIC_CACHE_WRITE_1H,),
    "reasoning_tokens": (
        names.USAGE_REASONING_OUTPUT_TOKENS, "gen_ai.usage.reasoning_tokens", "llm.usage.reasoning_tokens",
        "llm.token_count.completion_details.reasoning",
    ),
    "audio_input_tokens": (names.USAGE_AUDIO_INPUT_TOKENS, "llm.token_count.prompt_details.audio"),
    "audio_output_tokens": (names.USAGE_AUDIO_OUTPUT_TOKENS, "llm.token_count.completion_details.audio"),
}  # fmt: skip
"""Span attributes, the current name first. Input and output are totals, as the convention says."""


def _read_attributes(usage: Json) -> Usage | None:
    found = {field: _first(usage, *keys) for field, keys in ATTRIBUTES.items()}
    units = {unit: usage[name] for unit, name in names.USAGE_UNITS.items() if count(usage, name)}
    return Usage(**found, units=units) if found["input_tokens"] is not None else None


def _is_attributes(usage: Json, _provider: str, _model: str) -> bool:
    return any(key.startswith(("gen_ai.", "llm.")) for key in usage)


ANTHROPICS: Final = (
    "cache_creation_input_tokens", "cache_read_input_tokens", "cache_creation", "server_tool_use", "inference_geo",
    "iterations", "speed",
)  # fmt: skip


def _is_anthropic(usage: Json, provider: str, model: str) -> bool:
    if "input_tokens" not in usage or "prompt_tokens" in usage or "input_tokens_details" in usage:
        return False
    return provider == "anthropic" or "claude" in model or any(key in usage for key in ANTHROPICS)


def _read_anthropic(usage: Json) -> Usage | None:
    merged = {key: value for key, value in usage.items() if value is not None}
    return anthropic_usage.read_usage(merged)


def _read_openai(usage: Json) -> Usage | None:
    """With what Codex calls the parts, and for embeddings that say nothing but a total."""
    said = dict(usage)
    if count(said, "cached_input_tokens") is not None:
        said["cached_tokens"] = said["cached_input_tokens"]
    if count(said, "reasoning_output_tokens") is not None:
        said["reasoning_tokens"] = said["reasoning_output_tokens"]
    if "image_pixels" in said:
        said["prompt_tokens"] = count(said, "text_tokens")  # Voyage bills pixels beside them
        said.pop("total_tokens", None)
    elif set(said) == {"total_tokens"}:
        said["prompt_tokens"] = said["total_tokens"]
    return openai_usage.read_usage(said)


def _read_cached_content(body: Json) -> Usage | None:
    """The storage of an explicit cache of Gemini's: tokens times the seconds that it lived."""
    cached = mapping(body, "cachedContent")
    tokens = count(mapping(cached, "usageMetadata"), "totalTokenCount")
    begins = _moment(text(cached, "createTime"))
    ends = [at for key in ("deleteTime", "expireTime") if (at := _moment(text(cached, key)))]
    if tokens is None or begins is None or not ends or min(ends) < begins:
        return None
    seconds = (min(ends) - begins).total_seconds()
    return Usage(units={"cache_storage_token_seconds": tokens * seconds})


def _moment(said: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(said) if said else None
    except ValueError:
        return None


def _read_cohere(usage: Json) -> Usage | None:
    return cohere_usage.read_usage(usage)


def _either(one: int | None, other: int | None) -> int | None:
    return other if one is None else one


def _first(usage: Json, *keys: str) -> int | None:
    return next((found for key in keys if (found := count(usage, key)) is not None), None)


SHAPES: Final = (
    Shape("cached content", _has("cachedContent"), _read_cached_content),
    Shape("span attributes", _is_attributes, _read_attributes),
    Shape("Llama on Bedrock", _has("generation_token_count"), _read_llama),
    Shape("Titan on Bedrock", _has("inputTextTokenCount"), _read_titan),
    Shape(
        "Gemini",
        _has("promptTokenCount", "candidatesTokenCount", "prompt_token_count", "candidates_token_count"),
        _read_gemini,
    ),
    Shape("LangChain", _is_langchain, _read_langchain),
    Shape("Bedrock Converse", _is_bedrock, bedrock_converse.read_usage),
    Shape("AI SDK", _has("inputTokens", "promptTokens"), _read_ai_sdk),
    Shape("Cohere", _has("billed_units"), _read_cohere),
    Shape("Ollama", _has("prompt_eval_count", "eval_count"), ollama_usage.read_usage),
    Shape("Anthropic", _is_anthropic, _read_anthropic),
    Shape("OpenAI", lambda _usage, _provider, _model: True, _read_openai),
)
"""The first that fits reads; what each includes stands in `buckets.py`."""

COUNTS: Final = re.compile(
    r"tokens?$|_tokens|Tokens$|TokenCount$|token_count|_requests$|eval_count", re.IGNORECASE
)
LARGEST: Final = 10**10
"""More tokens than any response has had by a factor of a thousand."""


def malformed(usage: Any, path: str = "usage") -> str:
    """Which count in *usage* is none: a string, a negative or a broken number, or one beyond all sense."""
    if isinstance(usage, dict):
        return next(
            (said for key, value in usage.items() if (said := _wrong(key, value, f"{path}.{key}"))), ""
        )
    if isinstance(usage, list):
        return next((said for i, one in enumerate(usage) if (said := malformed(one, f"{path}[{i}]"))), "")
    return ""


def _wrong(key: str, value: Any, path: str) -> str:
    if isinstance(value, dict | list):
        return malformed(value, path)
    if value is None or not COUNTS.search(key) or (count({"n": value}, "n") is not None and value < LARGEST):
        return ""
    return f"{path} is {value!r}, which is no count of tokens"


def grounding(body: Json) -> dict[str, int]:
    """What a Gemini answer searched, by unit."""
    candidates = [*mappings(body, "candidates"), body]
    queries = gemini_usage.search_queries(candidates)
    chunks = [
        one for each in candidates for one in mappings(mapping(each, "groundingMetadata"), "groundingChunks")
    ]
    maps = int(any("maps" in one for one in chunks))
    return {unit: n for unit, n in (("web_search_requests", queries), ("maps_searches", maps)) if n}
