"""Who provides the model at a host, and where? One row a provider, by host or by the domain that hosts stand under."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's name and what its hosts understand."""

    name: str
    """`gen_ai.provider.name`."""
    stream_usage: bool = False
    """Whether its OpenAI-format streams report no usage unless `stream_options.include_usage` asks, and take that.

    Known from OpenAI's reference, which Azure's of `/openai/v1` repeats (api-versions before 2024-08 answer 400), from
    Alibaba's Model Studio ("Streaming output"), Ollama's docs/openai.md, and a recorded stream of xAI's. Nobody else is
    asked: recorded streams of DeepSeek, Groq, Hugging Face's router and Mistral carry it unasked, OpenRouter documents
    that it always does; of the others we have seen neither.
    """


_AZURE_OPENAI: Final = Provider("azure.ai.openai", stream_usage=True)
_AZURE_INFERENCE: Final = Provider("azure.ai.inference")
_BEDROCK: Final = Provider("aws.bedrock")
_OPENAI: Final = Provider("openai", stream_usage=True)
_VERTEX: Final = Provider("gcp.vertex_ai")
_X_AI: Final = Provider("x_ai", stream_usage=True)

_PROVIDERS: Final = {
    "api.openai.com": _OPENAI,
    "api.anthropic.com": Provider("anthropic"),
    "openai.azure.com": _AZURE_OPENAI,
    "openai.azure.us": _AZURE_OPENAI,
    "cognitiveservices.azure.com": _AZURE_OPENAI,
    "services.ai.azure.com": _AZURE_INFERENCE,
    "generativelanguage.googleapis.com": Provider("gcp.gemini"),
    "aiplatform.googleapis.com": _VERTEX,
    "api.ai21.com": Provider("ai21"),
    "dashscope.aliyuncs.com": Provider("alibaba", stream_usage=True),
    "dashscope-intl.aliyuncs.com": Provider("alibaba", stream_usage=True),
    "dashscope-us.aliyuncs.com": Provider("alibaba", stream_usage=True),
    "inference.baseten.co": Provider("baseten"),
    "api.cerebras.ai": Provider("cerebras"),
    "api.cloudflare.com": Provider("cloudflare"),
    "gateway.ai.cloudflare.com": Provider("cloudflare"),
    "api.cohere.com": Provider("cohere"),
    "api.cohere.ai": Provider("cohere"),
    "inference.crusoecloud.com": Provider("crusoe"),
    "cloud.databricks.com": Provider("databricks"),
    "gcp.databricks.com": Provider("databricks"),
    "azuredatabricks.net": Provider("databricks"),
    "api.deepinfra.com": Provider("deepinfra"),
    "api.deepseek.com": Provider("deepseek"),
    "api.fireworks.ai": Provider("fireworks"),
    "models.github.ai": Provider("github"),
    "models.inference.ai.azure.com": Provider("github"),
    "api.githubcopilot.com": Provider("github-copilot"),
    "api.groq.com": Provider("groq"),
    "inference.heroku.com": Provider("heroku"),
    "router.huggingface.co": Provider("huggingface"),
    "api-inference.huggingface.co": Provider("huggingface"),
    "endpoints.huggingface.cloud": Provider("huggingface"),
    "api.hyperbolic.xyz": Provider("hyperbolic"),
    "api.jina.ai": Provider("jina_ai"),
    "api.minimax.io": Provider("minimax"),
    "api.minimax.chat": Provider("minimax"),
    "api.minimaxi.com": Provider("minimax"),
    "api.mistral.ai": Provider("mistral_ai"),
    "codestral.mistral.ai": Provider("mistral_ai"),
    "api.moonshot.ai": Provider("moonshot_ai"),
    "api.moonshot.cn": Provider("moonshot_ai"),
    "nebius.com": Provider("nebius"),
    "nebius.ai": Provider("nebius"),
    "api.novita.ai": Provider("novita"),
    "integrate.api.nvidia.com": Provider("nvidia"),
    "ollama.com": Provider("ollama"),
    "openrouter.ai": Provider("openrouter"),
    "oai.endpoints.kepler.ai.cloud.ovh.net": Provider("ovhcloud"),
    "api.perplexity.ai": Provider("perplexity"),
    "api.replicate.com": Provider("replicate"),
    "api.sambanova.ai": Provider("sambanova"),
    "api.siliconflow.com": Provider("siliconflow"),
    "api.siliconflow.cn": Provider("siliconflow"),
    "snowflakecomputing.com": Provider("snowflake"),
    "api.together.xyz": Provider("together"),
    "api.together.ai": Provider("together"),
    "ai-gateway.vercel.sh": Provider("vercel"),
    "api.voyageai.com": Provider("voyage_ai"),
    "api.writer.com": Provider("writer"),
    "api.x.ai": _X_AI,
    "api.z.ai": Provider("zai"),
    "open.bigmodel.cn": Provider("zhipuai"),
}

