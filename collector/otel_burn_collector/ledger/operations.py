"""Which operation does an emitter mean? The convention's name for what some call otherwise."""

from collections.abc import Mapping
from typing import Final

OPERATION_NAMES: Final[Mapping[str, str]] = {
    "chat.completions": "chat",  # Semantic Kernel once
    "chat.streaming_completions": "chat",
    "acompletion": "chat",  # LiteLLM names its own functions
    "aresponses": "chat",
    "anthropic_messages": "chat",
    "atext_completion": "text_completion",
    "aembedding": "embeddings",
    "EMBEDDING": "embeddings",  # OpenInference and MLflow, which have kinds
    "arerank": "rerank",
    "agenerate_content": "generate_content",
    "agenerate_content_stream": "generate_content",
    "generate_content_stream": "generate_content",
}
"""Anything else stays as it is."""
