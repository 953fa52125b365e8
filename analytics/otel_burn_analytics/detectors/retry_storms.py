"""Where does a program ask again and again after failures that pass, faster than they do?

Rule: At least four attempts of a session and agent in a row that failed in a way that passes (408, 409, 429, 5xx, a
broken connection or a time-out), each within a minute of the last, whether an SDK or the agent's own loop retried. It
is a storm if the pauses between them do not grow by half (median), or if there are eight and more.

Defaults: Four: SDKs try three times by themselves, and with jitter two pauses tell nothing. A minute: after that it
is another try, not a retry. A half: exponential back-off doubles, jitter takes a quarter.

Dollars: What the failed attempts were billed: mostly nothing, as refused requests cost none; broken-off answers do.
Low and high are the same.

Needs: Status of calls; of our own spans also each HTTP attempt.

Blind spots: Retries inside an SDK whose emitter reports only the last attempt. Failures that say neither status nor
kind are passed over.

Complexity: n log n in attempts.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.finding import TIME
from otel_burn_analytics.members import findings, summed

NAME: Final = "retry_storms"
CALLS: Final = pl.Schema(
    {
        **dict.fromkeys(("call_id", *runs.ACTOR, "trace_id", "span_id", "work_id"), pl.String()),
        "status": pl.String(),
        "error_type": pl.String(),
        "http_status": pl.Int64(),
        "started_at": TIME,
        "input_tokens": pl.Int64(),
        "output_tokens": pl.Int64(),
        "cost_usd": pl.Float64(),
    }
)
ATTEMPTS: Final = pl.Schema(
    {
        "call_id": pl.String(),
        "number": pl.Int64(),
        "status": pl.String(),
        "error_type": pl.String(),
        "http_status": pl.Int64(),
        "started_at": TIME,
    }
)
PASSING: Final = (408, 409, 429)
KEY: Final = (*runs.ACTOR, "storm")


def find_retry_storms(
    llm_calls: pl.LazyFrame,
    attempts: pl.LazyFrame,
    *,
    min_failures: int = 4,
    many: int = 8,
    within_seconds: float = 60,
    growth: float = 1.5,
) -> pl.LazyFrame:
    """Findings: per session and agent, each run of failures that was answered too fast."""
    tries = _runs(_shaky(_tries(llm_calls, attempts), min_failures), within_seconds=within_seconds)
    billed = (pl.col("status") != "ok") & (pl.col("nth_of_call") == 0)
    members = tries.filter("failing").with_columns(
        tokens=pl.when(billed)
        .then(pl.col("input_tokens").fill_null(0) + pl.col("output_tokens").fill_null(0))
        .otherwise(0),
        usd_low=pl.when(billed).then("cost_usd").otherwise(0.0),
        usd_high=pl.when(billed).then("cost_usd").otherwise(0.0),
        tells=pl.col("nth") >= min_failures - 1,
    )
    error = pl.coalesce(pl.col("http_status").cast(pl.String), "error_type", pl.lit("no answer"))
    found = summed(
        members,
        by=KEY,
        storm_at=pl.col("storm_at").first(),
        failures=pl.len().cast(pl.Int64),
        grew=(pl.col("pause") / pl.col("last_pause")).median(),
        shortest=pl.col("pause").min(),
        longest=pl.col("pause").max(),
        errors=error.unique().sort().str.join(", "),
    ).filter(
        pl.col("failures") >= min_failures,
        (pl.col("grew").fill_null(0) < growth) | (pl.col("failures") >= many),
    )  # fmt: skip
    paid = pl.col("wasted_tokens") > 0
    return findings(
        found,
        name=NAME,
        key=(*runs.ACTOR, "first_call", "storm_at"),
        tier=pl.when(paid | (pl.col("failures") >= many)).then(pl.lit("waste")).otherwise(pl.lit("warn")),
        confidence=pl.lit(0.9),
        evidence=_evidence(),
        fix=pl.lit(
            "Double the pause after each failure, with jitter, obey retry-after, and give up after a few tries; let "
            "one layer retry, not the SDK and the agent's loop both; share a limiter between parallel agents."
        ),
    )


def _tries(llm_calls: pl.LazyFrame, attempts: pl.LazyFrame) -> pl.LazyFrame:
    """Each attempt, and each call whose attempts nobody reported, with whether it failed in a way that passes."""
    told = ("number", "status", "error_type", "http_status", "started_at")
    each = attempts.select("call_id", pl.col(told).name.prefix("own_"))
    code = pl.col("http_status")
    passing = code.is_in(PASSING) | (code >= 500) | (code.is_null() & pl.col("error_type").is_not_null())
    return (
        llm_calls.join(each, on="call_id", how="left")
        .with_columns(
            failing=pl.coalesce("own_status", "status") == "error",
            http_status=pl.when(pl.col("own_status").is_null())
            .then("http_status")
            .otherwise("own_http_status"),
            error_type=pl.when(pl.col("own_status").is_null()).then("error_type").otherwise("own_error_type"),
            called_at="started_at",
            started_at=pl.coalesce("own_started_at", "started_at"),
        )
        # A failure of which nobody says what it was, as other emitters report our attempts, ends no run either.
        .filter(~(pl.col("failing") & code.is_null() & pl.col("error_type").is_null()).fill_null(False))
        .with_columns(failing=(pl.col("failing") & passing).fill_null(False))
    )


def _shaky(tries: pl.LazyFrame, min_failures: int) -> pl.LazyFrame:
    """The tries of who failed often enough for a storm, in order: few are left."""
    failed = tries.filter("failing").group_by(runs.ACTOR).len().filter(pl.col("len") >= min_failures)
    return (
        tries.join(failed, on=runs.ACTOR, how="semi", nulls_equal=True)
        .sort(*runs.ACTOR, "started_at", "call_id", "own_number", nulls_last=True)
        .with_columns(nth_of_call=pl.int_range(pl.len()).over("call_id"))
    )


def _runs(tries: pl.LazyFrame, *, within_seconds: float) -> pl.LazyFrame:
    """The attempts by run of failures, with the pause before each."""
    pause = (pl.col("started_at") - pl.col("started_at").shift()).dt.total_seconds(fractional=True)
    same = pl.col("thread") == pl.col("thread").shift()
    goes_on = same & pl.col("failing") & pl.col("failing").shift() & (pause <= within_seconds)
    return (
        tries.with_columns(thread=pl.struct(runs.ACTOR).rle_id())
        .with_columns(goes_on=goes_on.fill_null(False), pause=pause)
        .with_columns(storm=(~pl.col("goes_on")).cum_sum(), pause=pl.when("goes_on").then("pause"))
        .with_columns(
            nth=pl.int_range(pl.len()).over("storm"),
            last_pause=pl.col("pause").shift().over("storm"),
            storm_at=pl.col("started_at").first().over("storm").cast(pl.String),
        )
    )


def _evidence() -> pl.Expr:
    return pl.format(
        "{} failed one after the other ({}), {} to {} s apart, and the pauses {}. {}",
        numbers.plural(pl.col("failures"), "attempt", "attempts"),
        "errors",
        pl.col("shortest").round(2),
        pl.col("longest").round(2),
        pl.when(pl.col("grew") >= 1.5)
        .then(
            pl.format("grew too little for so many (each {} times the one before)", pl.col("grew").round(1))
        )
        .otherwise(pl.lit("did not grow")),
        pl.when(pl.col("wasted_tokens") > 0)
        .then(
            pl.format(
                "Broken-off answers among them were billed: {} tokens, {}.",
                numbers.count(pl.col("wasted_tokens")),
                numbers.usd(pl.col("wasted_usd_high")),
            )
        )
        .otherwise(pl.lit("Refused requests are not billed: this cost time and rate limit.")),
    )


DETECTOR: Final = Detector(
    name=NAME, find=find_retry_storms, needs={"llm_calls": CALLS, "attempts": ATTEMPTS}, version=2
)
