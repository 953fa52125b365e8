"""Which content does an agent pay for again and again? Tokens re-sent against tokens that are new."""

from typing import Final

import polars as pl

from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import context_bloat
from otel_burn_analytics.finding import FINDINGS, MONEY, TIME, identity

NAME: Final = "context_bloat"

CONTEXT_BLOCKS: Final = pl.Schema(
    {
        "call_id": pl.String(),
        "position": pl.Int64(),
        "kind": pl.String(),
        "tool_name": pl.String(),
        "tokens": pl.Int64(),
        "cost_usd": MONEY,
        "hash": pl.String(),
    }
)
"""The columns of the view `context_blocks` that this detector reads."""

LLM_CALLS: Final = pl.Schema(
    {
        "call_id": pl.String(),
        "session_id": pl.String(),
        "agent": pl.String(),
        "agent_id": pl.String(),
        "work_id": pl.String(),
        "trace_id": pl.String(),
        "span_id": pl.String(),
        "started_at": TIME,
    }
)
"""The columns of the view `llm_calls` that this detector reads."""

ACTOR: Final = ("session_id", "agent", "agent_id")
CONTENT: Final = (*ACTOR, "hash")
CAUSE: Final = (*ACTOR, "cause")
STATIC_KINDS: Final = ("system", "tool_definition", "user", "document", "image")
"""What a bootstrap is made of. Answers and tool results grow with the work and are never static."""


def find_context_bloat(
    context_blocks: pl.LazyFrame,
    llm_calls: pl.LazyFrame,
    *,
    min_resent_tokens: int = 20_000,
    min_share: float = 0.5,
    min_calls: int = 3,
    heavy_tokens: int = 2_000,
    static_tokens: int = 6_000,
    grace_calls: int = 3,
) -> pl.LazyFrame:
    """Findings: per session, agent and cause, the content that was sent again and made up most of the input.

    Two causes: `carried` content (large tool results, files, messages that stay in the history) and `static`
    overhead (system prompt, tool definitions, a bootstrap that every call of a heartbeat repeats).

    Args:
        min_resent_tokens: Below some 20,000 tokens (cents on most models) nobody has a reason to act.
        min_share: Of the input of the session and agent. In real coding sessions carried tool output alone is
            34 to 83 % of it; below half, something else costs more.
        min_calls: With two calls everything is sent again once; that is how chat works.
        heavy_tokens: A carried block below this is cheap to keep; summaries of tool results are about this long.
        static_tokens: Per call. A heartbeat went from 28,000 tokens to 5,000 to 7,000 once it was isolated.
        grace_calls: Calls in which the model may still need a result, granted by the careful estimate. Judgement.
    """
    calls = _calls(llm_calls, context_blocks)
    blocks = _caused(_placed(context_blocks, calls), heavy_tokens=heavy_tokens)
    charged = _charged(
        blocks, heavy_tokens=heavy_tokens, static_tokens=static_tokens, grace_calls=grace_calls
    )
    bloated = (
        (pl.col("number") >= min_calls - 1)
        & (pl.col("resent_so_far") >= min_resent_tokens)
        & (pl.col("resent_so_far") >= pl.col("sent_so_far") * min_share)
        & ((pl.col("cause") == "carried") | (pl.col("resent_so_far") >= pl.col("number") * static_tokens))
    )
    per_call = _per_call(charged, calls).with_columns(bloated=bloated)
    found = _totals(per_call).join(_spread(blocks), on=ACTOR, how="left", nulls_equal=True)
    named = found.join(_heaviest(charged), on=CAUSE, how="left", nulls_equal=True)
    return _findings(named, min_resent_tokens=min_resent_tokens)


