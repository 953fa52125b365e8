"""How do libraries that instrument others say what a call burned? One row a dialect; what was seen in which version."""

from typing import Any, Final

from otel_burn import names
from otel_burn_collector.ledger.attributes import GENAI, OPENINFERENCE, Fields, Source
from otel_burn_collector.ledger.dialect import INFERENCE, OPERATION, Dialect
from otel_burn_collector.ledger.dialects_of_frameworks import FRAMEWORKS, VENDOR
from otel_burn_collector.ledger.dialects_of_langchain import LANGCHAIN
from otel_burn_collector.ledger.dialects_of_litellm import LITELLM, MADE_UP_APART
from otel_burn_collector.ledger.dialects_of_mlflow import MLFLOW
from otel_burn_collector.ledger.dialects_of_openlit import OPENLIT

_USAGE_DETAILS: Final = "langfuse.observation.usage_details"
_COUNT: Final = r'"{}":\s*(\d+)'


def _count(attribute: str, *keys: str) -> Source:
    """The first of these members of a JSON object that is a count."""
    return Source(attribute, _COUNT.format(f"(?:{'|'.join(keys)})"))


LANGFUSE: Final[Fields] = {
    "session_id": ("session.id", "langfuse.session.id"),
    "user_id": ("user.id", "langfuse.user.id"),
    "operation": ("langfuse.observation.type",),
    "request_model": ("langfuse.observation.model.name",),
    "input_tokens": (
        _count(_USAGE_DETAILS, "prompt_tokens"),
        # Anthropic's own object leaves out the cache, and so do the keys that Langfuse's handlers write.
        Source(_USAGE_DETAILS, r'^(?!.*"cache_(?:read|creation)_input_tokens).*"input_tokens":\s*(\d+)'),
    ),
    "uncached_tokens": (
        Source(_USAGE_DETAILS, r'^(?=.*"cache_(?:read|creation)_input_tokens).*"input_tokens":\s*(\d+)'),
        _count(_USAGE_DETAILS, "input"),
    ),
    "output_tokens": (_count(_USAGE_DETAILS, "completion_tokens", "output_tokens", "output"),),
    "cache_read_tokens": (
        _count(
            _USAGE_DETAILS,
            "cached_tokens",
            "cache_read_input_tokens",
            "input_cache_read",
            "input_cached_tokens",
        ),
    ),
    "cache_write_tokens": (
        _count(_USAGE_DETAILS, "cache_creation_input_tokens", "cache_write_tokens", "input_cache_creation"),
    ),
    "reasoning_tokens": (
        _count(_USAGE_DETAILS, "reasoning_tokens", "output_reasoning", "output_reasoning_tokens"),
    ),
    "reported_usd": (Source("langfuse.observation.cost_details", r'"total":\s*([\d.eE+-]+)'),),
}

_ADK_ANSWER: Final = "gcp.vertex.agent.llm_response"
ADK: Final[dict[str, tuple[str | Source, ...]]] = GENAI | {
    "session_id": ("gcp.vertex.agent.session_id", *GENAI["session_id"]),
    "provider": (Source(names.REQUEST_MODEL, "^(gemini)-"), Source(names.REQUEST_MODEL, r"^([a-z_]+)/")),
    "cache_read_tokens": (*GENAI["cache_read_tokens"], _count(_ADK_ANSWER, "cached_content_token_count")),
    "reasoning_tokens": (*GENAI["reasoning_tokens"], _count(_ADK_ANSWER, "thoughts_token_count")),
    "total_tokens": (*GENAI["total_tokens"], _count(_ADK_ANSWER, "total_token_count")),
}

