"""Which calls does a clock make, not a user, and what do they cost a day?

Rule: A *beat* is a call that answers a message (not a tool's result), with the calls that follow it in its session
until the next one. Beats of an agent that are woken by a message of the same size, at least four, a minute or more
apart, with four of five pauses within a fifth of their median, are a heartbeat, in one session or a new one each
time. Where the messages are not equal, half of the answers must be of one length. A beat is *idle* if it wrote or ran
nothing and answered in at most 200 tokens, *failing* if all its calls failed. A heartbeat of which at least half of
the beats are idle or failing is reported.

Defaults: Four beats and a fifth: a person is not as regular. A minute: faster is an agent at work. 200 tokens: a
status line (`HEARTBEAT_OK`) is five. A bootstrap of 5,000 tokens is what one was trimmed to from 28,000, in the
field.

Dollars: High: all idle and failing beats but the first. Low: half of that, which is what beating half as often saves.
The evidence says the cost a day and what trimming the bootstrap would save.

Needs: A manifest of the context tells what woke a call. With token counts alone a beat is a call after a pause of a
minute in its session, which the finding says.

Blind spots: A heartbeat whose message has another length each time. Beats of two agents with the same name. Whether
an idle beat was worth its price (a monitor is idle on good days).

Complexity: n log n in calls.
"""

from datetime import timedelta
from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.conversations import triggers
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import heartbeats
from otel_burn_analytics.members import findings, summed

