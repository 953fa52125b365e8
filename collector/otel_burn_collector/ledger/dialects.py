"""How does each emitter say what a call burned? One row a dialect: which spans or records, which attributes."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from otel_burn import names
from otel_burn_collector.ledger.attributes import BURN, GENAI, NATIVE, Fields, Source

INFERENCE: Final = (
    "chat",
    "completion",
    "text_completion",
    "generate_content",
    "responses",
    "embeddings",
    "embedding",
    "rerank",
)
"""Operations that a provider bills, as it does none of `invoke_agent`, `invoke_workflow`, `execute_tool`,
`fetch_response`, `count_tokens` and `create_batch`."""

OPERATION: Final = (names.OPERATION_NAME, "llm.request.type")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """An emitter's way to report a call. The first dialect in `DIALECTS` that fits a span or record reads it."""

    name: str
    rank: int
    """Precedence between reports of one call: 0 the wire, 10 the SDK itself, 20 the agent itself, 30 others."""
    signal: Literal["span", "log"] = "span"
    scope: str = ".*"
    event: str = ".*"
    markers: tuple[str, ...]
    marker_values: tuple[str, ...] | None = None
    counts: bool = True
    """False: spans that look like a report and repeat, or only announce, what other spans report."""
    wire: bool = False
    """One report an HTTP attempt, not one a call."""
    pairs_by_usage: str | None = None
    """Emitter family whose spans and records share no id: equal session and usage pairs them."""
    pairs_without_reasoning: bool = False
    """Whether that family leaves the reasoning out of the output, and this dialect does not."""
    input_excludes: bool = False
    output_excludes: bool = False
    ttft_factor: float = 1.0
    """From the emitter's unit to milliseconds; the convention has seconds."""
    provider: str | None = None
    fields: Fields = field(default_factory=dict)


def _imported(agent: str, **options: Any) -> Dialect:
    """What `otel-burn import` reads out of an agent's session logs: it knows more of a call, but less of its time."""
    return Dialect(
        name=f"{agent}-file",
        rank=22,
        scope=rf"otel_burn\.import\.{agent.replace('-', '_')}",
        markers=(names.OPERATION_NAME,),
        marker_values=INFERENCE,
        fields=GENAI | BURN | {"reported_usd": (names.LOGGED_USD,)},
        **options,
    )