AI_SDK: Final[Fields] = {
    "provider": (Source("gen_ai.system", VENDOR), Source("ai.model.provider", VENDOR)),
    "operation": (Source("ai.operationId", r"\.doEmbed$", "embeddings"),),
    "request_model": ("gen_ai.request.model", "ai.model.id"),
    "response_model": ("gen_ai.response.model", "ai.response.model"),
    "response_id": ("gen_ai.response.id", "ai.response.id"),
    "agent": ("gen_ai.agent.name", "ai.telemetry.metadata.agent"),
    "session_id": ("session.id", "ai.telemetry.metadata.sessionId"),
    "user_id": ("ai.telemetry.metadata.userId",),
    "stream": (Source("ai.operationId", r"\.doStream$", "true"),),
    "finish_reason": ("gen_ai.response.finish_reasons", "ai.response.finishReason"),
    "ttft": ("ai.response.msToFirstChunk",),
    "service_tier": (Source("ai.response.providerMetadata", r'"serviceTier":"(\w+)"'),),
    "input_tokens": (
        "ai.usage.inputTokens",
        "ai.usage.promptTokens",
        "gen_ai.usage.input_tokens",
        "ai.usage.tokens",
    ),
    "output_tokens": (
        "ai.usage.outputTokens",
        "ai.usage.completionTokens",
        "gen_ai.usage.output_tokens",
    ),
    "cache_read_tokens": (
        "ai.usage.inputTokenDetails.cacheReadTokens",
        "ai.usage.cachedInputTokens",
        Source("ai.response.providerMetadata", r'"(?:cacheReadInputTokens|cache_read_input_tokens)":(\d+)'),
    ),
    "cache_write_tokens": (
        "ai.usage.inputTokenDetails.cacheWriteTokens",
        Source(
            "ai.response.providerMetadata",
            r'"(?:cacheCreationInputTokens|cacheWriteInputTokens|cache_creation_input_tokens)":(\d+)',
        ),
    ),
    "cache_write_5m_tokens": (Source("ai.response.providerMetadata", r'"ephemeral_5m_input_tokens":(\d+)'),),
    "cache_write_1h_tokens": (Source("ai.response.providerMetadata", r'"ephemeral_1h_input_tokens":(\d+)'),),
    "reasoning_tokens": ("ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"),
}


def _ai_sdk(name: str, **options: Any) -> Dialect:
    """Of Vercel's AI SDK, each call of a provider has a span of its own, below that of the function that was called."""
    return Dialect(
        name=name,
        rank=30,
        event=r"ai\.(generateText\.doGenerate|streamText\.doStream|generateObject\.doGenerate|streamObject\.doStream"
        r"|embed\.doEmbed|embedMany\.doEmbed)",
        pairs_by_usage="opencode",
        fields=AI_SDK,
        **options,
    )


