"""What does a finding of a heartbeat say? Its confidence, evidence and fix, as expressions."""

import polars as pl

from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import money

DAY = 86_400


def aggregates() -> dict[str, pl.Expr]:
    """What the sentences need of a heartbeat's beats."""
    beat = pl.col("beat")
    return {
        "session_id": pl.when(pl.col("session_id").n_unique() == 1).then(pl.col("session_id").first()),
        "sessions": pl.col("session_id").n_unique().cast(pl.Int64),
        "idle": beat.filter("quiet").n_unique().cast(pl.Int64),
        "failing": beat.filter("failed").n_unique().cast(pl.Int64),
        "all_beats": pl.col("all_beats").first(),
        "period": pl.col("period").first(),
        "constant": pl.col("constant").first(),
        "known": pl.col("known").first(),
        "input": pl.col("input_tokens").mean().round().cast(pl.Int64),
        "usd": pl.when(pl.col("cost_usd").is_not_null().all()).then(pl.col("cost_usd").sum()),
        "trimmed": pl.when(pl.col("cost_usd").is_not_null().all()).then(
            pl.col("trimmed").fill_null(0.0).sum()
        ),
    }


def _a_day(dollars: pl.Expr) -> pl.Expr:
    """What idle and failing beats come to at the pace of this heartbeat."""
    return money(dollars / pl.col("all_beats") * DAY / pl.col("period"))


def confidence() -> pl.Expr:
    """A message that is the same each time leaves little doubt; a pause alone may be chance."""
    return pl.when(~pl.col("known")).then(0.6).when("constant").then(0.95).otherwise(0.85)


def evidence(bootstrap_tokens: int) -> pl.Expr:
    """How often, how much, what it cost, and what would cost less."""
    return pl.concat_str(
        pl.format(
            "{} every {} without a user: {} of {} beats found nothing to do, {} failed. Each call sent {} tokens; "
            "together they cost {}, or {} a day. ",
            numbers.plural(pl.col("all_beats"), "beat", "beats"),
            _period(),
            numbers.count(pl.col("idle")),
            numbers.count(pl.col("all_beats")),
            numbers.count(pl.col("failing")),
            numbers.count(pl.col("input").fill_null(0)),
            numbers.usd(money(pl.col("usd"))),
            numbers.usd(_a_day(pl.col("usd"))),
        ),
        pl.format(
            "Beating half as often saves {} a day, a bootstrap of {} tokens {}. ",
            numbers.usd(_a_day(pl.col("usd") / 2)),
            pl.lit(f"{bootstrap_tokens:,}"),
            numbers.usd(_a_day(pl.col("trimmed"))),
        ),
        pl.when(~pl.col("known"))
        .then(
            pl.lit("Contexts are not on record: that a clock made these calls is told by their pauses alone.")
        )
        .when("constant")
        .then(pl.lit("The message that woke the model was the same each time."))
        .otherwise(pl.lit("The message that woke the model had the same length each time.")),
    )


def _period() -> pl.Expr:
    minutes = pl.col("period") / 60
    return (
        pl.when(minutes >= 90).then(pl.format("{} hours", (minutes / 60).round(1)))
        .when(minutes >= 1.5).then(pl.format("{} minutes", minutes.round(1)))
        .otherwise(pl.format("{} seconds", pl.col("period").round(1)))
    )  # fmt: skip


def fix() -> pl.Expr:
    """What to change, by what most beats were."""
    return (
        pl.when(pl.col("failing") > pl.col("idle"))
        .then(pl.lit("Stop the clock when a beat fails twice in a row, and tell a person."))
        .otherwise(
            pl.lit(
                "Ask whether anything changed before waking the model; beat less often, and not in idle sessions; "
                "give the heartbeat a session and a bootstrap of its own, and a small model."
            )
        )
    )
