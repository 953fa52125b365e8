"""Which attribute names does otel-burn write? Every name of ours stands here, once."""

from typing import Final

# ── OpenTelemetry GenAI semantic conventions (semantic-conventions-genai, development, 2026-11) ──────────
# Our own constants: the packaged incubating module still carries the names before the renaming.
OPERATION_NAME: Final = "gen_ai.operation.name"
PROVIDER_NAME: Final = "gen_ai.provider.name"
CONVERSATION_ID: Final = "gen_ai.conversation.id"
AGENT_NAME: Final = "gen_ai.agent.name"
AGENT_ID: Final = "gen_ai.agent.id"
REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_STREAM: Final = "gen_ai.request.stream"
REQUEST_CHOICE_COUNT: Final = "gen_ai.request.choice.count"
REQUEST_SEED: Final = "gen_ai.request.seed"
REQUEST_TOP_K: Final = "gen_ai.request.top_k"
REQUEST_TOP_P: Final = "gen_ai.request.top_p"
REQUEST_TEMPERATURE: Final = "gen_ai.request.temperature"
REQUEST_FREQUENCY_PENALTY: Final = "gen_ai.request.frequency_penalty"
REQUEST_PRESENCE_PENALTY: Final = "gen_ai.request.presence_penalty"
REQUEST_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
REQUEST_REASONING_LEVEL: Final = "gen_ai.request.reasoning.level"
REQUEST_ENCODING_FORMATS: Final = "gen_ai.request.encoding_formats"
EMBEDDINGS_DIMENSION_COUNT: Final = "gen_ai.embeddings.dimension.count"
REQUEST_PREVIOUS_RESPONSE_ID: Final = "gen_ai.request.previous_response.id"
RESPONSE_ID: Final = "gen_ai.response.id"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
RESPONSE_TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
USAGE_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
USAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
USAGE_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
USAGE_CACHE_WRITE_INPUT_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
USAGE_REASONING_OUTPUT_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"
USAGE_AUDIO_INPUT_TOKENS: Final = "gen_ai.usage.audio.input_tokens"
USAGE_AUDIO_OUTPUT_TOKENS: Final = "gen_ai.usage.audio.output_tokens"
USAGE_AUDIO_CACHE_READ_INPUT_TOKENS: Final = "gen_ai.usage.audio.cache_read.input_tokens"
USAGE_IMAGE_INPUT_TOKENS: Final = "gen_ai.usage.image.input_tokens"
USAGE_IMAGE_OUTPUT_TOKENS: Final = "gen_ai.usage.image.output_tokens"
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"
OPENAI_RESPONSE_SERVICE_TIER: Final = "openai.response.service_tier"
ANTHROPIC_RESPONSE_SERVICE_TIER: Final = "anthropic.response.service_tier"
ANTHROPIC_CACHE_WRITE_5M: Final = "anthropic.usage.cache_creation.ephemeral_5m_input_tokens"
ANTHROPIC_CACHE_WRITE_1H: Final = "anthropic.usage.cache_creation.ephemeral_1h_input_tokens"

# ── OpenTelemetry, stable ────────────────────────────────────────────────────────────────────────────────
ERROR_TYPE: Final = "error.type"
HTTP_STATUS_CODE: Final = "http.response.status_code"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
SERVICE_NAME: Final = "service.name"
SERVICE_INSTANCE_ID: Final = "service.instance.id"
USER_ID: Final = "user.id"