NAME: Final = "heartbeats"
CALLS: Final = pl.Schema(
    {
        **runs.LLM_CALLS,
        "work_id": pl.String(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
        "status": pl.String(),
        "output_tokens": pl.Int64(),
        "cost_usd": pl.Float64(),
    }
)
TOOL_CALLS: Final = pl.Schema({"call_id": pl.String(), "effect": pl.String()})
AGENT: Final = ("agent", "agent_id")
STREAM: Final = (*AGENT, "stream")
DAY: Final = 86_400


def find_heartbeats(
    llm_calls: pl.LazyFrame,
    tool_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    interned_blocks: pl.LazyFrame,
    *,
    min_beats: int = 4,
    min_period: timedelta = timedelta(minutes=1),
    jitter: float = 0.2,
    idle_tokens: int = 200,
    bootstrap_tokens: int = 5_000,
) -> pl.LazyFrame:
    """Findings: per agent and heartbeat, the beats that found nothing to do."""
    woken = triggers(context_parts, interned_blocks)
    calls = _streams(llm_calls.join(woken, on="call_id", how="left"), min_period=min_period)
    regular = _regular(calls, min_beats=min_beats, min_period=min_period, jitter=jitter)
    beats = calls.join(regular, on=STREAM, nulls_equal=True)
    members = _judged(beats, tool_calls, idle_tokens=idle_tokens, bootstrap_tokens=bootstrap_tokens)
    tells = pl.col("beat_number") >= min_beats - 1
    usd = pl.when(pl.col("beat_number") > 0).then("cost_usd").otherwise(0.0)
    found = summed(
        members.with_columns(
            tells=tells,
            usd_high=usd,
            usd_low=usd / 2,
            tokens=pl.when(pl.col("beat_number") > 0).then("used").otherwise(0),
        ),
        by=STREAM,
        **heartbeats.aggregates(),
    ).filter(pl.col("idle") + pl.col("failing") >= pl.col("all_beats") * 0.5)
    return findings(
        found,
        name=NAME,
        key=(*AGENT, "first_call"),
        partition="agent",
        tier=pl.lit("waste"),
        confidence=heartbeats.confidence(),
        evidence=heartbeats.evidence(bootstrap_tokens),
        fix=heartbeats.fix(),
    )


def _streams(calls: pl.LazyFrame, *, min_period: timedelta) -> pl.LazyFrame:
    """The calls with the beat that each belongs to (`beat`, the id of its first call), and that beat's stream.

    A stream is what may be one heartbeat: beats of an agent woken by messages of one size, or, where contexts are not
    on record, beats in one session.
    """
    session = ("session_id", *AGENT)
    ordered = (
        calls.filter(pl.col("started_at").is_not_null())
        .sort(*session, "started_at", "call_id", nulls_last=True)
        .with_columns(thread=pl.struct(session).rle_id())
    )
    fresh = (pl.col("thread") != pl.col("thread").shift()).fill_null(True)
    paused = (pl.col("started_at") - pl.col("started_at").shift()) >= min_period
    known = pl.col("woken_by").is_not_null()
    begins = (
        pl.when(known)
        .then(~pl.col("woken_by").is_in(["tool_result", "tool_call", "assistant"]))
        .otherwise(paused)
    )
    return (
        ordered.with_columns(begins=fresh | begins)
        .with_columns(
            beat=pl.when("begins").then("call_id"),
            beat_at=pl.when("begins").then("started_at"),
            stream=pl.when("begins").then(
                pl.when(known).then(pl.format("woken by {} bytes", "woken_bytes")).otherwise("session_id")
            ),
            woken=pl.when("begins").then("woken_hash"),
        )
        .with_columns(pl.col("beat", "beat_at", "stream").forward_fill())
    )  # fmt: skip


def _regular(calls: pl.LazyFrame, *, min_beats: int, min_period: timedelta, jitter: float) -> pl.LazyFrame:
    """The streams whose beats a clock makes, with their `period` in seconds."""
    pause = (pl.col("beat_at") - pl.col("beat_at").shift()).dt.total_seconds(fractional=True)
    period = pl.col("pause").median()
    even = ((pl.col("pause") - period).abs() <= period * jitter).sum()
    return (
        calls.filter("begins")
        .sort(*STREAM, "beat_at", "beat", nulls_last=True)
        .with_columns(thread=pl.struct(STREAM).rle_id())
        .with_columns(pause=pl.when(pl.col("thread") == pl.col("thread").shift()).then(pause))
        .group_by(STREAM)
        .agg(
            period=period,
            even=even,
            all_beats=pl.len().cast(pl.Int64),
            constant=pl.col("woken").n_unique() == 1,
            # The commonest length of an answer: a status line is as long as the last one.
            alike=pl.col("output_tokens")
            .drop_nulls()
            .value_counts(sort=True, name="n")
            .struct.field("n")
            .first(),
            known=pl.col("woken").is_not_null().all(),
        )
        .filter(
            pl.col("all_beats") >= min_beats,
            pl.col("period") >= min_period.total_seconds(),
            pl.col("even") >= (pl.col("all_beats") - 1) * 0.8,
            pl.col("constant") | ~pl.col("known") | (pl.col("alike").fill_null(0) * 2 >= pl.col("all_beats")),
        )
    )


def _judged(
    beats: pl.LazyFrame, tool_calls: pl.LazyFrame, *, idle_tokens: int, bootstrap_tokens: int
) -> pl.LazyFrame:
    """The calls of beats that were idle or failed, in order, with what trimming their bootstrap would have saved."""
    acts = tool_calls.filter(pl.col("effect").is_in(["write", "run"])).select("call_id", acted=True).unique()
    input_usd = pl.sum_horizontal("read_usd", "write_usd", "rest_usd")
    spare = (pl.col("input_tokens") - bootstrap_tokens).clip(0) / pl.col("input_tokens").clip(1)
    return (
        beats.join(acts, on="call_id", how="left")
        .with_columns(
            failed=(pl.col("status") != "ok").fill_null(False).all().over("beat"),
            acted=pl.col("acted").fill_null(False).any().over("beat"),
            answered=pl.col("output_tokens").fill_null(0).sum().over("beat"),
            used=pl.col("input_tokens").fill_null(0) + pl.col("output_tokens").fill_null(0),
            trimmed=input_usd * spare,
        )
        .with_columns(quiet=~pl.col("failed") & ~pl.col("acted") & (pl.col("answered") <= idle_tokens))
        .filter(pl.col("failed") | pl.col("quiet"))
        .sort(*STREAM, "beat_at", "beat", "started_at", "call_id", nulls_last=True)
        .with_columns(beat_number=pl.col("beat").rle_id())
        .with_columns(beat_number=pl.col("beat_number") - pl.col("beat_number").min().over(STREAM))
        .with_columns(
            cost_usd=pl.when("failed").then(pl.col("cost_usd").fill_null(0.0)).otherwise("cost_usd")
        )
    )


DETECTOR: Final = Detector(
    name=NAME,
    find=find_heartbeats,
    needs={
        "llm_calls": CALLS,
        "tool_calls": TOOL_CALLS,
        "context_parts": runs.CONTEXT_PARTS,
        "interned_blocks": runs.INTERNED_BLOCKS,
    },
    partition="agent",
    lookback=timedelta(days=14),
)
