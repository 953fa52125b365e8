"""Which attributes carry which field of a report? The names that several dialects share."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from otel_burn import names


class Source(NamedTuple):
    """A field that hides inside an attribute's text: the pattern's first group, or what it stands for."""

    attribute: str
    pattern: str
    meaning: str | None = None


def _raw(member: str) -> Source:
    """A count in the provider's own usage object, which Logfire adds."""
    return Source("gen_ai.usage.raw", rf'"{member}":\s*(\d+)')


Fields = Mapping[str, tuple[str | Source, ...]]
"""From a field to the attributes that may carry it, the best first."""

ANCESTOR: Final[dict[str, tuple[str | Source, ...]]] = {
    "session_id": (
        names.CONVERSATION_ID,
        "session.id",
        "conversation.id",
        "traceloop.association.properties.session_id",
        "langfuse.session.id",
    ),
    "agent": (names.AGENT_NAME, "agent.name", "agent_name"),
    "node": ("graph.node.id",),
    "agent_id": (names.AGENT_ID, "agent_id"),
    "user_id": (names.USER_ID, "traceloop.association.properties.user_id", "langfuse.user.id", "enduser.id"),
    "work_id": (names.WORK_ID,),
    "project": (names.PROJECT, "cwd"),
    "request_model": ("model",),
}
"""What any span may tell the calls below it."""

GENAI: Final[dict[str, tuple[str | Source, ...]]] = {
    # Microsoft's Agent Framework names the answer before where the provider keeps the conversation: no session is that.
    "session_id": (Source(names.CONVERSATION_ID, r"^(?!resp_)(.+)$"), *ANCESTOR["session_id"][1:]),
    "agent": ANCESTOR["agent"],
    "agent_id": ANCESTOR["agent_id"],
    "user_id": (*ANCESTOR["user_id"], "gen_ai.user", "llm.user"),
    "work_id": ANCESTOR["work_id"],
    "project": (names.PROJECT,),
    "provider": (names.PROVIDER_NAME, "gen_ai.system"),
    "server_address": (names.SERVER_ADDRESS,),
    "operation": (names.OPERATION_NAME, "llm.request.type"),
    "request_model": (names.REQUEST_MODEL, "llm.request.model"),
    "response_model": (names.RESPONSE_MODEL, "llm.response.model"),
    "response_id": (names.RESPONSE_ID,),
    "request_id": (names.REQUEST_ID,),
    "stream": (names.REQUEST_STREAM, "gen_ai.is_streaming", "llm.is_streaming"),
    "ttft": (names.RESPONSE_TIME_TO_FIRST_CHUNK,),
    "error_type": (names.ERROR_TYPE,),
    "http_status": (names.HTTP_STATUS_CODE,),
    "finish_reason": (
        names.RESPONSE_FINISH_REASONS,
        "gen_ai.response.finish_reason",
        "gen_ai.response.stop_reason",
        "anthropic.message.stop_reason",
    ),
    "service_tier": (
        names.SERVICE_TIER,
        names.OPENAI_RESPONSE_SERVICE_TIER,
        names.ANTHROPIC_RESPONSE_SERVICE_TIER,
        "gen_ai.openai.response.service_tier",
    ),
    "region": (names.REGION,),
    "speed": (names.SPEED,),
    "input_tokens": (names.USAGE_INPUT_TOKENS, "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens"),
    "output_tokens": (
        names.USAGE_OUTPUT_TOKENS,
        "gen_ai.usage.completion_tokens",
        "llm.usage.completion_tokens",
    ),
    "cache_read_tokens": (
        names.USAGE_CACHE_READ_INPUT_TOKENS,
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cache_read_tokens",
        "gen_ai.usage.prompt_tokens_details.cached_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.cached_tokens",
        "gen_ai.usage.input_tokens.cached",
        "gen_ai.usage.cached_input_tokens",
        "llm.usage.cache_read_input_tokens",
        _raw("cached_tokens"),
        _raw("cache_read_input_tokens"),
    ),
    "cache_write_tokens": (
        names.USAGE_CACHE_WRITE_INPUT_TOKENS,
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write_tokens",
        "gen_ai.usage.cache_write_input_tokens",
        "gen_ai.usage.prompt_tokens_details.cache_creation_tokens",
        "gen_ai.usage.details.cache_write_tokens",
        "gen_ai.usage.input_tokens.cache_write",
        "gen_ai.usage.cache_creation_tokens",
        "llm.usage.cache_creation_input_tokens",
    ),
    "cache_write_5m_tokens": (names.ANTHROPIC_CACHE_WRITE_5M, _raw("ephemeral_5m_input_tokens")),
    "cache_write_1h_tokens": (names.ANTHROPIC_CACHE_WRITE_1H, _raw("ephemeral_1h_input_tokens")),
    "reasoning_tokens": (
        names.USAGE_REASONING_OUTPUT_TOKENS,
        "gen_ai.usage.reasoning_tokens",
        "llm.usage.reasoning_tokens",
        "gen_ai.usage.completion_tokens_details.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
        "gen_ai.usage.details.thoughts_tokens",
        "gen_ai.usage.output_tokens.reasoning",
        "gen_ai.usage.thoughts_tokens",
        "gen_ai.usage.thinking_tokens",
        _raw("reasoning_tokens"),
        _raw("thinking_tokens"),
    ),
    "audio_input_tokens": (names.USAGE_AUDIO_INPUT_TOKENS, "gen_ai.usage.details.input_audio_tokens"),
    "audio_output_tokens": (names.USAGE_AUDIO_OUTPUT_TOKENS, "gen_ai.usage.details.output_audio_tokens"),
    "total_tokens": ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "gen_ai.client.token.usage"),
    "reported_usd": (
        "operation.cost",
        "gen_ai.usage.cost.amount",
        "gen_ai.usage.cost",
        "gen_ai.usage.total_cost",
        "gen_ai.cost.total_cost",
    ),
}
"""The OpenTelemetry GenAI convention, new and old names, and what its neighbours write in its place."""

