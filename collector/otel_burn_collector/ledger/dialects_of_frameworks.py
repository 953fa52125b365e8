"""How do agent frameworks that trace themselves say what a call burned? One row a dialect; seen in which version."""

from typing import Final

from otel_burn import names
from otel_burn_collector.ledger.attributes import GENAI, OPENINFERENCE, Source
from otel_burn_collector.ledger.dialect import INFERENCE, OPERATION, Dialect
from otel_burn_collector.ledger.makers import maker

VENDOR: Final = r"^(google\.(?:generative-ai|vertex)|vertex\.anthropic|amazon-bedrock|[^.]+)"
"""Vercel's AI SDK names the API behind the provider: `openai.chat`."""


def _meta(*keys: str) -> Source:
    """A count in what Haystack's answer says of itself: a Python dict in a string."""
    return Source("output.value", rf"_meta=\{{.*?'(?:{'|'.join(keys)})': (\d+)")


HAYSTACK: Final[dict[str, tuple[str | Source, ...]]] = OPENINFERENCE | {
    "provider": (*OPENINFERENCE["provider"], *maker("embedding.model_name")),
    "input_tokens": (
        *OPENINFERENCE["input_tokens"],
        Source("output.value", r'"usage":\s*\{"prompt_tokens":\s*(\d+)'),  # embeddings
    ),
    "cache_read_tokens": (_meta("cached_tokens", "cache_read_input_tokens"),),
    "cache_write_tokens": (_meta("cache_write_tokens", "cache_creation_input_tokens"),),
    "cache_write_5m_tokens": (_meta("ephemeral_5m_input_tokens"),),
    "cache_write_1h_tokens": (_meta("ephemeral_1h_input_tokens"),),
    "reasoning_tokens": (_meta("reasoning_tokens"),),
}


def _used(member: str) -> Source:
    return Source("usage", rf'"{member}":\s*(\d+)')


LOGFIRE_AGENTS: Final[dict[str, tuple[str | Source, ...]]] = GENAI | {
    "input_tokens": (*GENAI["input_tokens"], _used("input_tokens")),
    "output_tokens": (*GENAI["output_tokens"], _used("output_tokens")),
    "cache_read_tokens": (*GENAI["cache_read_tokens"], _used("cached_tokens")),
    "cache_write_tokens": (*GENAI["cache_write_tokens"], _used("cache_write_tokens")),
    "reasoning_tokens": (*GENAI["reasoning_tokens"], _used("reasoning_tokens")),
}

FRAMEWORKS: Final = (
    # Strands 1.62. It calls itself the provider, whichever it is, and writes milliseconds.
    Dialect(
        name="strands",
        rank=31,
        scope=r"strands[-.].*",
        event=r"chat.*|[Mm]odel invoke",
        markers=(names.REQUEST_MODEL,),
        remark="it names no provider: taken from the model's name",
        ttft_factor=1,
        fields=GENAI
        | {
            "provider": (
                Source(names.PROVIDER_NAME, "^(?!strands)(.+)$"),
                Source("gen_ai.system", "^(?!strands)(.+)$"),
                *maker(),
            ),
            "ttft": ("gen_ai.server.time_to_first_token",),
        },
    ),
    Dialect(
        name="strands-other",  # agents and cycles, with the sums of the calls below them
        rank=99,
        scope=r"strands[-.].*",
        markers=(names.REQUEST_MODEL, *OPERATION, "gen_ai.system"),
        counts=False,
    ),
    # Semantic Kernel 1.45.
    Dialect(
        name="semantic-kernel",
        rank=31,
        scope=r"semantic_kernel\..*",
        markers=OPERATION,
        marker_values=(*INFERENCE, "chat.completions", "chat.streaming_completions"),
        leaves_out="cached and reasoning tokens",
        fields=GENAI,
    ),
    # Haystack 3.4 under OpenInference 0.1.46.
    Dialect(
        name="openinference-haystack",
        rank=30,
        scope=r"openinference\.instrumentation\.haystack",
        markers=("openinference.span.kind",),
        marker_values=("LLM", "EMBEDDING"),
        fields=HAYSTACK,
    ),
    # Vercel's AI SDK 7: around the call of an embedding another span of its kind, which says nothing of usage.
    Dialect(
        name="ai-sdk-7-embed",
        rank=99,
        scope=r"gen_ai",
        markers=OPERATION,
        marker_values=("embeddings",),
        lacks=(names.USAGE_INPUT_TOKENS,),
        counts=False,
    ),
    # Mastra 1.71: the provider as Vercel's AI SDK, on which it is built, names its APIs.
    Dialect(
        name="mastra",
        rank=31,
        scope=r"@mastra/otel-.*",
        markers=OPERATION,
        marker_values=INFERENCE,
        fields=GENAI | {"provider": (Source(names.PROVIDER_NAME, VENDOR),)},
    ),
    # BeeAI under OpenInference 0.1.30: each event of a call (a token, a retry) is a span that calls itself a model's.
    Dialect(
        name="openinference-beeai",
        rank=30,
        scope=r"openinference\.instrumentation\.beeai",
        markers=("openinference.span.kind",),
        marker_values=("LLM",),
        needs=("llm.model_name",),
        remark="it tells no reasoning tokens, and loses calls of agents where its own code fails",
        fields=OPENINFERENCE
        | {
            "cache_read_tokens": ("metadata.usage.cached_prompt_tokens",),
            "cache_write_tokens": ("metadata.usage.cached_creation_tokens",),
        },
    ),
    Dialect(
        name="openinference-beeai-event",
        rank=99,
        scope=r"openinference\.instrumentation\.beeai",
        markers=("openinference.span.kind",),
        lacks=("llm.model_name",),
        counts=False,
    ),
    # openai-agents under Logfire 5.4: of Chat Completions the details stand in its own object alone.
    Dialect(
        name="logfire-openai-agents",
        rank=31,
        scope=r"logfire\.openai_agents",
        event=r"(?:Responses API|Chat [Cc]ompletion).*",
        markers=(names.REQUEST_MODEL,),
        fields=LOGFIRE_AGENTS,
    ),
)
