"""How does OpenLIT say what a call burned? It makes usage up where it saw none; seen in 1.45."""

from typing import Final

from otel_burn import names
from otel_burn_collector.ledger.attributes import GENAI, Source
from otel_burn_collector.ledger.dialect import INFERENCE, OPERATION, USAGE, Dialect

_LANGCHAIN: Final = r"openlit\..*lang(?:chain|graph)"
_MODEL: Final = "^(?!(?:openai|anthropic|google|azure|bedrock|ollama|langchain)$)(.+)$"
"""It writes the vendor's name where it finds no model's."""
LANGCHAIN: Final[dict[str, tuple[str | Source, ...]]] = GENAI | {
    "request_model": (Source(names.REQUEST_MODEL, _MODEL),),
    "response_model": (Source(names.RESPONSE_MODEL, _MODEL),),
}


OPENLIT: Final = (
    # A callback: of Anthropic's plain answers it tells the uncached input alone; of streams LangChain's sums.
    Dialect(
        name="openlit-langchain",
        rank=32,
        scope=_LANGCHAIN,
        markers=OPERATION,
        marker_values=INFERENCE,
        remark="of Anthropic's plain answers it leaves out what the cache read and wrote",
        invents_half=True,
        ttft_factor=1000,
        fields=LANGCHAIN,
    ),
    # `len(text) / 2` as tokens where a stream brought no usage; then it says nothing of the cache.
    Dialect(
        name="openlit-invented",
        rank=31,
        scope=r"openlit\..*openai.*",
        markers=(names.REQUEST_STREAM,),
        marker_values=("true",),
        needs=(names.REQUEST_MODEL,),
        lacks=(names.USAGE_CACHE_READ_INPUT_TOKENS,),
        invents_usage=True,
        ttft_factor=1000,
        fields=GENAI,
    ),
    Dialect(
        name="openlit-event",  # its span says the same
        rank=99,
        signal="log",
        scope=r"openlit.*",
        markers=USAGE,
        counts=False,
    ),
    Dialect(
        name="openlit-anthropic",
        rank=31,
        scope=r"openlit.*",
        markers=(names.PROVIDER_NAME, "gen_ai.system"),
        marker_values=("anthropic",),
        needs=OPERATION,
        input_excludes=True,
        ttft_factor=1000,
        fields=GENAI,
    ),
    Dialect(
        name="openlit-google",
        rank=31,
        scope=r"openlit.*",
        markers=(names.PROVIDER_NAME, "gen_ai.system"),
        marker_values=("gemini", "google", "vertex_ai", "gcp.gemini", "gcp.gen_ai", "gcp.vertex_ai"),
        needs=OPERATION,
        output_excludes=True,
        ttft_factor=1000,
        fields=GENAI,
    ),
)