_REGIONAL: Final = tuple(
    (re.compile(pattern), provider)
    for pattern, provider in (
        (
            r"(?:.+\.)?bedrock(?:-agent)?-runtime(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?amazonaws\.com(?:\.cn)?",
            _BEDROCK,
        ),
        (r"bedrock-(?:runtime|mantle)(?:-fips)?\.([a-z0-9-]+)\.api\.aws", _BEDROCK),
        (r"([a-z0-9-]+)-aiplatform\.googleapis\.com", _VERTEX),
        (r"aiplatform\.([a-z0-9-]+)\.rep\.googleapis\.com", _VERTEX),
        (r"([a-z0-9]+)\.api\.cognitive\.microsoft\.com", _AZURE_OPENAI),
        (r".+\.([a-z0-9]+)\.(?:models\.ai|inference\.ml|inference\.ai)\.azure\.com", _AZURE_INFERENCE),
        (r"([a-z]{2})\.inference\.heroku\.com", Provider("heroku")),
        (r"([a-z0-9-]+)\.ml\.cloud\.ibm\.com", Provider("ibm.watsonx.ai")),
        (r"([a-z]{2})\.api\.openai\.com", _OPENAI),
        (
            r"inference\.generativeai\.([a-z0-9-]+)\.oci\.(?:oraclecloud|customer-oci)\.com",
            Provider("oracle"),
        ),
        (r"ark\.([a-z0-9-]+)\.(?:volces|bytepluses)\.com", Provider("volcengine")),
        (r"([a-z0-9-]+)\.api\.x\.ai", _X_AI),
    )
)
"""Hosts that name the region where they stand."""

_BY_PORT: Final = {11434: Provider("ollama", stream_usage=True)}
"""A port that only one program has for its own, wherever it runs."""

_BY_NAME: Final = {
    provider.name: provider
    for provider in (*_BY_PORT.values(), *(one for _, one in _REGIONAL), *_PROVIDERS.values())
}


def provider_of(host: str, port: int | None, own: Mapping[str, str]) -> Provider | None:
    """Who answers at *host*; None if unknown.

    By the user's *own* table (`host` or `host:port` to a name), then by ours.
    """
    if name := own.get(f"{host}:{port}") or own.get(host):
        return _BY_NAME.get(name) or Provider(name)
    found, _ = _place(host)
    return found or _BY_PORT.get(port or 0)


def region_of(host: str) -> str | None:
    """The region that *host* names, as its provider writes it: `us-east-1`, `us-central1`, `eastus`."""
    return _place(host)[1]


@lru_cache(maxsize=256)
def _place(host: str) -> tuple[Provider | None, str | None]:
    domain = host = host.lower()
    for pattern, provider in _REGIONAL:
        if named := pattern.fullmatch(host):
            return provider, named[1]
    while domain:
        if found := _PROVIDERS.get(domain):
            return found, None
        domain = domain.partition(".")[2]
    return None, None
