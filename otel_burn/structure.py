"""What comes along of an application's own spans? Their shape, for the structure around calls, and no content."""

from collections.abc import Callable
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from otel_burn import names
from otel_burn.brief import brief_value

STRUCTURE: Final = frozenset(
    {
        "gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.system", "gen_ai.conversation.id",
        "gen_ai.agent.name", "gen_ai.agent.id", "gen_ai.agent.version", "gen_ai.workflow.name",
        "gen_ai.request.model", "gen_ai.request.stream", "gen_ai.response.id", "gen_ai.response.model",
        "gen_ai.response.finish_reasons", "gen_ai.response.time_to_first_chunk", "gen_ai.tool.name",
        "gen_ai.tool.type", "gen_ai.tool.call.id", "anthropic.request.id", "anthropic.response.service_tier",
        "openai.response.service_tier", "openinference.span.kind", "llm.model_name", "llm.provider",
        "llm.system", "llm.request.type", "traceloop.span.kind", "traceloop.entity.name",
        "traceloop.workflow.name", "session.id", "user.id", "agent.name", "tool.name", "tool_call.id",
        "operation.cost", "error.type", "http.request.method", "http.response.status_code",
        "server.address", "server.port",
    }
)  # fmt: skip
COUNTS: Final = ("gen_ai.usage.", "anthropic.usage.", "llm.token_count.", "llm.cost.")
"""What is kept of the application's own spans: a list of names, and numbers under four prefixes. Other instrumentations
record content by default, also under names that begin like harmless ones (`gen_ai.system_instructions`)."""


class _Forwarding(SpanProcessor):
    """Hands each finished span on."""

    def __init__(self, carry: Callable[[ReadableSpan], None]) -> None:
        self._carry = carry

    def on_end(self, span: ReadableSpan) -> None:
        self._carry(span)


def forward(provider: Any, carry: Callable[[ReadableSpan], None]) -> None:
    """Let *carry* see each span that the application's own SDK *provider* finishes."""
    provider.add_span_processor(_Forwarding(carry))


def structure_of(span: ReadableSpan, run_id: str | None) -> dict[str, Any]:
    """The attributes of the application's own *span* without anything that could be content."""
    kept: dict[str, Any] = {
        key: brief_value(value)
        for key, value in (span.attributes or {}).items()
        if key in STRUCTURE or (key.startswith(COUNTS) and isinstance(value, int | float))
    }
    if run_id:
        kept[names.RUN_ID] = run_id
    return kept
