"""Which provider does an emitter mean? One name for each, whatever it is called."""

from collections.abc import Mapping
from typing import Final

PROVIDER_NAMES: Final[Mapping[str, str]] = {
    "Anthropic": "anthropic",
    "firstParty": "anthropic",  # Claude Code; the two below too
    "bedrock": "aws.bedrock",
    "vertex": "gcp.vertex_ai",
    "OpenAI": "openai",
    "az.ai.openai": "azure.ai.openai",
    "azure": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "vertex_ai": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "xai": "x_ai",
    "mistralai": "mistral_ai",
    "moonshot": "moonshot_ai",
    "aws": "aws.bedrock",
    "google_genai": "gcp.gemini",  # LangChain; the three below too
    "google_vertexai": "gcp.vertex_ai",
    "amazon_bedrock": "aws.bedrock",
    "mistral": "mistral_ai",
    "vertex-ai": "gcp.vertex_ai",  # Qwen Code
    "google.generative-ai": "gcp.gemini",  # Vercel's AI SDK; the five below too
    "google.vertex": "gcp.vertex_ai",
    "vertex.anthropic": "gcp.vertex_ai",
    "amazon-bedrock": "aws.bedrock",
    "azure-openai": "azure.ai.openai",
    "togetherai": "together_ai",
    "ibm.watson.ai": "ibm.watsonx.ai",
}
"""From what was seen to the value of `gen_ai.provider.name`; anything else stays as it is."""
