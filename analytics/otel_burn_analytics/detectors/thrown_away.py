"""Which answers were paid for and thrown away: cut off at the limit, or broken off, and asked for again?

Rule: An answer that ended at its token limit, or broke off after tokens were billed, and that the next call of its
session and agent does not carry on: that call's prompt did not grow by half of what was answered. Reported once such
answers came to 2,000 tokens of output. An answer that was thought to its end, with nothing to be seen, is left to
`reasoning`: no answer was thrown away there, none was given, and its fix is another.

Defaults: 2,000 tokens: less is cents. Half: an answer that is continued is in the next prompt, whole or nearly so.

Dollars: High: the whole calls. Low: only those after which the same agent asked again within ten minutes with a
prompt of the same size (a twentieth more or less): these were repeated.

Needs: Finish reason or status, and usage. No context. Reasoning tokens, for what is left to `reasoning`: where the
provider tells none, it is reported here.

Blind spots: The last call of a session may have been used by a person as it was; it counts for high only.

Complexity: n log n in calls.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.finding import TIME
from otel_burn_analytics.members import findings, summed

NAME: Final = "thrown_away"
CALLS: Final = pl.Schema(
    {
        **dict.fromkeys(("call_id", *runs.ACTOR, "trace_id", "span_id", "work_id"), pl.String()),
        "status": pl.String(),
        "finish_reason": pl.String(),
        "started_at": TIME,
        "input_tokens": pl.Int64(),
        "output_tokens": pl.Int64(),
        "reasoning_tokens": pl.Int64(),
        "cost_usd": pl.Float64(),
    }
)
CUT: Final = r"(?i)^(length|max_tokens|max_output_tokens|model_length|max_length|token_limit|incomplete)$"


def find_thrown_away(
    llm_calls: pl.LazyFrame, *, min_output_tokens: int = 2_000, soon_seconds: float = 600
) -> pl.LazyFrame:
    """Findings: per session and agent, the answers that were cut off or broke off, and led nowhere."""
    cut = pl.col("finish_reason").str.contains(CUT).fill_null(False)
    unseen = (pl.col("reasoning_tokens") >= pl.col("output_tokens")).fill_null(False)
    broken = (pl.col("status") != "ok").fill_null(False)
    following = pl.col("thread") == pl.col("thread").shift(-1)
    grown = pl.col("input_tokens").shift(-1) - pl.col("input_tokens")
    pause = (pl.col("started_at").shift(-1) - pl.col("started_at")).dt.total_seconds(fractional=True)
    carried = (following & (grown * 2 >= pl.col("output_tokens"))).fill_null(False)
    again = (following & (pause <= soon_seconds) & (grown.abs() * 20 <= pl.col("input_tokens"))).fill_null(
        False
    )
    members = (
        llm_calls.filter(pl.col("started_at").is_not_null())
        .sort(*runs.ACTOR, "started_at", "call_id", nulls_last=True)
        .with_columns(thread=pl.struct(runs.ACTOR).rle_id())
        .with_columns(cut=cut, broken=broken & ~cut, carried=carried, again=again)
        .filter((pl.col("cut") & ~unseen) | pl.col("broken"), ~pl.col("carried"), pl.col("output_tokens") > 0)
        .with_columns(
            tokens=pl.col("input_tokens").fill_null(0) + pl.col("output_tokens"),
            usd_high="cost_usd",
            usd_low=pl.when("again").then("cost_usd").otherwise(0.0),
            so_far=pl.col("output_tokens").cum_sum().over("thread"),
        )
        .with_columns(tells=pl.col("so_far") >= min_output_tokens)
    )
    found = summed(
        members,
        by=runs.ACTOR,
        cuts=pl.col("cut").sum().cast(pl.Int64),
        broken=pl.col("broken").sum().cast(pl.Int64),
        repeated=pl.col("again").sum().cast(pl.Int64),
        answered=pl.col("output_tokens").sum().cast(pl.Int64),
    ).filter(pl.col("answered") >= min_output_tokens)
    return findings(
        found,
        name=NAME,
        key=(*runs.ACTOR, "first_call"),
        tier=pl.when(pl.col("repeated") > 0).then(pl.lit("waste")).otherwise(pl.lit("warn")),
        confidence=pl.when(pl.col("repeated") > 0).then(0.8).otherwise(0.5),
        evidence=_evidence(),
        fix=pl.lit(
            "Raise the token limit to what the answer needs, or ask for shorter answers; let the model go on from a "
            "cut answer instead of asking afresh; raise the client's time-out above the time that an answer takes."
        ),
    )


def _evidence() -> pl.Expr:
    repeated = numbers.plural(pl.col("repeated"), "of these calls was", "of these calls were")
    return pl.format(
        "{}, and no later prompt carries on from there: {} tokens of output, {} for the whole calls. {}",
        numbers.some(
            (pl.col("cuts"), "answer ended at the token limit", "answers ended at the token limit"),
            (pl.col("broken"), "answer broke off", "answers broke off"),
        ),
        numbers.count(pl.col("answered")),
        numbers.usd(pl.col("wasted_usd_high")),
        pl.when(pl.col("repeated") > 0)
        .then(pl.format("{} followed within minutes by one of the same size: asked again.", repeated))
        .otherwise(pl.lit("None was asked again: somebody may have used what was there.")),
    )


DETECTOR: Final = Detector(name=NAME, find=find_thrown_away, needs={"llm_calls": CALLS}, version=2)
