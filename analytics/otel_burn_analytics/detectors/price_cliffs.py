"""Which prompts are so long that the whole call is billed at a higher price, and how close is the next one?

Rule: Some lists ask more a token for the whole call once its prompt exceeds a size (200,000 tokens for some models).
A finding is a session and agent with calls above such a step; it warns where none is yet, and the last prompt is
beyond nine tenths of the step and grew to there.

Defaults: Nine tenths: some calls are left in which to do something about it.

Dollars: High: what the calls above the step cost beyond the price below it. Low: those that exceed it by less than a
quarter, which a little trimming would have kept below. A warning has cost nothing yet.

Needs: Usage, and a model on our price list.

Blind spots: The size of a model's window is on no price list, so the distance to it is not told; `compaction_churn`
sees what happens there.

Complexity: Linear in calls.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import findings, summed
from otel_burn_analytics.rates import NEEDS, with_list_rates

NAME: Final = "price_cliffs"
CALLS: Final = pl.Schema(
    {
        **runs.LLM_CALLS,
        **NEEDS,
        **dict.fromkeys(("work_id", "trace_id", "span_id"), pl.String()),
        "output_tokens": pl.Int64(),
    }
)


def find_price_cliffs(llm_calls: pl.LazyFrame, *, near: float = 0.9) -> pl.LazyFrame:
    """Findings: per session and agent, the calls above a step of their price list, or the last one just below."""
    size, step = pl.col("input_tokens"), pl.col("list_step")
    input_usd = pl.sum_horizontal("read_usd", "write_usd", "rest_usd")
    output_usd = pl.col("output_tokens").fill_null(0) * (pl.col("list_output") - pl.col("base_output"))
    extra = input_usd * (1 - pl.col("base_input") / pl.col("list_input")) + output_usd
    over = size > step
    last = pl.col("started_at") == pl.col("started_at").max().over(runs.ACTOR)
    close = last & ~over & (size >= step * near) & (size > size.min().over(runs.ACTOR))
    members = (
        with_list_rates(llm_calls.filter(size > 0))
        .filter(step.is_not_null())
        .with_columns(over=over, close=close)
        .with_columns(above=pl.col("over").any().over(runs.ACTOR))
        .filter(pl.col("over") | (pl.col("close") & ~pl.col("above")))
        .with_columns(
            tokens=pl.when("over").then(size).otherwise(0),
            usd_high=pl.when("over")
            .then(pl.when(pl.col("rest_usd").is_not_null()).then(extra))
            .otherwise(0.0),
            tells=True,
        )
        .with_columns(usd_low=pl.when(size <= step * 1.25).then("usd_high").otherwise(0.0))
    )
    found = summed(
        members,
        by=runs.ACTOR,
        above=pl.col("above").any(),
        step=step.first(),
        largest=size.max(),
        model=pl.coalesce("response_model", "request_model").first(),
    )
    return findings(
        found,
        name=NAME,
        key=(*runs.ACTOR, "first_call"),
        tier=pl.when("above").then(pl.lit("waste")).otherwise(pl.lit("warn")),
        confidence=pl.lit(0.95),
        evidence=_evidence(),
        fix=pl.lit(
            "Compact or split the conversation before its prompt reaches the step: above it every token of the call "
            "is dearer, not only those beyond."
        ),
    )


def _evidence() -> pl.Expr:
    step, largest = numbers.count(pl.col("step")), numbers.count(pl.col("largest"))
    return (
        pl.when("above")
        .then(
            pl.format(
                "{} of {} had prompts of more than {} tokens (up to {}), where the list asks more for the whole "
                "call: {} beyond the price below.",
                numbers.plural(pl.col("members"), "call", "calls"),
                pl.col("model").fill_null("a model"),
                step,
                largest,
                numbers.usd(pl.col("wasted_usd_high")),
            )
        )
        .otherwise(
            pl.format(
                "The last prompt had {} tokens; above {} the list of {} asks more for the whole call.",
                largest,
                step,
                pl.col("model").fill_null("this model"),
            )
        )
    )


DETECTOR: Final = Detector(name=NAME, find=find_price_cliffs, needs={"llm_calls": CALLS})