DIALECTS: Final = (
    _imported("claude-code"),
    _imported("codex", pairs_by_usage="codex"),
    _imported("gemini-cli", pairs_by_usage="gemini-cli", pairs_without_reasoning=True),
    _imported("openclaw"),
    _imported("opencode", pairs_by_usage="opencode"),
    Dialect(
        name="otel_burn",
        rank=0,
        scope=names.SCOPE,
        markers=(names.OPERATION_NAME,),
        marker_values=INFERENCE,
        wire=True,
        ttft_factor=1000,
        fields=GENAI | BURN,
    ),
    Dialect(
        name="anthropic-sdk",
        rank=10,
        scope=r"com\.anthropic\.sdk\.python",
        markers=OPERATION,
        marker_values=INFERENCE,
        ttft_factor=1000,
        provider="anthropic",
        fields=GENAI | NATIVE,
    ),
    Dialect(
        name="claude-code-log",
        rank=20,
        signal="log",
        scope=r"com\.anthropic\.claude_code\.events",
        event=r"(claude_code\.)?api_(request|error)",
        markers=("model",),
        input_excludes=True,
        provider="anthropic",
        fields=(
            claude_code := {
                "provider": ("anthropic.provider",),
                "request_model": ("model",),
                "request_id": ("request_id",),
                "session_id": ("session.id",),
                "user_id": ("user.id",),
                "agent": ("agent.name",),
                "agent_id": ("agent_id",),
                "finish_reason": ("stop_reason",),
                "error_type": ("error_type", "error"),
                "http_status": ("status_code",),
                "succeeded": ("success",),
                "attempt": ("attempt",),
                "ttft": ("ttft_ms",),
                "duration_ms": ("duration_ms",),
                "input_tokens": ("input_tokens",),
                "output_tokens": ("output_tokens",),
                "cache_read_tokens": ("cache_read_tokens",),
                "cache_write_tokens": ("cache_creation_tokens",),
                "cache_write_5m_tokens": ("cache_creation_5m_tokens",),
                "cache_write_1h_tokens": ("cache_creation_1h_tokens",),
                "reported_usd": ("cost_usd",),
            }
        ),
    ),
    Dialect(
        name="claude-code-span",
        rank=21,
        scope=r"com\.anthropic\.claude_code\.tracing",
        event=r"claude_code\.llm_request",
        markers=("model",),
        input_excludes=True,
        provider="anthropic",
        fields=claude_code,
    ),
    Dialect(
        name="codex-log",
        rank=20,
        signal="log",
        scope=r"codex_otel.*",
        event=r"codex\.sse_event",
        markers=("input_token_count",),
        pairs_by_usage="codex",
        provider="openai",
        fields={
            "request_model": ("model", "slug"),
            "session_id": ("conversation.id",),
            "agent": ("agent_name",),
            "ttft": ("ttft_ms",),
            "input_tokens": ("input_token_count",),
            "output_tokens": ("output_token_count",),
            "cache_read_tokens": ("cached_token_count",),
            "cache_write_tokens": ("cache_write_token_count",),
            "reasoning_tokens": ("reasoning_token_count",),
        },
    ),
    Dialect(
        name="codex-span",
        rank=21,
        scope=r"codex.*",
        event="handle_responses",
        markers=(names.USAGE_INPUT_TOKENS,),
        pairs_by_usage="codex",
        provider="openai",
        fields=GENAI | {"reasoning_tokens": ("codex.usage.reasoning_output_tokens",)},
    ),
    Dialect(
        name="gemini-cli-log",
        rank=20,
        signal="log",
        scope="gemini-cli",
        event=r"gemini_cli\.api_(response|error)",
        markers=("model", "model_name"),
        pairs_by_usage="gemini-cli",
        output_excludes=True,
        provider="gcp.gemini",
        fields={
            "request_model": ("model", "model_name"),
            "session_id": ("session.id",),
            "finish_reason": ("finish_reasons",),
            "error_type": ("error.type", "error_type", "error"),
            "http_status": ("http.status_code", "status_code"),
            "duration_ms": ("duration_ms",),
            "input_tokens": ("input_token_count",),
            "output_tokens": ("output_token_count",),
            "cache_read_tokens": ("cached_content_token_count",),
            "reasoning_tokens": ("thoughts_token_count",),
        },
    ),
    Dialect(
        name="gemini-cli-span",
        rank=35,  # loses to everyone: it has neither cache nor reasoning
        scope="gemini-cli",
        event="llm_call",
        markers=(names.REQUEST_MODEL,),
        pairs_by_usage="gemini-cli",
        output_excludes=True,
        provider="gcp.gemini",
        fields=GENAI,
    ),
    Dialect(
        name="openclaw-turn",
        rank=20,
        scope="openclaw",
        event=r"openclaw\.model\.usage",
        markers=(names.USAGE_INPUT_TOKENS,),
        fields=GENAI | {"agent": ("openclaw.agent",)},
    ),
    Dialect(
        # A turn's calls have no tokens of their own in 2026.4; `openclaw.model.usage` has the turn's sum.
        name="openclaw-other",
        rank=99,
        scope="openclaw",
        markers=OPERATION,
        counts=False,
    ),
    Dialect(
        name="ai-sdk",
        rank=30,
        event=r"ai\.(generateText\.doGenerate|streamText\.doStream|generateObject\.doGenerate|streamObject\.doStream"
        r"|embed\.doEmbed|embedMany\.doEmbed)",
        markers=("ai.model.id", "gen_ai.request.model"),
        pairs_by_usage="opencode",
        fields={
            "provider": ("gen_ai.system", "ai.model.provider"),
            "request_model": ("gen_ai.request.model", "ai.model.id"),
            "response_model": ("gen_ai.response.model", "ai.response.model"),
            "response_id": ("gen_ai.response.id", "ai.response.id"),
            "session_id": ("session.id", "ai.telemetry.metadata.sessionId"),
            "user_id": ("ai.telemetry.metadata.userId",),
            "finish_reason": ("gen_ai.response.finish_reasons", "ai.response.finishReason"),
            "ttft": ("ai.response.msToFirstChunk",),
            "input_tokens": ("ai.usage.inputTokens", "ai.usage.promptTokens", "gen_ai.usage.input_tokens"),
            "output_tokens": (
                "ai.usage.outputTokens",
                "ai.usage.completionTokens",
                "gen_ai.usage.output_tokens",
            ),
            "cache_read_tokens": ("ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"),
            "cache_write_tokens": ("ai.usage.inputTokenDetails.cacheWriteTokens",),
            "reasoning_tokens": ("ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"),
        },
    ),
    Dialect(
        name="ai-sdk-other",
        rank=99,
        event=r"ai\.(generateText|streamText|generateObject|streamObject|embed|embedMany)",
        markers=("ai.operationId",),
        counts=False,
    ),
    Dialect(
        name="openinference",
        rank=30,
        markers=("openinference.span.kind",),
        marker_values=("LLM", "EMBEDDING"),
        fields={
            "provider": ("llm.provider", "llm.system"),
            "request_model": ("llm.request.model_name", "llm.model_name", "embedding.model_name"),
            "response_model": ("llm.response.model_name", "llm.model_name"),
            # No attribute has the id; where the whole response is recorded, its own id comes first.
            "response_id": (Source("output.value", r'^\{\s*"id":\s*"([A-Za-z0-9_.:-]+)"'),),
            "operation": ("gen_ai.operation.name",),
            "session_id": ("session.id",),
            "user_id": ("user.id",),
            "agent": ("agent.name",),
            "finish_reason": ("llm.finish_reason",),
            "input_tokens": ("llm.token_count.prompt",),
            "output_tokens": ("llm.token_count.completion",),
            "cache_read_tokens": ("llm.token_count.prompt_details.cache_read",),
            "cache_write_tokens": ("llm.token_count.prompt_details.cache_write",),
            "reasoning_tokens": ("llm.token_count.completion_details.reasoning",),
            "audio_input_tokens": ("llm.token_count.prompt_details.audio",),
            "audio_output_tokens": ("llm.token_count.completion_details.audio",),
            "reported_usd": ("llm.cost.total",),
        },
    ),
    Dialect(
        name="openinference-other",
        rank=99,
        markers=("openinference.span.kind",),
        counts=False,
    ),
    Dialect(
        name="openlit-anthropic",
        rank=30,
        scope=r"openlit.*",
        markers=(names.PROVIDER_NAME, "gen_ai.system"),
        marker_values=("anthropic",),
        input_excludes=True,
        ttft_factor=1000,
        fields=GENAI,
    ),
    Dialect(
        name="litellm",
        rank=30,
        scope="litellm",
        markers=OPERATION,
        marker_values=INFERENCE,
        fields=GENAI
        | {
            # The only place with the cache: a Python dict in a string.
            "cache_read_tokens": (
                names.USAGE_CACHE_READ_INPUT_TOKENS,
                Source("metadata.usage_object", r"'cached_tokens': (\d+)"),
            ),
            "cache_write_tokens": (
                names.USAGE_CACHE_WRITE_INPUT_TOKENS,
                Source("metadata.usage_object", r"'cache_(?:write|creation)_tokens': (\d+)"),
            ),
            "reasoning_tokens": (Source("metadata.usage_object", r"'reasoning_tokens': (\d+)"),),
            "reported_usd": ("gen_ai.cost.total_cost",),
        },
    ),
    Dialect(
        name="genai",
        rank=30,
        markers=OPERATION,
        marker_values=INFERENCE,
        ttft_factor=1000,
        fields=GENAI,
    ),
)
