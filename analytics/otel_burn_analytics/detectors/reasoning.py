"""Where does a model think at length for little: tokens that nobody sees, and that are billed as output?

Rule: Two signs, by session and agent. *Cut-offs*: an answer that ended at its token limit with nothing visible, all
of it thought. *Over-thinking*: calls that thought for over 1,000 tokens, and for more than ten times what they then
said; reported once what lies above that came to 20,000 tokens and thinking is four fifths of all output.

Defaults: 1,000 tokens and ten times: an agent thinks before a tool call of thirty tokens, and should. Four fifths and
20,000: below that it is a few hard questions.

Beside others: cut-offs with nothing visible are reported here alone, and not by `thrown_away`, which is of answers that
were given.

Dollars: High: cut-offs at what the whole call cost, over-thinking at the output price for what lies above the limits.
Low: the cut-offs alone.

Needs: Reasoning tokens of the usage. Providers that do not tell them apart (Anthropic's, mostly) cannot be judged.

Blind spots: Whether the thinking was needed. A hard question with a short answer looks like a trivial one.

Complexity: Linear in calls.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.detectors.thrown_away import CUT
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.finding import TIME
from otel_burn_analytics.members import findings, summed
from otel_burn_analytics.rates import NEEDS, with_list_rates

NAME: Final = "reasoning"
CALLS: Final = pl.Schema(
    {
        **dict.fromkeys(
            ("call_id", *runs.ACTOR, "trace_id", "span_id", "work_id", "finish_reason"), pl.String()
        ),
        **NEEDS,
        "started_at": TIME,
        "input_tokens": pl.Int64(),
        "output_tokens": pl.Int64(),
        "reasoning_tokens": pl.Int64(),
        "cost_usd": pl.Float64(),
    }
)


def find_reasoning(
    llm_calls: pl.LazyFrame,
    *,
    min_thought: int = 1_000,
    times: int = 10,
    min_excess: int = 20_000,
    min_share: float = 0.8,
) -> pl.LazyFrame:
    """Findings: per session and agent, the calls that thought too long, or until nothing was left to answer with."""
    thought, visible = pl.col("reasoning_tokens"), pl.col("output_tokens") - pl.col("reasoning_tokens")
    cut = (pl.col("finish_reason").str.contains(CUT).fill_null(False) & (visible <= 0)).fill_null(False)
    used = pl.col("input_tokens").fill_null(0) + pl.col("output_tokens")
    excess = (thought - pl.max_horizontal(pl.lit(min_thought), visible * times)).clip(0)
    members = (
        with_list_rates(llm_calls.filter(pl.col("reasoning_tokens") > 0, pl.col("output_tokens") >= thought))
        .with_columns(
            thinking=thought.sum().over(runs.ACTOR), said=pl.col("output_tokens").sum().over(runs.ACTOR), cut=cut
        )
        .with_columns(tokens=pl.when("cut").then(used).otherwise(excess))
        .filter(pl.col("tokens") > 0)
        .with_columns(
            usd_high=pl.when("cut").then("cost_usd").otherwise(pl.col("tokens") * pl.col("list_output")),
            usd_low=pl.when("cut").then("cost_usd").otherwise(0.0),
        )
        .sort(*runs.ACTOR, "started_at", "call_id", nulls_last=True)
        .with_columns(so_far=pl.col("tokens").cum_sum().over(runs.ACTOR))
        .with_columns(tells=pl.col("cut") | (pl.col("so_far") >= min_excess))
    )  # fmt: skip
    found = summed(
        members,
        by=runs.ACTOR,
        cuts=pl.col("cut").sum().cast(pl.Int64),
        long=(~pl.col("cut")).sum().cast(pl.Int64),
        excess=pl.col("tokens").filter(~pl.col("cut")).sum().cast(pl.Int64),
        share=(100 * pl.col("thinking").first() / pl.col("said").first()),
    ).filter((pl.col("cuts") > 0) | ((pl.col("excess") >= min_excess) & (pl.col("share") >= 100 * min_share)))
    return findings(
        found,
        name=NAME,
        key=(*runs.ACTOR, "first_call"),
        tier=pl.when(pl.col("cuts") > 0).then(pl.lit("waste")).otherwise(pl.lit("warn")),
        confidence=pl.when(pl.col("cuts") > 0).then(0.9).otherwise(0.4),
        evidence=_evidence(min_thought, times),
        fix=_fix(),
    )


def _evidence(min_thought: int, times: int) -> pl.Expr:
    long = pl.format(
        "{} for a short answer: {} tokens beyond what we grant ({} tokens, or {} times what was said)",
        numbers.plural(pl.col("long"), "call thought at length", "calls thought at length"),
        numbers.count(pl.col("excess")),
        pl.lit(f"{min_thought:,}"),
        pl.lit(f"{times}"),
    )
    cut = pl.format(
        "{} until the token limit and said nothing",
        numbers.plural(pl.col("cuts"), "call thought", "calls thought"),
    )
    told = [pl.when(pl.col("cuts") > 0).then(cut), pl.when(pl.col("long") > 0).then(long)]
    return pl.format(
        "{} % of the output was thinking that nobody sees. {}. Together {}.",
        pl.col("share").round(0).cast(pl.Int64),
        pl.concat_str(told, separator="; ", ignore_nulls=True),
        numbers.usd(pl.col("wasted_usd_high")),
    )


def _fix() -> pl.Expr:
    """What to change: where both happen, the limit first, as nothing came of those calls."""
    limit = "Raise the token limit where thinking is needed: it comes out of the same limit as the answer. "
    less = "Ask for less thinking on routine steps (effort, budget, level)."
    return pl.when(pl.col("cuts") > 0).then(pl.lit(limit + less)).otherwise(pl.lit(less))


DETECTOR: Final = Detector(name=NAME, find=find_reasoning, needs={"llm_calls": CALLS})
