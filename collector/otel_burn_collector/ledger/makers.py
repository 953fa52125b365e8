"""Whose is a model, where an emitter names itself as its provider? Its name tells, as a rule."""

from typing import Final

from otel_burn import names
from otel_burn_collector.ledger.attributes import Source

_BEDROCK: Final = "anthropic|amazon|meta|cohere|mistral|deepseek|qwen|openai"
_NAMES: Final = (
    (rf"(?:bedrock/|arn:aws|(?:[a-z-]{{2,6}}\.)?(?:{_BEDROCK})\.)", "aws.bedrock"),
    (r"(?:[a-z_]+/)?claude-[\w-]+@\d", "gcp.vertex_ai"),
    (r"claude-", "anthropic"),
    (r"(?:gpt-|chatgpt-|o[1-9](?:-|\b)|text-embedding-|codex-)", "openai"),
    (r"(?:models/)?gemini-", "gcp.gemini"),
    (r"grok-", "x_ai"),
    (r"(?:mistral|ministral|magistral|codestral|devstral|pixtral)-", "mistral_ai"),
    (r"command-", "cohere"),
    (r"deepseek-", "deepseek"),
)
"""What a model's name begins with, and who serves it under that name."""


def maker(attribute: str = names.REQUEST_MODEL) -> tuple[Source, ...]:
    """The provider by the name of the model that *attribute* has; before a slash it stands as LiteLLM writes it."""
    named = (Source(attribute, f'^"?{pattern}', provider) for pattern, provider in _NAMES)
    return (*named, Source(attribute, r'^"?([a-z_]+)/'))
