"""Which routine calls went to a model that is dearer than they need? An estimate, with a wide range.

Rule: Calls that read at most 4,000 tokens, answered in at most 150 without thinking and without asking for a tool,
and succeeded, on a model whose output costs 10 dollars a million tokens or more. Reported by agent, once there are
fifty and they cost ten cents.

Defaults: 4,000 and 150 tokens: a classification, a title, a yes or no. 10 dollars: small models of the large makers
cost 0.4 to 5. Fifty: a habit, not a case.

Dollars: High: four fifths of the cost, as the next smaller model of a maker mostly costs a fifth. Low: a third of the
cost, if only half of the calls could go there. Both are rules of thumb, not prices.

Needs: Usage, and a model on our price list.

Blind spots: Whether the answers would have been as good. That is for an evaluation to say.

Complexity: Linear in calls.
"""

from datetime import timedelta
from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import findings, summed
from otel_burn_analytics.rates import NEEDS, with_list_rates

NAME: Final = "oversized_model"
CALLS: Final = pl.Schema(
    {
        **runs.LLM_CALLS,
        **NEEDS,
        **dict.fromkeys(("work_id", "trace_id", "span_id", "status"), pl.String()),
        "output_tokens": pl.Int64(),
        "reasoning_tokens": pl.Int64(),
        "cost_usd": pl.Float64(),
    }
)
TOOL_CALLS: Final = pl.Schema({"call_id": pl.String()})
KEY: Final = ("agent", "model")


def find_oversized_model(
    llm_calls: pl.LazyFrame,
    tool_calls: pl.LazyFrame,
    *,
    most_input: int = 4_000,
    most_output: int = 150,
    dear: float = 10e-6,
    min_calls: int = 50,
    min_usd: float = 0.1,
) -> pl.LazyFrame:
    """Findings: per agent and dear model, the calls that look routine."""
    routine = (
        (pl.col("status") == "ok")
        & (pl.col("input_tokens") <= most_input)
        & pl.col("output_tokens").is_between(1, most_output)
        & (pl.col("reasoning_tokens").fill_null(0) == 0)
    )
    members = (
        with_list_rates(llm_calls.filter(routine, pl.col("agent").is_not_null()))
        .filter(pl.col("list_output") >= dear)
        .join(tool_calls, on="call_id", how="anti")
        .with_columns(
            model=pl.coalesce("response_model", "request_model"),
            tokens=pl.col("input_tokens") + pl.col("output_tokens"),
            usd_high=pl.col("cost_usd") * 0.8,
            usd_low=pl.col("cost_usd") / 3,
        )
        .sort(*KEY, "started_at", "call_id", nulls_last=True)
        .with_columns(tells=pl.int_range(pl.len()).over(KEY) >= min_calls - 1)
    )
    found = summed(members, by=KEY, usd=pl.col("cost_usd").sum()).filter(
        pl.col("members") >= min_calls, pl.col("usd") >= min_usd
    )
    return findings(
        found,
        name=NAME,
        key=KEY,
        partition="agent",
        tier=pl.lit("warn"),
        confidence=pl.lit(0.3),
        evidence=pl.format(
            "{} of {} to {} read at most {} tokens and answered in at most {}, without tools or thinking. A smaller "
            "model may do: that would save about {} to {}, by rules of thumb.",
            numbers.plural(pl.col("members"), "call", "calls"),
            "agent",
            "model",
            pl.lit(f"{most_input:,}"),
            pl.lit(f"{most_output}"),
            numbers.usd(pl.col("wasted_usd_low")),
            numbers.usd(pl.col("wasted_usd_high")),
        ),
        fix=pl.lit("Send routine calls to the maker's small model, after an evaluation on your own cases."),
    )


DETECTOR: Final = Detector(
    name=NAME,
    find=find_oversized_model,
    needs={"llm_calls": CALLS, "tool_calls": TOOL_CALLS},
    partition="agent",
    lookback=timedelta(days=7),
)
