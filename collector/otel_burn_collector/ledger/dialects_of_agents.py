"""How do agents that trace themselves say what a call burned? One row a dialect; what was seen in which version."""

from typing import Any, Final

from otel_burn import names
from otel_burn_collector.ledger.attributes import BURN, GENAI, Fields
from otel_burn_collector.ledger.dialect import INFERENCE, OPERATION, USAGE, Dialect


def _imported(agent: str, **options: Any) -> Dialect:
    """What `otel-burn import` reads out of an agent's session logs: it knows more of a call, but less of its time."""
    return Dialect(
        name=f"{agent}-file",
        rank=22,
        scope=rf"otel_burn\.import\.{agent.replace('-', '_')}",
        markers=(names.OPERATION_NAME,),
        marker_values=INFERENCE,
        fields=GENAI
        | BURN
        | {
            "reported_usd": (names.LOGGED_USD,),
            "parent_session_id": (names.PARENT_CONVERSATION_ID,),
        },
        **options,
    )


CLAUDE_CODE: Final[Fields] = {
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
    "speed": ("speed",),
    "reported_usd": ("cost_usd",),
}

AGENTS: Final = (
    _imported("claude-code"),
    _imported("codex", pairs_by_usage="codex"),
    _imported("gemini-cli", pairs_by_usage="gemini-cli", pairs_without_reasoning=True),
    _imported("openclaw"),
    _imported("opencode", pairs_by_usage="opencode"),
    Dialect(
        name="claude-code-log",
        rank=20,
        signal="log",
        scope=r"com\.anthropic\.claude_code(\.events)?",
        event=r"(claude_code\.)?api_(request|error)",
        markers=("model",),
        input_excludes=True,
        provider="anthropic",
        fields=CLAUDE_CODE,
    ),
    Dialect(
        name="claude-code-span",
        rank=21,
        scope=r"com\.anthropic\.claude_code\.tracing",
        event=r"claude_code\.llm_request",
        markers=("model",),
        input_excludes=True,
        provider="anthropic",
        fields=CLAUDE_CODE,
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
        name="gemini-cli-event",  # of the convention; `gemini_cli.api_response` says more
        rank=99,
        signal="log",
        scope="gemini-cli",
        event=r"gen_ai\..*",
        markers=USAGE,
        counts=False,
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
        name="openclaw-call",
        rank=20,
        scope="openclaw",
        markers=("openclaw.model_call.request_bytes", "openclaw.model_call.observation_unit"),
        pairs_by_usage="openclaw",
        pairs_with_turns=True,
        ttft_factor=1,
        fields=GENAI | {"ttft": ("openclaw.model_call.time_to_first_byte_ms",), "agent": ("openclaw.agent",)},
    ),
    Dialect(
        # 2026.4 tells tokens once a turn, in a trace of its own; a later version tells them with each call as well.
        name="openclaw-turn",
        rank=25,
        scope="openclaw",
        event=r"openclaw\.model\.usage",
        apart="turn",
        markers=(names.USAGE_INPUT_TOKENS,),
        pairs_by_usage="openclaw",
        pairs_with_turns=True,
        remark="its usage is that of the whole turn, as OpenClaw tells it; the turn's other calls have none",
        fields=GENAI | {"agent": ("openclaw.agent",)},
    ),
    Dialect(
        name="openclaw-other",
        rank=99,
        scope="openclaw",
        markers=OPERATION,
        counts=False,
    ),
)
