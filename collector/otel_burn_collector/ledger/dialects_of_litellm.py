"""How does LiteLLM say what a call burned? Its `otel` callback, in three forms, and the raw answers below it."""

from typing import Any, Final

from otel_burn import names
from otel_burn_collector.ledger.attributes import GENAI, Source
from otel_burn_collector.ledger.dialect import NO_CALLS, OPERATION, Dialect
from otel_burn_collector.providers import PROVIDER_NAMES

_USED: Final = "metadata.usage_object"
"""A Python dict in a string; in the old form of a span the only place with the cache."""
_NOT_MADE_UP: Final = r"(?!(?:chatcmpl-)?[0-9a-f]{8}-[0-9a-f]{4}-)"
"""LiteLLM gives an id of its own to what is no chat completion of OpenAI's."""
MADE_UP_APART: Final = rf'^\{{\s*"id":\s*"{_NOT_MADE_UP}([A-Za-z0-9_.:=-]+)"'
"""The id that the whole of an answer begins with."""


def _count(attribute: str, *keys: str) -> Source:
    return Source(attribute, rf"'(?:{'|'.join(keys)})': (\d+)")


CALLBACK: Final[dict[str, tuple[str | Source, ...]]] = GENAI | {
    "provider": (*GENAI["provider"], Source("litellm.provider.model", r"^([^/]+)/")),
    "response_id": (Source(names.RESPONSE_ID, rf"^{_NOT_MADE_UP}(.+)$"),),
    "own_id": ("litellm.call_id", names.RESPONSE_ID),
    "request_id": (Source("hidden_params", r'"llm_provider-(?:x-)?request-id": "([^"]+)"'),),
    "cache_read_tokens": (*GENAI["cache_read_tokens"], _count(_USED, "cached_tokens")),
    "cache_write_tokens": (
        *GENAI["cache_write_tokens"],
        _count(_USED, "cache_write_tokens", "cache_creation_tokens"),
    ),
    "cache_write_1h_tokens": (_count(_USED, "ephemeral_1h_input_tokens"),),
    "cache_write_5m_tokens": (_count(_USED, "ephemeral_5m_input_tokens"),),
    "reasoning_tokens": (*GENAI["reasoning_tokens"], _count(_USED, "reasoning_tokens")),
    "lacks_details": (Source(_USED, r"('prompt_tokens_details': None)"),),
    "reported_usd": (*GENAI["reported_usd"], "litellm.cost.total"),
}


def _raw(provider: str) -> Dialect:
    """The span below a call that repeats the provider's own answer, with its id; of a stream it has nothing."""
    usage, metadata = f"llm.{provider}.usage", f"llm.{provider}.usageMetadata"
    return Dialect(
        name=f"litellm-raw-{provider}",
        rank=29,
        scope="litellm",
        event="raw_gen_ai_request",
        apart="raw",
        markers=(f"llm.{provider}.model", f"llm.{provider}.modelVersion", usage, metadata),
        provider=None if provider == "None" else PROVIDER_NAMES.get(provider, provider),
        output_excludes=provider in ("gemini", "vertex_ai", "vertex_ai_beta"),
        fields=_raw_fields(f"llm.{provider}", usage, metadata),
    )


def _raw_fields(prefix: str, usage: str, metadata: str) -> dict[str, Any]:
    return {
        "response_id": (f"{prefix}.id", f"{prefix}.responseId"),
        "request_model": (f"{prefix}.model", f"{prefix}.modelVersion"),
        "service_tier": (f"{prefix}.service_tier",),
        "input_tokens": (
            _count(usage, "prompt_tokens"),
            # Anthropic's own object leaves out the cache.
            Source(usage, r"^(?!.*'cache_(?:read|creation)_input_tokens).*'input_tokens': (\d+)"),
            _count(metadata, "promptTokenCount"),
        ),
        "uncached_tokens": (
            Source(usage, r"^(?=.*'cache_(?:read|creation)_input_tokens).*?'input_tokens': (\d+)"),
            _count(usage, "inputTokens"),
        ),
        "output_tokens": (
            _count(usage, "completion_tokens", "output_tokens", "outputTokens"),
            _count(metadata, "candidatesTokenCount"),
        ),
        "cache_read_tokens": (
            _count(usage, "cached_tokens", "cache_read_input_tokens", "cacheReadInputTokens"),
            _count(metadata, "cachedContentTokenCount"),
        ),
        "cache_write_tokens": (
            _count(usage, "cache_write_tokens", "cache_creation_input_tokens", "cacheWriteInputTokens"),
        ),
        "cache_write_5m_tokens": (_count(usage, "ephemeral_5m_input_tokens"),),
        "cache_write_1h_tokens": (_count(usage, "ephemeral_1h_input_tokens"),),
        "reasoning_tokens": (
            _count(usage, "reasoning_tokens", "thinking_tokens"),
            _count(metadata, "thoughtsTokenCount"),
        ),
        "total_tokens": (_count(usage, "total_tokens"), _count(metadata, "totalTokenCount")),
    }


_RAW: Final = (
    "openai", "anthropic", "gemini", "vertex_ai", "vertex_ai_beta", "azure", "azure_ai", "bedrock", "cohere",
    "cohere_chat", "mistral", "groq", "deepseek", "xai", "openrouter", "together_ai", "fireworks_ai",
    "perplexity", "cerebras", "databricks", "watsonx", "hosted_vllm", "ollama", "ollama_chat", "huggingface",
    "openai_like", "custom_openai", "litellm_proxy", "moonshot", "nvidia_nim", "sambanova", "None",
)  # fmt: skip
"""Providers as LiteLLM names them; None where a function of its does not say it."""

LITELLM: Final = (
    *(_raw(provider) for provider in _RAW),
    # Before its spans told the cache, in the names of that time. What it knew of streams was partly its own count.
    Dialect(
        name="litellm-old",
        rank=31,
        scope="litellm",
        markers=("llm.request.type",),
        unless_values=NO_CALLS,
        lacks=(names.OPERATION_NAME, _USED),
        remark="of streams it leaves out what Anthropic's cache read and wrote",
        fields=CALLBACK | {"lacks_details": ("llm.usage.total_tokens",)},
    ),
    # The proxy answers with the name that it was asked for, an alias of its configuration, as the answer's model.
    Dialect(
        name="litellm-proxy",
        rank=30,
        scope="litellm",
        markers=OPERATION,
        unless_values=NO_CALLS,
        needs=("http.route", "litellm.request.route"),
        fields=CALLBACK
        | {
            "request_model": (Source("litellm.provider.model", r"^[^/]+/(.+)$"), *CALLBACK["request_model"]),
            "response_model": (),
        },
    ),
    Dialect(
        name="litellm",
        rank=30,
        scope="litellm",
        markers=OPERATION,
        unless_values=NO_CALLS,
        fields=CALLBACK,
    ),
    # In a span of the program's own, that one gets the attributes of a call: the last one's, where it makes several.
    Dialect(
        name="litellm-in-span",
        rank=31,
        markers=OPERATION,
        unless_values=NO_CALLS,
        needs=("litellm.call_id", "litellm.provider.model", _USED),
        fields=CALLBACK,
    ),
)