OPENINFERENCE: Final[dict[str, tuple[str | Source, ...]]] = {
    "provider": ("llm.provider", "llm.system"),
    "request_model": ("llm.request.model_name", "llm.model_name", "embedding.model_name"),
    "response_model": ("llm.response.model_name", "llm.model_name"),
    # No attribute has the id; where the whole response is recorded, its own id comes first.
    "response_id": (Source("output.value", r'^\{\s*"id":\s*"([A-Za-z0-9_.:-]+)"'),),
    "operation": ("gen_ai.operation.name", Source("openinference.span.kind", "^(EMBEDDING)$")),
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
}
"""OpenInference's own names."""

NATIVE: Final[dict[str, tuple[str | Source, ...]]] = {"request_id": ("anthropic.request.id",)}

EXTRAS: Final[Mapping[str, str]] = {
    **{unit: name for unit, name in names.USAGE_UNITS.items() if unit != "tool_use_input_tokens"},
    "image_input_tokens": names.USAGE_IMAGE_INPUT_TOKENS,
    "image_output_tokens": names.USAGE_IMAGE_OUTPUT_TOKENS,
    "audio_cache_read_tokens": names.USAGE_AUDIO_CACHE_READ_INPUT_TOKENS,
    "provider_usd": names.COST_REPORTED_USD,
}
"""What is billed beside tokens of the usual kinds, and the bill itself where the provider told it: few calls have any,
so that they share a column of a report."""

BURN: Final[dict[str, tuple[str | Source, ...]]] = {
    "logical_call": (names.CALL_ID,),
    "attempt": (names.ATTEMPT_NUMBER,),
    "usage_status": (names.USAGE_STATUS,),
    "context_status": (names.CONTEXT_STATUS,),
    "chain": (names.CONTEXT_CHAIN,),
    "blocks": (names.CONTEXT_BLOCKS,),
    "base": (names.CONTEXT_BASE,),
    "base_blocks": (names.CONTEXT_BASE_BLOCKS,),
    "kinds": (names.CONTEXT_KINDS,),
    "hashes": (names.CONTEXT_HASHES,),
    "bytes": (names.CONTEXT_BYTES,),
    "tools": (names.CONTEXT_TOOLS,),
    "tool_call_ids": (names.CONTEXT_TOOL_CALL_IDS,),
    "errors": (names.CONTEXT_ERRORS,),
    "sketches": (names.CONTEXT_SKETCHES,),
    "output_kinds": (names.OUTPUT_KINDS,),
    "output_hashes": (names.OUTPUT_HASHES,),
    "output_bytes": (names.OUTPUT_BYTES,),
    "asked_ids": (names.TOOL_CALLS_IDS,),
    "asked_names": (names.TOOL_CALLS_NAMES,),
    "asked_hashes": (names.TOOL_CALLS_ARGS_HASHES,),
    "asked_effects": (names.TOOL_CALLS_EFFECTS,),
    "asked_sketches": (names.TOOL_CALLS_SKETCHES,),
    **{f"extra:{name}": (attribute,) for name, attribute in EXTRAS.items()},
}
"""What only our own spans say."""
