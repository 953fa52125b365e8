"""Which session or hour cost far more than this agent's sessions and hours do?

Rule: The logarithm of what a session (or hour) of an agent cost is compared with the median of all of them in four
weeks, in units of their median distance from it (scaled to a standard deviation). Beyond five units, five times the
median and a dollar above it, it is a warning. Fewer than twenty sessions (or hours) tell nothing.

Defaults: Logarithms, as costs are many small and few large. Medians, as one outlier moves a mean and hides itself.
Five units and five times: of a thousand ordinary sessions none should be shown. A dollar: less is nobody's evening.

Dollars: High: what lies above the median. Low: nothing, as it may have been worth it.

Needs: Costs. Calls without a price are left out.

Blind spots: A slow rise of all sessions. Two kinds of work under one agent's name.

Complexity: Linear in calls.
"""

from datetime import timedelta
from typing import Final

import polars as pl

from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.finding import TIME
from otel_burn_analytics.members import findings, money, summed

NAME: Final = "anomalies"
CALLS: Final = pl.Schema(
    {
        **dict.fromkeys(("call_id", "session_id", "agent", "trace_id", "span_id", "work_id"), pl.String()),
        "started_at": TIME,
        "input_tokens": pl.Int64(),
        "output_tokens": pl.Int64(),
        "cost_usd": pl.Float64(),
    }
)
NORMAL: Final = 1.4826
"""Makes the median distance of normally spread values their standard deviation."""


def find_anomalies(
    llm_calls: pl.LazyFrame,
    *,
    units: float = 5,
    times: float = 5,
    min_usd: float = 1,
    min_history: int = 20,
    spread: float = 0.1,
) -> pl.LazyFrame:
    """Findings: per agent, the sessions and hours that cost far more than the others.

    Args:
        spread: Of logarithms, at least: agents whose sessions cost nearly the same vary by a tenth.
    """
    hour = pl.col("started_at").dt.truncate("1h").dt.to_string("%Y-%m-%d %H:00")
    known = llm_calls.filter(pl.col("cost_usd") > 0, pl.col("agent").is_not_null())
    wholes = [
        known.with_columns(what=pl.lit(what), which=which, of=of)
        for what, which, of in (
            ("session", pl.col("session_id"), pl.col("session_id")),
            ("hour", hour, pl.lit(None, pl.String)),
        )
    ]
    calls = pl.concat(wholes)
    whole = ("agent", "what", "which")
    summed_up = calls.group_by(whole).agg(usd=pl.col("cost_usd").sum()).with_columns(log=pl.col("usd").log())
    centre = pl.col("log").median().over("agent", "what")
    found = (
        summed_up.with_columns(centre=centre, count=pl.len().over("agent", "what"))
        .with_columns(
            distance=((pl.col("log") - pl.col("centre")).abs().median().over("agent", "what") * NORMAL)
        )
        .with_columns(distance=pl.col("distance").clip(spread), usual=pl.col("centre").exp())
        .filter(
            pl.col("count") >= min_history,
            (pl.col("log") - pl.col("centre")) / pl.col("distance") > units,
            pl.col("usd") > pl.col("usual") * times,
            pl.col("usd") - pl.col("usual") >= min_usd,
        )
    )
    members = calls.join(found, on=whole).with_columns(
        tokens=pl.col("input_tokens").fill_null(0) + pl.col("output_tokens").fill_null(0),
        usd_low=0.0,
        usd_high=pl.col("cost_usd") * (1 - pl.col("usual") / pl.col("usd")),
        tells=pl.col("cost_usd").cum_sum().over(whole, order_by="started_at") > pl.col("usual") * times,
    )
    told = summed(
        members,
        by=whole,
        session_id=pl.col("of").first(),
        usd=pl.col("usd").first(),
        usual=pl.col("usual").first(),
        count=pl.col("count").first().cast(pl.Int64),
    )
    return findings(
        told,
        name=NAME,
        key=whole,
        partition="agent",
        tier=pl.lit("warn"),
        confidence=pl.lit(0.5),
        evidence=pl.format(
            "This {} cost {}, {} times what is usual for {}: the median of its {} {}s of four weeks is {}.",
            "what",
            numbers.usd(money(pl.col("usd"))),
            numbers.times(pl.col("usd") / pl.col("usual")),
            "agent",
            numbers.count(pl.col("count")),
            "what",
            numbers.usd(money(pl.col("usual"))),
        ),
        fix=pl.lit(
            "Look at what was different; set a budget for a session that stops it at a few times the usual cost."
        ),
    )


DETECTOR: Final = Detector(
    name=NAME, find=find_anomalies, needs={"llm_calls": CALLS}, partition="agent", lookback=timedelta(days=28)
)
