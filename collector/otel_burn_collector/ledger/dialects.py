"""Which dialect reads which span or record? The first that fits."""

from typing import Final

from otel_burn import names
from otel_burn_collector.ledger.attributes import BURN, GENAI, NATIVE
from otel_burn_collector.ledger.dialect import INFERENCE, NO_CALLS, OPERATION, USAGE, Dialect
from otel_burn_collector.ledger.dialects_of_agents import AGENTS
from otel_burn_collector.ledger.dialects_of_libraries import LIBRARIES

__all__ = ["DIALECTS", "INFERENCE", "Dialect"]

DIALECTS: Final = (
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
    *AGENTS,
    *LIBRARIES,
    Dialect(
        name="genai",
        rank=30,
        markers=OPERATION,
        marker_values=INFERENCE,
        ttft_factor=1000,
        fields=GENAI,
    ),
    # An operation that we do not know, or none at all, and yet somebody used tokens of a model.
    Dialect(
        name="genai-operation",
        rank=31,
        markers=OPERATION,
        unless_values=NO_CALLS,
        needs=USAGE,
        ttft_factor=1000,
        fields=GENAI,
    ),
    Dialect(
        name="genai-unnamed",
        rank=32,
        markers=(names.REQUEST_MODEL, names.RESPONSE_MODEL, "llm.request.model", "llm.response.model"),
        needs=USAGE,
        lacks=(*OPERATION, "traceloop.span.kind"),
        ttft_factor=1000,
        fields=GENAI,
    ),
    # The convention's event, which has the same attributes as the span that it belongs to.
    Dialect(
        name="genai-event",
        rank=33,
        signal="log",
        event=r"gen_ai\.client\.inference\.operation\.details",
        markers=USAGE,
        ttft_factor=1000,
        fields=GENAI,
    ),
)
