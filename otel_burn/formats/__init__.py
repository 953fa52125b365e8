"""Which wire format does a request speak? One row a format, one file a format."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from otel_burn.formats import (
    anthropic_batches,
    anthropic_complete,
    anthropic_count_tokens,
    anthropic_messages,
    anthropic_vertex,
    bedrock_agents,
    bedrock_converse,
    bedrock_count_tokens,
    bedrock_invoke,
    cohere_chat,
    cohere_chat_v1,
    cohere_embed,
    cohere_generate,
    cohere_parse,
    cohere_rerank,
    gemini_batches,
    gemini_count_tokens,
    gemini_decisions,
    gemini_embeddings,
    gemini_generate,
    gemini_images,
    gemini_interactions,
    mistral_agents,
    mistral_conversations,
    mistral_fim,
    mistral_ocr,
    mistral_vertex,
    ollama_chat,
    ollama_embed,
    ollama_generate,
    ollama_systemone,
    openai_assistants,
    openai_audio,
    openai_batches,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_images,
    openai_responses,
    replicate_predictions,
    tgi_generate,
    voyage_embeddings,
    watsonx_chat,
    watsonx_generation,
    writer_chat,
    writer_completions,
)
from otel_burn.formats.format import Format

FORMATS: Final = (
    writer_completions.FORMAT,
    mistral_fim.FORMAT,
    mistral_agents.FORMAT,
    openai_chat.FORMAT,
    openai_responses.FORMAT,
    openai_responses.DECISIONS,
    openai_responses.COUNT,
    openai_responses.FETCHED,
    openai_responses.CANCELLED,
    openai_completions.FORMAT,
    openai_embeddings.FORMAT,
    openai_images.FORMAT,
    openai_audio.TRANSCRIPTION,
    openai_audio.SPEECH,
    openai_assistants.FORMAT,
    openai_assistants.CONTINUED,
    openai_assistants.FETCHED,
    anthropic_messages.FORMAT,
    anthropic_vertex.FORMAT,
    anthropic_count_tokens.FORMAT,
    anthropic_batches.CREATION,
    anthropic_batches.RESULTS,
    anthropic_complete.FORMAT,
    bedrock_converse.FORMAT,
    *bedrock_invoke.FORMATS,
    bedrock_count_tokens.FORMAT,
    *bedrock_agents.FORMATS,
    gemini_generate.FORMAT,
    gemini_count_tokens.FORMAT,
    gemini_embeddings.FORMAT,
    gemini_embeddings.PREDICT,
    gemini_images.FORMAT,
    gemini_batches.CREATION,
    gemini_batches.RESULTS,
    gemini_batches.FILE,
    gemini_interactions.FORMAT,
    gemini_interactions.FETCH,
    gemini_interactions.CANCELLED,
    gemini_decisions.FORMAT,
    mistral_vertex.FORMAT,
    mistral_conversations.FORMAT,
    mistral_ocr.FORMAT,
    cohere_chat.FORMAT,
    cohere_chat_v1.FORMAT,
    cohere_embed.FORMAT,
    cohere_generate.FORMAT,
    cohere_parse.FORMAT,
    voyage_embeddings.RERANK,
    voyage_embeddings.EMBEDDINGS,
    cohere_rerank.FORMAT,
    ollama_chat.FORMAT,
    ollama_generate.FORMAT,
    ollama_embed.FORMAT,
    ollama_systemone.FORMAT,
    writer_chat.FORMAT,
    watsonx_chat.FORMAT,
    watsonx_generation.FORMAT,
    tgi_generate.FORMAT,
    replicate_predictions.FORMAT,
    replicate_predictions.FETCHED,
    openai_batches.FORMAT,
)
"""In the order in which their shapes are tried where several share a path."""


_Row = tuple[re.Pattern[str], Format]


def _by_key(formats: Iterable[Format]) -> dict[str, tuple[_Row, ...]]:
    found: defaultdict[str, list[_Row]] = defaultdict(list)
    for format in formats:
        for path in format.paths:
            key, parent = _keys(path)
            pattern = re.compile(re.escape(path).replace(r"\*", "[^/]+") + r"\Z")
            found[parent if path.endswith("*") else key].append((pattern, format))
    return {key: tuple(rows) for key, rows in found.items()}


def _keys(path: str) -> tuple[str, str]:
    """What a path may be looked up by: its last segment, or the verb in it; where that is an id, the one before."""
    before, _, last = path.rpartition("/")
    verb = last.rfind(":")
    return last if verb < 0 else last[verb:], before[before.rfind("/") :] + "/"


_FORMATS: Final = _by_key(FORMATS)


def recognise(method: str, path: str) -> tuple[Format, ...]:
    """The formats that a request may speak, by a look-up; none for what is no LLM call.

    The body's shape is checked later, away from the caller's path (`Format.is_request`).
    """
    key, parent = _keys(path)
    rows = _FORMATS.get(key) or _FORMATS.get(parent)
    if rows is None:
        return ()
    spoken = method.upper()
    return tuple(format for pattern, format in rows if format.method == spoken and pattern.search(path))