LIBRARIES: Final = (
    # Its versions before 6 tell Anthropic's input without the cache, as Anthropic and Bedrock do, and no details of it.
    _ai_sdk(
        "ai-sdk-before-6",
        markers=("ai.model.provider",),
        marker_values=("anthropic.messages", "vertex.anthropic.messages", "amazon-bedrock"),
        lacks=tuple(
            f"ai.usage.inputTokenDetails.{part}Tokens" for part in ("noCache", "cacheRead", "cacheWrite")
        ),
        input_excludes=True,
    ),
    _ai_sdk("ai-sdk", markers=("ai.model.id", "gen_ai.request.model")),
    Dialect(
        name="ai-sdk-other",
        rank=99,
        event=r"ai\.(generateText|streamText|generateObject|streamObject|embed|embedMany)",
        markers=("ai.operationId",),
        counts=False,
    ),
    *LANGCHAIN,
    *FRAMEWORKS,
    # It makes a span of the kind LLM of each method of a model, of one that only writes the request, too.
    Dialect(
        name="openinference-llamaindex-preparing",
        rank=99,
        scope=r"openinference\.instrumentation\.llama_index",
        event=r".*\._?prepare_chat_with_tools",
        markers=("openinference.span.kind",),
        counts=False,
    ),
    Dialect(
        name="openinference-litellm",
        rank=30,
        scope=r"openinference\.instrumentation\.litellm",
        markers=("openinference.span.kind",),
        marker_values=("LLM", "EMBEDDING"),
        fields=OPENINFERENCE | {"response_id": (Source("output.value", MADE_UP_APART),)},
    ),
    Dialect(
        name="openinference",
        rank=30,
        markers=("openinference.span.kind",),
        marker_values=("LLM", "EMBEDDING"),
        fields=OPENINFERENCE,
    ),
    Dialect(
        name="openinference-other",
        rank=99,
        markers=("openinference.span.kind",),
        counts=False,
    ),
    *OPENLIT,
    # Google's answers count what was thought beside what was said; these report the latter as the output.
    Dialect(
        name="google-genai-before-1.3",
        rank=30,
        scope=r"opentelemetry\.instrumentation\.google_genai",
        before="1.3",
        since="0",
        markers=OPERATION,
        marker_values=INFERENCE,
        output_excludes=True,
        ttft_factor=1000,
        fields=GENAI,
    ),
    # Since 2.4 it adds what was thought to the output, as Gemini's needs; LiteLLM's answers have it in there.
    Dialect(
        name="google-adk-litellm",
        rank=30,
        scope=r"gcp\.vertex\.agent",
        event=r"generate_content .*/.*",
        markers=(names.REQUEST_MODEL,),
        needs=(names.USAGE_REASONING_OUTPUT_TOKENS,),
        output_repeats=True,
        ttft_factor=1000,
        fields=ADK,
    ),
    # Its output leaves out what Gemini thought: the total within the answer tells.
    Dialect(
        name="google-adk",
        rank=30,
        scope=r"gcp\.vertex\.agent",
        event=r"call_llm|generate_content.*",
        markers=(names.REQUEST_MODEL,),
        ttft_factor=1000,
        fields=ADK,
    ),
    Dialect(
        name="openai-v2",
        rank=30,
        scope=r"opentelemetry\.instrumentation\.openai_v2",
        markers=OPERATION,
        marker_values=INFERENCE,
        leaves_out="cached and reasoning tokens",
        remark="it traces no call of the Responses API",
        ttft_factor=1000,
        fields=GENAI,
    ),
    # OpenLLMetry for JavaScript 0.27, whose spans do not say which are streams.
    Dialect(
        name="openllmetry-js-openai",
        rank=31,
        scope=r"@traceloop/instrumentation-openai",
        markers=OPERATION,
        marker_values=INFERENCE,
        leaves_out="cached and reasoning tokens",
        remark="of streams it counts the texts itself, far too few tokens",
        ttft_factor=1000,
        fields=GENAI,
    ),
    # Langtrace 3.8 is no parent of the spans below it.
    Dialect(
        name="langtrace",
        rank=32,
        scope=r"langtrace_python_sdk\.instrumentation\..*",
        markers=OPERATION,
        marker_values=INFERENCE,
        leaves_out="what Anthropic's cache read and wrote, from the input, too",
        ttft_factor=1000,
        fields=GENAI,
    ),
    Dialect(
        name="openllmetry-anthropic-stream",
        rank=30,
        scope=r"opentelemetry\.instrumentation\.anthropic",
        markers=("gen_ai.is_streaming", "llm.is_streaming"),
        marker_values=("true",),
        needs=OPERATION,
        remark="its output counts the placeholder at a stream's start, too, a token or a few",
        ttft_factor=1000,
        fields=GENAI,
    ),
    # Logfire ends the span of a stream with the headers; the log that follows the stream reports the call.
    Dialect(
        name="logfire-stream-opening",
        rank=99,
        scope=r"logfire\.(openai|anthropic|.*llm.*)",
        markers=("logfire.span_type",),
        marker_values=("span",),
        needs=(names.REQUEST_MODEL, "request_data"),
        lacks=(names.RESPONSE_ID, names.USAGE_INPUT_TOKENS),
        unless_failed=True,
        counts=False,
    ),
    Dialect(
        name="logfire-stream",
        rank=30,
        scope=r"logfire\..*",
        event=r"streaming response from .*",
        markers=(names.REQUEST_MODEL, "request_data"),
        fields=GENAI
        | {
            "duration_s": ("duration",),
            "request_model": (names.REQUEST_MODEL, Source("request_data", r'"model":\s*"([^"]+)"')),
        },
    ),
    Dialect(
        name="langfuse",
        rank=30,
        markers=("langfuse.observation.type",),
        marker_values=("generation", "embedding"),
        needs=("langfuse.observation.model.name", "langfuse.observation.usage_details"),
        lacks=OPERATION,
        fields=LANGFUSE,
    ),
    Dialect(
        name="langfuse-other",
        rank=99,
        markers=("langfuse.observation.type",),
        lacks=OPERATION,
        counts=False,
    ),
    *MLFLOW,
    *LITELLM,
)
