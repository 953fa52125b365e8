"""What does a task pay for working in parallel: sub-agents, and the bootstrap that each of them reads again?

Rule: Conversations whose times overlap are one task, and the first of them is its root. Those that lie within the
root's time, begin after it and end before it, are its children: sub-agents that it waited for. At least three of
them, of which two or more ran at once, are a fan-out. `fan_out` looks within a session, where conversations are told
by agent and, where contexts are known, first message; `fan_out_sessions` within a trace, where each sub-agent has a
session of its own. It acts (`waste`) where what the children's first calls have in common came to 20,000 tokens
beyond the first of them; else it is a warning, once the children used 50,000 tokens.

Defaults: Three: two are a delegation. 20,000 and 50,000 tokens: below that nobody has a reason to act.

Dollars: High: content that another child's first call had sent already, at what was paid for it. Low: less what
reading it from a cache would have cost.

Needs: Session or trace ids; a manifest for what children have in common. With token counts alone the shares of
children and root are told, and no waste.

Blind spots: Whether a child's result was used. Sub-agents that share session, agent and first message look like one.
A child's children count as the root's. Parallel calls that no root waits for are a batch, not a fan-out.

Complexity: n log n in calls, linear in the blocks of first calls.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.conversations import OPENINGS
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import fan_out
from otel_burn_analytics.members import findings, summed
from otel_burn_analytics.rates import NEEDS, with_list_rates

NAME: Final = "fan_out"
CALLS: Final = pl.Schema(
    {
        **runs.LLM_CALLS,
        **NEEDS,
        "run_id": pl.String(),
        "work_id": pl.String(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
        "duration_ms": pl.Float64(),
        "output_tokens": pl.Int64(),
        "cost_usd": pl.Float64(),
    }
)
THREAD: Final = ("where", *runs.ACTOR, "opening")


def find_fan_out(
    llm_calls: pl.LazyFrame,
    openings: pl.LazyFrame,
    context_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    interned_blocks: pl.LazyFrame,
    *,
    of_session: bool = True,
    min_children: int = 3,
    min_shared_tokens: int = 20_000,
    min_tokens: int = 50_000,
) -> pl.LazyFrame:
    """Findings: per task, the sub-agents that ran in parallel, and what they read in common.

    Args:
        of_session: Whether sub-agents share a session, or a trace.
    """
    crowded = _crowded(llm_calls, openings, of_session=of_session, min_children=min_children)
    children = _children(_tasks(_threads(crowded, of_session=of_session)))
    wide = _parallel(children).filter(pl.col("children") >= min_children, pl.col("at_once") >= 2)
    members = children.join(wide, on="task").join(
        _shared(children, context_calls, context_parts, interned_blocks), on="call_id", how="left"
    )
    listed = with_list_rates(llm_calls).select("call_id", "list_read")
    priced = members.join(listed, on="call_id", how="left").with_columns(pl.col("tokens").fill_null(0.0))
    usd = pl.when(pl.col("tokens") == 0).then(0.0).otherwise("shared_usd")
    cached = pl.col("tokens") * pl.col("list_read")
    found = summed(
        priced.with_columns(
            usd_high=usd,
            usd_low=pl.when(pl.col("tokens") == 0).then(0.0).otherwise((usd - cached).clip(0)),
            tells=pl.col("nth_child") >= min_children - 1,
        ),
        by=("task",),
        partition=(pl.col("session_id") if of_session else pl.coalesce("run_id", "trace_id")).first(),
        **fan_out.aggregates(),
    ).filter((pl.col("wasted_tokens") >= min_shared_tokens) | (pl.col("used") >= min_tokens))
    return findings(
        found,
        name=NAME if of_session else f"{NAME}_sessions",
        key=("partition", "first_call"),
        partition="partition",
        tier=pl.when(pl.col("wasted_tokens") >= min_shared_tokens)
        .then(pl.lit("waste"))
        .otherwise(pl.lit("warn")),
        confidence=pl.when("known").then(0.8).otherwise(0.5),
        evidence=fan_out.evidence(),
        fix=fan_out.fix(),
    )


def _crowded(
    llm_calls: pl.LazyFrame, openings: pl.LazyFrame, *, of_session: bool, min_children: int
) -> pl.LazyFrame:
    """The calls of sessions (or traces) with conversations enough for a root and its children: few are left."""
    where = pl.col("session_id") if of_session else pl.col("trace_id")
    calls = llm_calls.with_columns(where=where).filter(
        pl.col("where").is_not_null(), pl.col("started_at").is_not_null()
    )
    if of_session:
        opened = calls.join(openings, on="call_id", how="left")
        many = _many(opened, THREAD, min_children)
        return opened.join(many, on="where", how="semi")
    many = _many(calls, THREAD[:-1], min_children)
    return calls.join(many, on="where", how="semi").join(openings, on="call_id", how="left")


def _many(calls: pl.LazyFrame, apart: Sequence[str], min_children: int) -> pl.LazyFrame:
    """The places of more than *min_children* conversations, which *apart* tells from each other."""
    return calls.select(apart).unique().group_by("where").len().filter(pl.col("len") > min_children)


def _threads(calls: pl.LazyFrame, *, of_session: bool) -> pl.LazyFrame:
    """The calls by conversation, with when each conversation began and ended."""
    lasted = pl.duration(microseconds=(pl.col("duration_ms").fill_null(0.0) * 1_000).cast(pl.Int64))
    return (
        calls.with_columns(ends=pl.col("started_at") + lasted)
        .sort(*THREAD, "started_at", "call_id", nulls_last=True)
        .with_columns(thread=pl.struct(THREAD if of_session else THREAD[:-1]).rle_id())
        .with_columns(
            begun=pl.col("started_at").min().over("thread"),
            ended=pl.col("ends").max().over("thread"),
            place=pl.int_range(pl.len()).over("thread"),
            of_thread=pl.len().over("thread"),
        )
    )


def _tasks(threads: pl.LazyFrame) -> pl.LazyFrame:
    """The calls with the `task` of their conversation: conversations that overlap, one after the other, are one."""
    before = pl.col("ended").cum_max().shift().over("where")
    return threads.sort("where", "begun", "thread", "place").with_columns(
        task=(pl.col("begun") >= before).fill_null(True).cum_sum()
    )


def _children(tasks: pl.LazyFrame) -> pl.LazyFrame:
    """The calls of conversations within the time of their task's first one, with that one's sums beside them."""
    used = pl.col("input_tokens").fill_null(0) + pl.col("output_tokens").fill_null(0)
    root = pl.col("thread") == pl.col("root")
    return (
        tasks.with_columns(
            root=pl.col("thread").first().over("task"),
            root_agent=pl.col("agent").first().over("task"),
            root_ended=pl.col("ended").first().over("task"),
        )
        .with_columns(
            root_usd=pl.col("cost_usd").filter(root).sum().over("task"),
            root_tokens=used.filter(root).sum().over("task"),
        )
        .filter(~root, pl.col("ended") <= pl.col("root_ended"))
        .with_columns(nth_child=pl.col("thread").rle_id())
        .with_columns(nth_child=pl.col("nth_child") - pl.col("nth_child").min().over("task"))
    )


def _parallel(children: pl.LazyFrame) -> pl.LazyFrame:
    """Per task: how many children, and how many of them ran at once at most."""
    one = children.unique("thread").select("task", "begun", "ended")
    steps = pl.concat(
        [one.select("task", at="begun", step=1), one.select("task", at="ended", step=-1)],
        how="vertical_relaxed",
    )
    # At the same moment an end comes first: what follows another is not beside it.
    return (
        steps.sort("task", "at", "step")
        .with_columns(now=pl.col("step").cum_sum().over("task"))
        .group_by("task")
        .agg(at_once=pl.col("now").max().cast(pl.Int64), children=(pl.col("step") == 1).sum().cast(pl.Int64))
    )


def _shared(
    children: pl.LazyFrame, calls: pl.LazyFrame, context_parts: pl.LazyFrame, interned_blocks: pl.LazyFrame
) -> pl.LazyFrame:
    """Of the first call of each child, the tokens and dollars of content that another child's had sent before."""
    begins = children.filter(pl.col("place") == 0).select("call_id", "task", "nth_child")
    usd = pl.when(pl.col("rest_usd").is_not_null()).then(runs.share_usd())
    blocks = (
        begins.join(context_parts, on="call_id")
        .join(calls, on="call_id")
        .join(interned_blocks.select("branch", "position", "hash", "bytes", "upto"), on="branch")
        .filter(pl.col("position").is_between("first", "last"), pl.col("density").is_not_null())
        .select("call_id", "task", "nth_child", "hash", tokens=runs.share_tokens(), usd=usd)
    )
    again = pl.col("nth_child") > pl.col("nth_child").min().over("task", "hash")
    return (
        blocks.with_columns(again=again)
        .group_by("call_id")
        .agg(
            pl.col("tokens").filter("again").sum(),
            shared_usd=pl.when(pl.col("usd").filter("again").is_not_null().all()).then(
                pl.col("usd").filter("again").sum()
            ),
            known=pl.lit(True),
        )
    )


NEEDED: Final = {
    "llm_calls": CALLS,
    "openings": OPENINGS,
    "context_calls": runs.CONTEXT_CALLS,
    "context_parts": runs.CONTEXT_PARTS,
    "interned_blocks": runs.INTERNED_BLOCKS,
}
DETECTOR: Final = Detector(name=NAME, find=find_fan_out, needs=NEEDED)
ACROSS: Final = Detector(
    name=f"{NAME}_sessions", find=partial(find_fan_out, of_session=False), needs=NEEDED, partition="tree"
)
