"""How do agent frameworks that trace themselves say what a call burned? One row a dialect; seen in which version."""

from typing import Final

from otel_burn import names
from otel_burn_collector.ledger.attributes import GENAI, Source
from otel_burn_collector.ledger.dialect import INFERENCE, OPERATION, Dialect
from otel_burn_collector.ledger.makers import maker

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
        remark="it tells no cached and no reasoning tokens",
        fields=GENAI,
    ),
)
