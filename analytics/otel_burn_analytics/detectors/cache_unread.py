"""Which tokens does an agent pay to put into a provider's cache, that no later call ever reads?

Rule: A write counts as read if any later call of the same agent and model, in whatever session, reads at least half
as far as the write reached before it expires: five minutes, an hour where it was written for an hour. An agent and
model of which at least half of all written tokens, and 20,000, were read by nobody is reported, once three writes
went unread.

Defaults: Half: the last write of any conversation is unread, so a good agent has some. Three writes and 20,000
tokens: below that it is a few conversations that ended.

Dollars: High: what writing cost beyond plain input. Low: without the last unread write of each session, as nobody
knows beforehand that a conversation ends.

Needs: Cache reads and writes of the usage.

Beside others: calls that never write to a cache are `cache_unused`'s. Where both speak of one agent, look at this one
first: it pays extra for caching, and the place of the marks that mends it mostly mends the other calls too.

Blind spots: A reader of the same agent in another conversation counts as a reader whatever it read, so writes may be
missed, and none is invented. Writes whose time is not over yet count as read.

Complexity: n log n in calls.
"""

from datetime import timedelta
from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import findings, summed
from otel_burn_analytics.rates import NEEDS, with_list_rates

NAME: Final = "cache_unread"
CALLS: Final = pl.Schema(
    {
        **runs.LLM_CALLS,
        **NEEDS,
        "work_id": pl.String(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
        "cache_write_1h_tokens": pl.Int64(),
    }
)
KEY: Final = ("agent", "model")


def find_cache_unread(
    llm_calls: pl.LazyFrame, *, min_tokens: int = 20_000, min_writes: int = 3, min_share: float = 0.5
) -> pl.LazyFrame:
    """Findings: per agent and model, the calls that wrote to the cache for nobody."""
    calls = _read_later(_touching(with_list_rates(llm_calls)))
    unread = pl.col("cache_write_tokens") > 0, pl.col("furthest") < pl.col("reach") * 0.5, ~pl.col("open")
    extra = pl.col("write_usd") - pl.col("cache_write_tokens") * pl.col("list_input")
    ends = pl.col("started_at") == pl.col("started_at").max().over("session_id", *KEY)
    members = (
        calls.with_columns(written=pl.col("cache_write_tokens").sum().over(KEY))
        .filter(*unread)
        .with_columns(tokens="cache_write_tokens", usd_high=extra.clip(0))
        .with_columns(usd_low=pl.when(ends).then(0.0).otherwise("usd_high"))
        .sort(*KEY, "started_at", "call_id")
        .with_columns(so_far=pl.col("tokens").cum_sum().over(KEY), nth=pl.int_range(pl.len()).over(KEY))
        .with_columns(tells=(pl.col("so_far") >= min_tokens) & (pl.col("nth") >= min_writes - 1))
    )
    found = summed(
        members,
        by=KEY,
        written=pl.col("written").first(),
        sessions=pl.col("session_id").n_unique().cast(pl.Int64),
        there=pl.col("tells").any(),
    ).filter("there", pl.col("wasted_tokens") >= pl.col("written") * min_share)
    return findings(
        found,
        name=NAME,
        key=KEY,
        partition="agent",
        tier=pl.lit("waste"),
        confidence=pl.lit(0.8),
        evidence=_evidence(),
        fix=pl.lit(
            "Do not mark prompts for the cache that are sent once, or less often than it keeps them; move what "
            "changes (a time, a task) behind what stays, so that the next call finds its beginning; write for an "
            "hour only where calls are more than five minutes apart."
        ),
    )


def _touching(llm_calls: pl.LazyFrame) -> pl.LazyFrame:
    """The calls of each agent and model in order, with how far into the prompt the cache reached after them."""
    return (
        llm_calls.with_columns(
            pl.col("^cache_(read|write|write_1h)_tokens$").fill_null(0),
            model=pl.coalesce("response_model", "request_model").fill_null(""),
            agent=pl.col("agent").fill_null(""),
        )
        .filter(pl.col("started_at").is_not_null())
        .with_columns(
            reach=pl.col("cache_read_tokens") + pl.col("cache_write_tokens"),
            long=pl.col("cache_write_1h_tokens") > 0,
        )
        .sort(*KEY, "started_at", "call_id")
    )


def _read_later(calls: pl.LazyFrame) -> pl.LazyFrame:
    """Each call with how far any later call read before what it wrote expired, and whether that time is still open.

    Windows look back, so time runs backwards here.
    """
    newest = pl.col("started_at").max().over(KEY)
    backwards = (
        calls.with_columns(age=pl.lit(0).cast(pl.Datetime("ns")) + (newest - pl.col("started_at")))
        .with_columns(thread=pl.struct(KEY).rle_id())
        .sort("thread", "age", "call_id", descending=[False, False, True])
    )

    def furthest(window: str) -> pl.Expr:
        # closed="left" leaves the call itself out; calls of the same moment are no readers of each other.
        return (
            pl.col("cache_read_tokens")
            .rolling_max_by("age", window_size=window, closed="left")
            .over("thread")
        )

    keeps = pl.when("long").then(pl.lit(timedelta(hours=1))).otherwise(pl.lit(timedelta(minutes=5)))
    return backwards.with_columns(
        furthest=pl.when("long").then(furthest("1h")).otherwise(furthest("5m")).fill_null(0),
        open=pl.col("age").cast(pl.Int64) < keeps.dt.total_nanoseconds(),
    )


def _evidence() -> pl.Expr:
    return pl.format(
        "{} in {} wrote {} tokens to the provider's cache that no later call read before they expired, of {} that "
        "this agent wrote in all. Writing cost {} more than plain input would have.",
        numbers.plural(pl.col("members"), "call", "calls"),
        numbers.plural(pl.col("sessions"), "session", "sessions"),
        numbers.count(pl.col("wasted_tokens")),
        numbers.count(pl.col("written")),
        numbers.usd(pl.col("wasted_usd_high")),
    )


DETECTOR: Final = Detector(
    name=NAME,
    find=find_cache_unread,
    needs={"llm_calls": CALLS},
    partition="agent",
    lookback=timedelta(days=7),
)
