"""Which wire format does a request speak, and who provides it? One row a format, one file a format."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from otel_burn.exchange import Request, Response
from otel_burn.formats import anthropic_messages, openai_chat
from otel_burn.formats.fields import Json


@dataclass(frozen=True, slots=True)
class Format:
    """A wire format: where it is spoken, and the pure functions that read it."""

    name: str
    operation: str
    """`gen_ai.operation.name`."""
    path: str
    """How the path of its requests ends; its last segment is the key of the first look-up."""
    provider: str
    """`gen_ai.provider.name` where the host doesn't tell."""
    is_request: Callable[[Json], bool]
    read_request: Callable[[Json], Request]
    read_response: Callable[[Json], Response]
    read_stream: Callable[[Iterable[Json]], Response]


FORMATS: Final = (
    Format(
        "openai_chat", "chat", "/chat/completions", "openai_compatible",
        openai_chat.is_request, openai_chat.read_request, openai_chat.read_response, openai_chat.read_stream,
    ),
    Format(
        "anthropic_messages", "chat", "/v1/messages", "anthropic",
        anthropic_messages.is_request, anthropic_messages.read_request,
        anthropic_messages.read_response, anthropic_messages.read_stream,
    ),
)  # fmt: skip

_BY_LAST_SEGMENT: Final = {format.path.rpartition("/")[2]: format for format in FORMATS}

PROVIDERS: Final = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.deepseek.com": "deepseek",
    "api.x.ai": "x_ai",
    "api.perplexity.ai": "perplexity",
    "api.moonshot.ai": "moonshot_ai",
    "api.together.xyz": "together",
    "api.fireworks.ai": "fireworks",
    "api.cerebras.ai": "cerebras",
    "openrouter.ai": "openrouter",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "openai.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.inference",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
}
"""`gen_ai.provider.name` by host, or by the domain that hosts stand under."""


def recognise(method: str, path: str) -> Format | None:
    """The format that a request may speak, by one look-up of its path's last segment.

    The body's shape is checked later, away from the caller's path (`Format.is_request`).
    """
    found = _BY_LAST_SEGMENT.get(path[path.rfind("/") + 1 :])
    return found if found is not None and method == "POST" and path.endswith(found.path) else None


def provider(host: str, port: int | None, format: Format, own: Mapping[str, str]) -> str:
    """Who answers at *host*: by the user's *own* table (`host` or `host:port`), then by ours."""
    if found := own.get(f"{host}:{port}") or own.get(host):
        return found
    domain = host
    while domain:
        if found := PROVIDERS.get(domain):
            return found
        domain = domain.partition(".")[2]
    return format.provider