# ── Ours: accounting ─────────────────────────────────────────────────────────────────────────────────────
SCOPE: Final = "otel_burn"
"""The instrumentation scope of every span that a tap makes."""
RUN_ID: Final = "burn.run.id"
WORK_ID: Final = "burn.work.id"
PROJECT: Final = "burn.project"
PARENT_CONVERSATION_ID: Final = "burn.parent_conversation.id"
"""The session that started this one, or that it was forked from."""
CALL_ID: Final = "burn.call.id"
ATTEMPT_NUMBER: Final = "burn.attempt.number"
USAGE_STATUS: Final = "burn.usage.status"
USAGE_RAW: Final = "burn.usage.raw"
USAGE_ANOMALY: Final = "burn.usage.anomaly"
USAGE_UNITS: Final = {
    unit: f"burn.usage.{unit}"
    for unit in (
        "tool_use_input_tokens", "web_search_requests", "web_fetch_requests", "search_units",
        "compaction_input_tokens", "compaction_output_tokens", "compaction_cache_read_tokens",
        "compaction_cache_write_tokens", "cache_write_30m_tokens", "cache_write_12h_tokens", "file_searches",
        "maps_searches", "x_searches", "code_executions", "attachment_searches", "code_interpreter_sessions",
        "video_input_tokens", "video_output_tokens", "requests_low", "requests_medium", "requests_high",
        "audio_input_seconds", "images", "characters", "pages",
    )
}  # fmt: skip
"""Billed units that the convention has no name for, with their attributes; numbers."""
BATCH_REQUESTS: Final = "burn.batch.requests"
"""How many requests a batch that is created has."""
REQUEST_ID: Final = "burn.request.id"
SERVICE_TIER: Final = "burn.service_tier"
SPEED: Final = "burn.speed"
REGION: Final = "burn.region"
COST_USD: Final = "burn.cost.usd"
LOGGED_USD: Final = "burn.logged.cost_usd"
"""What an agent wrote into its own log as the price of a call."""
COST_STATUS: Final = "burn.cost.status"
COST_REPORTED_USD: Final = "burn.cost.reported_usd"
"""What the answer itself says that it cost, in US dollars."""

# ── Ours: the context manifest. Parallel arrays, one entry a block, in the provider's prompt order ────────
CONTEXT_VERSION: Final = "burn.context.version"
CONTEXT_STATUS: Final = "burn.context.status"
CONTEXT_CHAIN: Final = "burn.context.chain"
"""The name of the whole list of blocks: equal lists have equal names in every process."""
CONTEXT_BLOCKS: Final = "burn.context.blocks"
"""How many blocks the whole list has."""
CONTEXT_BASE: Final = "burn.context.base"
"""The chain of the list whose first `CONTEXT_BASE_BLOCKS` blocks stand before the listed ones."""
CONTEXT_BASE_BLOCKS: Final = "burn.context.base_blocks"
CONTEXT_KINDS: Final = "burn.context.kinds"
CONTEXT_HASHES: Final = "burn.context.hashes"
CONTEXT_BYTES: Final = "burn.context.bytes"
# The four below are left out when every entry would be "".
CONTEXT_TOOLS: Final = "burn.context.tools"
CONTEXT_TOOL_CALL_IDS: Final = "burn.context.tool_call_ids"
CONTEXT_ERRORS: Final = "burn.context.errors"
CONTEXT_SKETCHES: Final = "burn.context.sketches"

# ── Ours: the answer. Parallel arrays, one entry a block; absent when it broke off ────────────────────────
OUTPUT_KINDS: Final = "burn.output.kinds"
OUTPUT_HASHES: Final = "burn.output.hashes"
OUTPUT_BYTES: Final = "burn.output.bytes"

# ── Ours: the tool calls that the model asked for. Parallel arrays, one entry a tool call ─────────────────
TOOL_CALLS_IDS: Final = "burn.tool_calls.ids"
TOOL_CALLS_NAMES: Final = "burn.tool_calls.names"
TOOL_CALLS_ARGS_HASHES: Final = "burn.tool_calls.args_hashes"
TOOL_CALLS_ARGS_BYTES: Final = "burn.tool_calls.args_bytes"
TOOL_CALLS_ARGS: Final = "burn.tool_calls.args"
"""Per tool call, a JSON object from each top-level argument's name to the hash of its value."""
TOOL_CALLS_SKETCHES: Final = "burn.tool_calls.sketches"
TOOL_CALLS_EFFECTS: Final = "burn.tool_calls.effects"
