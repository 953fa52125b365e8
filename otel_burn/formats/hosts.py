"""Who provides the model at a host? One row a provider, by host or by the domain that hosts stand under."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's name and what its hosts understand."""

    name: str
    """`gen_ai.provider.name`."""
    stream_usage: bool = False
    """Whether its OpenAI-format streams report usage when `stream_options.include_usage` asks for it."""


_PROVIDERS: Final = {
    "api.openai.com": Provider("openai", stream_usage=True),
    "api.anthropic.com": Provider("anthropic"),
    "api.groq.com": Provider("groq", stream_usage=True),
    "api.mistral.ai": Provider("mistral_ai"),
    "api.deepseek.com": Provider("deepseek", stream_usage=True),
    "api.x.ai": Provider("x_ai", stream_usage=True),
    "api.perplexity.ai": Provider("perplexity"),
    "api.moonshot.ai": Provider("moonshot_ai", stream_usage=True),
    "api.together.xyz": Provider("together", stream_usage=True),
    "api.fireworks.ai": Provider("fireworks", stream_usage=True),
    "api.cerebras.ai": Provider("cerebras", stream_usage=True),
    "openrouter.ai": Provider("openrouter", stream_usage=True),
    "generativelanguage.googleapis.com": Provider("gcp.gemini"),
    "openai.azure.com": Provider("azure.ai.openai", stream_usage=True),
    "services.ai.azure.com": Provider("azure.ai.inference"),
    "aiplatform.googleapis.com": Provider("gcp.vertex_ai"),
}

_BY_NAME: Final = {provider.name: provider for provider in _PROVIDERS.values()}


def provider_of(host: str, port: int | None, own: Mapping[str, str]) -> Provider | None:
    """Who answers at *host*; None if unknown.

    By the user's *own* table (`host` or `host:port` to a name), then by ours.
    """
    if name := own.get(f"{host}:{port}") or own.get(host):
        return _BY_NAME.get(name) or Provider(name)
    domain = host
    while domain:
        if found := _PROVIDERS.get(domain):
            return found
        domain = domain.partition(".")[2]
    return None