def _calls(llm_calls: pl.LazyFrame, context_blocks: pl.LazyFrame) -> pl.LazyFrame:
    """The calls whose context is known, numbered per session and agent."""
    return (
        llm_calls.select(LLM_CALLS.names())
        .join(context_blocks.group_by("call_id").agg(sent=pl.col("tokens").sum()), on="call_id")
        .sort(*ACTOR, "started_at", "call_id")
        .with_columns(
            number=pl.int_range(pl.len()).over(ACTOR),
            calls=pl.len().over(ACTOR).cast(pl.Int64),
            sent_so_far=pl.col("sent").cum_sum().over(ACTOR),
        )
    )


def _placed(context_blocks: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Each block with the number of its call and of the first call that sent the same content."""
    # Content without a hash equals nothing, not even other content without one.
    itself = pl.concat_str("call_id", "position", separator=" ")
    return (
        context_blocks.select(CONTEXT_BLOCKS.names())
        .with_columns(hash=pl.col("hash").replace("", None).fill_null(itself))
        .join(calls.select("call_id", *ACTOR, "number", "calls"), on="call_id")
        .with_columns(
            first=pl.col("number").min().over(CONTENT),
            present=pl.col("number").n_unique().over(CONTENT),
            largest=pl.col("tokens").max().over(CONTENT),
        )
        .with_columns(again=pl.col("number") > pl.col("first"))
    )


def _caused(placed: pl.LazyFrame, *, heavy_tokens: int) -> pl.LazyFrame:
    """Each block with why it is sent again, NULL for what is small. One call in ten may leave static content out."""
    static = (
        pl.col("kind").is_in(STATIC_KINDS)
        & (pl.col("first") == 0)
        & (pl.col("present") * 10 >= pl.col("calls") * 9)
    )
    return placed.with_columns(
        cause=pl.when(static)
        .then(pl.lit("static"))
        .when(pl.col("largest") >= heavy_tokens)
        .then(pl.lit("carried"))
    )


def _charged(
    blocks: pl.LazyFrame, *, heavy_tokens: int, static_tokens: int, grace_calls: int
) -> pl.LazyFrame:
    """The blocks sent again, with the part of them that the careful estimate calls avoidable."""
    tokens, static = pl.col("tokens"), pl.col("tokens").sum().over("call_id", "cause")
    late = pl.col("number") - pl.col("first") > grace_calls
    avoidable = (
        pl.when(pl.col("cause") == "static")
        .then(tokens * (static - static_tokens).clip(0) // static.clip(1))
        .otherwise(pl.when(late).then((tokens - heavy_tokens).clip(0)).otherwise(0))
    )
    return (
        blocks.filter(pl.col("again"), pl.col("cause").is_not_null(), tokens > 0)
        .with_columns(avoidable=avoidable)
        .with_columns(avoidable_usd=(pl.col("cost_usd") * pl.col("avoidable") / tokens).cast(MONEY))
    )


def _per_call(charged: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Per call and cause: what was sent again, in this call and up to it."""
    return (
        charged.group_by(*CAUSE, "number", "call_id")
        .agg(
            pl.col("tokens", "avoidable", "cost_usd", "avoidable_usd").sum(),
            unpriced=pl.col("cost_usd").is_null().sum(),
            priced=pl.col("cost_usd").is_not_null().sum(),
        )
        .join(calls.select(pl.exclude(*ACTOR, "number")), on="call_id")
        .sort(*CAUSE, "number")
        .with_columns(resent_so_far=pl.col("tokens").cum_sum().over(CAUSE))
    )


def _totals(per_call: pl.LazyFrame) -> pl.LazyFrame:
    """One row for each session, agent and cause that is bloated at its end."""
    return (
        per_call.group_by(*CAUSE, maintain_order=True)
        .agg(
            pl.col("trace_id", "work_id").drop_nulls().first(),
            call_ids=pl.col("call_id"),
            span_ids=pl.col("span_id").drop_nulls(),
            first_at=pl.col("started_at").min(),
            last_at=pl.col("started_at").max(),
            first_detectable_call_id=pl.col("call_id").filter("bloated").first(),
            bloated=pl.col("bloated").last(),
            wasted_tokens=pl.col("tokens").sum(),
            avoidable=pl.col("avoidable").sum(),
            resending=pl.len().cast(pl.Int64),
            unpriced=pl.col("unpriced").sum(),
            priced=pl.col("priced").sum(),
            wasted_usd_low=pl.col("avoidable_usd").sum(),
            wasted_usd_high=pl.col("cost_usd").sum(),
        )
        .filter("bloated")
    )


def _spread(blocks: pl.LazyFrame) -> pl.LazyFrame:
    """Per session and agent: how much was sent, how much of it was new, how much new after the first call."""
    tokens = pl.col("tokens")
    return blocks.group_by(*ACTOR).agg(
        first_call=pl.col("call_id").filter(pl.col("number") == 0).first(),
        calls=pl.col("calls").first(),
        unmetered=pl.col("call_id").filter(tokens.is_null()).n_unique().cast(pl.Int64),
        sent=tokens.sum(),
        new=tokens.filter(~pl.col("again")).sum(),
        new_later=tokens.filter(~pl.col("again"), pl.col("number") > 0).sum(),
    )


def _heaviest(charged: pl.LazyFrame, *, named: int = 3) -> pl.LazyFrame:
    """Per cause, a sentence part on the *named* contents that cost most when they were sent again."""
    content = pl.when(pl.col("kind") == "tool_definition").then(pl.lit("tool definitions")).otherwise("hash")
    priced = pl.col("cost_usd").is_not_null().all()
    return (
        charged.group_by(*CAUSE, content=content)
        .agg(
            pl.col("kind", "tool_name").sort_by("number", "position").first(),
            blocks=pl.col("hash").n_unique().cast(pl.Int64),
            times=pl.col("number").n_unique().cast(pl.Int64),
            tokens=pl.col("tokens").sum(),
            usd=pl.when(priced).then(pl.col("cost_usd").sum()),
        )
        .sort("usd", "tokens", "content", descending=[True, True, False], nulls_last=True)
        .group_by(*CAUSE, maintain_order=True)
        .agg(
            contents=pl.len().cast(pl.Int64),
            # Less than a hundredth of it is no reason for anything.
            heaviest=context_bloat.content()
            .filter(pl.col("tokens") * 100 >= pl.col("tokens").sum())
            .head(named)
            .str.join("; "),
        )
    )


def _findings(found: pl.LazyFrame, *, min_resent_tokens: int) -> pl.LazyFrame:
    """The bloat in the columns of a finding: waste if the careful estimate alone is worth acting on."""
    # A heartbeat brings next to nothing new; an agent at work on its second page of code does.
    idle = pl.col("new_later") * 10 < pl.col("wasted_tokens")
    acts = (pl.col("avoidable") >= min_resent_tokens) & ((pl.col("cause") == "carried") | idle)
    return (
        found.with_columns(
            detector=pl.lit(NAME),
            partition=pl.col("session_id"),
            finding_id=identity(NAME, *CAUSE, "first_call"),
            tier=pl.when(acts).then(pl.lit("waste")).otherwise(pl.lit("warn")),
            wasted_usd_low=pl.when(pl.col("priced") > 0).then("wasted_usd_low"),
            wasted_usd_high=pl.when(pl.col("unpriced") == 0).then("wasted_usd_high"),
        )
        .with_columns(confidence=context_bloat.confidence())
        .with_columns(evidence=context_bloat.evidence(), fix=context_bloat.fix())
        .select(pl.col(name).cast(kind) for name, kind in FINDINGS.items())
        .sort("partition", "first_at", "finding_id")
    )


DETECTOR: Final = Detector(
    name=NAME,
    find=find_context_bloat,
    needs={"context_blocks": CONTEXT_BLOCKS, "llm_calls": LLM_CALLS},
)
