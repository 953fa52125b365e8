"""What is a dialect? An emitter's way to report a call: which spans or records, which attributes, which defects."""

from dataclasses import dataclass, field
from typing import Final, Literal

from otel_burn import names
from otel_burn_collector.ledger.attributes import Fields

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
NO_CALLS: Final = (
    "invoke_agent",
    "create_agent",
    "invoke_workflow",
    "execute_tool",
    "fetch_response",
    "count_tokens",
    "create_batch",
    "retrieval",
    "plan",
    "agent",
    "workflow",
    "task",
    "tool",
    "chain",
)
"""Operations that no provider bills for; what they say of usage, they say of the calls below them."""

USAGE: Final = (
    names.USAGE_INPUT_TOKENS,
    names.USAGE_OUTPUT_TOKENS,
    "gen_ai.usage.prompt_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.prompt_tokens",
    "llm.usage.completion_tokens",
)
"""What says that tokens were used, in the names of the convention, old and new."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """An emitter's way to report a call. The first dialect in `DIALECTS` that fits a span or record reads it."""

    name: str
    rank: int
    """Precedence between reports of one call: 0 the wire, 10 the SDK itself, 20 the agent itself, 30 others."""
    signal: Literal["span", "log"] = "span"
    scope: str = ".*"
    since: str = ""
    before: str = ""
    """Versions of the scope: from `since` on, and below `before`. A scope that says no version fits neither."""
    event: str = ".*"
    markers: tuple[str, ...]
    marker_values: tuple[str, ...] | None = None
    """What the first marker that the record has must say; None: anything."""
    unless_values: tuple[str, ...] = ()
    """What it must not say."""
    needs: tuple[str, ...] = ()
    """Attributes of which the record must have one, beside the marker."""
    lacks: tuple[str, ...] = ()
    """Attributes of which it must have none."""
    unless_failed: bool = False
    """Whether a span whose status is ERROR does not fit."""
    counts: bool = True
    """False: spans that look like a report and repeat, or only announce, what other spans report."""
    apart: str = ""
    """What this emitter says here is another kind of report than its others: of one call it may make both."""
    wire: bool = False
    """One report an HTTP attempt, not one a call."""
    pairs_by_usage: str | None = None
    """Emitter family whose spans and records share no id, or no request's id, where a gateway gives none: equal session
    and usage pairs them."""
    pairs_without_reasoning: bool = False
    """Whether that family leaves the reasoning out of the output, and this dialect does not."""
    pairs_with_turns: bool = False
    """Whether calls of that family pair with the turn that they belong to, by process and time alone."""
    input_excludes: bool = False
    output_excludes: bool = False
    output_repeats: bool = False
    """Whether its output counts the reasoning, which was in it already, once more."""
    invents_usage: bool = False
    """Whether the counts are made up, from the length of texts: then they are none."""
    invents_half: bool = False
    """Whether they may be: then an output that is half as many tokens as the answer has characters is none."""
    leaves_out: str = ""
    """Tokens that it does not tell and that decide a price: without them usage is partial, a price estimated."""
    remark: str = ""
    """A defect of this emitter that cannot be corrected, in words for `otel-burn explain`."""
    ttft_factor: float = 1.0
    """From the emitter's unit to milliseconds; the convention has seconds."""
    provider: str | None = None
    fields: Fields = field(default_factory=dict)
