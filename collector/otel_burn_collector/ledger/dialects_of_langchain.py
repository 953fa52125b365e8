"""How do callbacks of LangChain say what a call burned? In traces of their own: see `steps/touch_linked.sql`."""

from typing import Final

from otel_burn import names
from otel_burn_collector.ledger.attributes import GENAI, OPENINFERENCE, Source
from otel_burn_collector.ledger.dialect import INFERENCE, OPERATION, Dialect

_IDS: Final = (
    Source("output.value", r'"id": "((?:chatcmpl-|resp_)[\w-]+)"'),
    Source("output.value", r'"(?:llm_output|response_metadata)": \{"id": "(msg_\w+)"'),
)
"""A provider's id stands deep inside of what a chat model returned; of a stream there is none."""


def _told(kind: str, *members: str) -> tuple[Source, ...]:
    """A count in the details of LangChain's usage: a Python dict in a string, or within the answer."""
    name = "|".join(members)
    return (
        Source(f"gen_ai.usage.{kind}_token_details", rf"'(?:{name})': ([1-9]\d*)"),
        Source("gen_ai.completion", rf'"{kind}_token_details":\s*\{{[^}}]*"(?:{name})":\s*([1-9]\d*)'),
    )


LANGSMITH: Final[dict[str, tuple[str | Source, ...]]] = GENAI | {
    "provider": ("langsmith.metadata.ls_provider", *GENAI["provider"]),
    "response_id": (
        names.RESPONSE_ID,
        *(Source("gen_ai.completion", source.pattern) for source in _IDS),
    ),
    "cache_read_tokens": (*GENAI["cache_read_tokens"], *_told("input", "cache_read")),
    "cache_write_tokens": (
        *GENAI["cache_write_tokens"],
        *_told("input", "cache_creation"),
        Source("gen_ai.completion", r'"cache_creation_input_tokens":\s*(\d+)'),
    ),
    "reasoning_tokens": (*GENAI["reasoning_tokens"], *_told("output", "reasoning")),
}

LANGCHAIN: Final = (
    Dialect(
        name="openinference-langchain",
        rank=30,
        scope=r"openinference\.instrumentation\.langchain",
        markers=("openinference.span.kind",),
        marker_values=("LLM", "EMBEDDING"),
        fields=OPENINFERENCE | {"response_id": _IDS},
    ),
    Dialect(
        name="langsmith",
        rank=31,
        scope="langsmith",
        markers=OPERATION,
        marker_values=INFERENCE,
        fields=LANGSMITH,
    ),
    Dialect(
        name="openllmetry-langchain",
        rank=31,
        scope=r"opentelemetry\.instrumentation\.langchain",
        markers=OPERATION,
        marker_values=INFERENCE,
        ttft_factor=1000,
        fields=GENAI,
    ),
)
