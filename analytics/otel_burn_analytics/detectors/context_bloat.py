"""Which content does an agent pay for again and again? Tokens re-sent against tokens that are new.

Rule: A block that an earlier call of the same session and agent sent already is *re-sent*. Two causes are told apart:
`carried` (large results, files and messages that stay in the history) and `static` (system prompt, tool definitions,
a bootstrap: there from the first call on, and in nine calls of ten). A finding is a session, agent and cause whose
re-sent tokens are at least half of all input, and 20,000. It acts (`waste`) where the careful estimate alone is that
much; a static part is only a warning while the agent brings new work.

Dollars: High is all that re-sending cost, at what each call paid for the stretch the block lay in: what the cache
served counts at the price of cache reads. Low grants a result three more calls and its first 2,000 tokens, and a
bootstrap 6,000 tokens.

Needs: A manifest of the context (hashes and sizes), and usage. No content. Contexts that arrived only in part are
left out, and calls without usage are named.

Blind spots: Whether the model still needed what was carried cannot be told without content. Shares go by bytes.
Content that is reworded, a summary for example, counts as new.

Complexity: n log n in calls and different blocks; the blocks of single calls are never looked at.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import context_bloat
from otel_burn_analytics.finding import FINDINGS, MONEY, identity

NAME: Final = "context_bloat"
CAUSE: Final = ("actor", "cause")
CAUSES: Final = ("carried", "static")
TOLD: Final = ("call_id", *runs.ACTOR, "trace_id", "work_id", "span_id", "started_at")
STATIC_KINDS: Final = ("system", "tool_definition", "user", "document", "image")
"""What a bootstrap is made of. Answers and tool results grow with the work and are never static."""


def find_context_bloat(
    context_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    block_runs: pl.LazyFrame,
    *,
    min_resent_tokens: int = 20_000,
    min_share: float = 0.5,
    min_calls: int = 3,
    heavy_tokens: int = 2_000,
    static_tokens: int = 6_000,
    grace_calls: int = 3,
) -> pl.LazyFrame:
    """Findings: per session, agent and cause, the content that was sent again and made up most of the input.

    Args:
        min_resent_tokens: Below some 20,000 tokens (cents on most models) nobody has a reason to act.
        min_share: Of the input of the session and agent. In real coding sessions carried tool output alone is
            34 to 83 % of it; below half, something else costs more.
        min_calls: With two calls everything is sent again once; that is how chat works.
        heavy_tokens: A carried block below this is cheap to keep; summaries of tool results are about this long.
        static_tokens: Per call. A heartbeat went from 28,000 tokens to 5,000 to 7,000 once it was isolated.
        grace_calls: Calls in which the model may still need a result, granted by the careful estimate. Judgement.
    """
    calls = context_calls
    blocks = _caused(block_runs, calls, heavy_tokens=heavy_tokens).cache()
    again = _again(blocks, calls, context_parts, heavy_tokens=heavy_tokens, grace_calls=grace_calls).cache()
    per_call = _per_call(blocks, calls, context_parts).cache()
    least: dict[str, pl.Expr] = {
        "carried": pl.lit(min_resent_tokens),
        "static": pl.max_horizontal(min_resent_tokens, pl.col("number") * static_tokens),
    }
    members = (
        _members(
            per_call, cause, static_tokens=static_tokens,
            bloated=(pl.col("number") >= min_calls - 1)
            & (pl.col(f"{cause}_so_far") >= tokens)
            & (pl.col(f"{cause}_so_far") >= pl.col("sent_so_far") * min_share),
        )
        for cause, tokens in least.items()
    )  # fmt: skip
    found = (
        pl.concat(members)
        .join(_charged(again), on=CAUSE)
        .join(_spread(blocks, again, calls), on="actor")
        .join(_heaviest(again), on=CAUSE, how="left")
    )
    return _findings(found, min_resent_tokens=min_resent_tokens)


def _caused(block_runs: pl.LazyFrame, calls: pl.LazyFrame, *, heavy_tokens: int) -> pl.LazyFrame:
    """Each block with the first call of its content, and why it is sent again: NULL for what is small."""
    metered = pl.col("sent") - pl.col("unmetered")
    first, present = pl.col("first"), pl.col("present")
    static = pl.col("kind").is_in(STATIC_KINDS) & (first == 0) & (present * 10 >= pl.col("calls") * 9)
    heavy = pl.col("tokens") >= heavy_tokens * metered
    return block_runs.join(calls.group_by("actor").agg(pl.col("calls").first()), on="actor").with_columns(
        cause=pl.when(static).then(pl.lit("static")).when(heavy & (metered > 0)).then(pl.lit("carried"))
    )


def _again(
    blocks: pl.LazyFrame,
    calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    *,
    heavy_tokens: int,
    grace_calls: int,
) -> pl.LazyFrame:
    """Each caused block with what it cost when it was sent again, and what of it the careful estimate calls avoidable.

    The avoidable part of a static block is that of its session: `_findings` knows it.
    """
    caused = blocks.filter(pl.col("cause").is_not_null())
    early = runs.early_shares(caused, calls, context_parts, calls_after=grace_calls)
    first = pl.col("after") == 0
    spent = early.group_by(runs.PLACE).agg(
        pl.col("tokens", "usd").filter(first).sum().name.prefix("first_"),
        pl.col("tokens", "usd").sum().name.prefix("early_"),
        shown=first.sum().cast(pl.Int64),
    )
    carried, size = pl.col("cause") == "carried", pl.col("tokens") / (pl.col("sent") - pl.col("unmetered"))
    kept = ((size - heavy_tokens) / size).clip(0).fill_nan(0)
    return (
        caused.join(spent, on=runs.PLACE, how="left")
        .with_columns(pl.col("^(first|early)_(tokens|usd)$", "shown").fill_null(0))
        .with_columns(
            times=pl.col("sent") - pl.col("unmetered") - pl.col("shown"),
            again_tokens=pl.col("tokens") - pl.col("first_tokens"),
            again_usd=pl.col("usd") - pl.col("first_usd"),
            late_tokens=pl.when(carried).then((pl.col("tokens") - pl.col("early_tokens")).clip(0) * kept),
            late_usd=pl.when(carried).then((pl.col("usd") - pl.col("early_usd")).clip(0) * kept),
        )
    )


def _per_call(blocks: pl.LazyFrame, calls: pl.LazyFrame, context_parts: pl.LazyFrame) -> pl.LazyFrame:
    """Per call, in order: the tokens sent again of each cause (`carried`, `static`), and up to it (`…_so_far`)."""
    size = {cause: pl.when(pl.col("cause") == cause).then("bytes").otherwise(0) for cause in CAUSES}
    held = blocks.sort(runs.PLACE).select(
        *runs.BRANCH, last="position", **{cause: size[cause].cum_sum().over(runs.BRANCH) for cause in CAUSES}
    )
    shown = (pl.col("first_number") == pl.col("first")).cast(pl.Int64)
    new = blocks.group_by("actor", number="first").agg(
        **{f"new_{cause}": (size[cause] * shown).sum() for cause in CAUSES}
    )
    sent = (
        context_parts.join(calls.select("call_id", "actor"), on="call_id")
        .join(held, on=(*runs.BRANCH, "last"))
        .group_by("call_id").agg(pl.col(CAUSES).sum())
    )  # fmt: skip
    again = {
        cause: ((pl.col(cause) - pl.col(f"new_{cause}").fill_null(0)) * pl.col("density")).fill_null(0.0)
        for cause in CAUSES
    }
    return (
        calls.select(*TOLD, "actor", "number", "density", "input_tokens")
        .join(sent, on="call_id")
        .join(new, on=("actor", "number"), how="left")
        .with_columns(**again)
        .sort("actor", "number")
        .with_columns(
            pl.col(CAUSES).cum_sum().over("actor").name.suffix("_so_far"),
            sent_so_far=pl.col("input_tokens").fill_null(0).cum_sum().over("actor"),
        )
    )


def _members(per_call: pl.LazyFrame, cause: str, *, bloated: pl.Expr, static_tokens: int) -> pl.LazyFrame:
    """One row for each session and agent that *cause* has *bloated* at its end, with the calls that sent again."""
    again = pl.col(cause) > 0
    return (
        per_call.with_columns(bloated=bloated)
        .filter(pl.col("bloated").last().over("actor"))
        .group_by("actor", maintain_order=True)
        .agg(
            pl.col(*runs.ACTOR).first(),
            pl.col("trace_id", "work_id").drop_nulls().first(),
            cause=pl.lit(cause),
            call_ids=pl.col("call_id").filter(again),
            span_ids=pl.col("span_id").filter(again).drop_nulls(),
            first_at=pl.col("started_at").filter(again).min(),
            last_at=pl.col("started_at").filter(again).max(),
            first_detectable_call_id=pl.col("call_id").filter("bloated").first(),
            first_call=pl.col("call_id").first(),
            resent=pl.col(cause).sum(),
            excess=(pl.col(cause) - static_tokens).clip(0).sum(),
        )
    )


def _charged(again: pl.LazyFrame) -> pl.LazyFrame:
    """Per session, agent and cause: tokens and dollars of what was sent again."""
    return again.group_by(CAUSE).agg(
        pl.col("again_tokens", "again_usd", "late_tokens", "late_usd").sum(),
        unpriced=pl.col("unpriced").max(),
        priced=(pl.col("sent") - pl.col("unpriced")).max(),
    )


def _spread(blocks: pl.LazyFrame, again: pl.LazyFrame, calls: pl.LazyFrame) -> pl.LazyFrame:
    """Per session and agent: how much was sent, how much of it was new, how much new after the first call."""
    repeated = again.group_by("actor").agg(repeated=pl.col("again_tokens").sum())
    small = blocks.filter(pl.col("cause").is_null()).group_by("actor").agg(
        small=(pl.col("tokens") - pl.col("tokens") / pl.col("present")).sum()
    )  # fmt: skip
    opening = pl.col("input_tokens").filter(pl.col("number") == 0).sum()
    return (
        calls.group_by("actor")
        .agg(
            pl.col("calls").first(),
            sent=pl.col("input_tokens").sum(),
            opening=opening,
            unmetered=pl.col("density").is_null().sum().cast(pl.Int64),
        )
        .join(repeated, on="actor", how="left")
        .join(small, on="actor", how="left")
        .with_columns(
            new=(pl.col("sent") - pl.sum_horizontal("repeated", "small")).round().cast(pl.Int64).clip(0)
        )
        .with_columns(new_later=(pl.col("new") - pl.col("opening")).clip(0))
        .drop("repeated", "small", "opening")
    )


def _heaviest(again: pl.LazyFrame, *, named: int = 3) -> pl.LazyFrame:
    """Per cause, a sentence part on the *named* contents that cost most when they were sent again."""
    content = pl.when(pl.col("kind") == "tool_definition").then(pl.lit("tool definitions")).otherwise("hash")
    usd, tokens = pl.col("again_usd"), pl.col("again_tokens")
    definitions = pl.col("kind").first() == "tool_definition"
    return (
        again.filter(pl.col("again_tokens") > 0)
        .group_by(*CAUSE, content=content)
        .agg(
            pl.col("kind", "tool_name").sort_by("first", "position", "branch").first(),
            blocks=pl.col("hash").n_unique().cast(pl.Int64),
            times=pl.when(definitions).then(pl.col("times").max()).otherwise(pl.col("times").sum()),
            tokens=tokens.sum().round().cast(pl.Int64),
            usd=pl.when((pl.col("unpriced") == 0).all()).then(usd.sum().round(12).cast(MONEY)),
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
    carried, part = pl.col("cause") == "carried", pl.col("excess") / pl.col("resent")
    return (
        found.with_columns(
            detector=pl.lit(NAME),
            partition=pl.col("session_id"),
            finding_id=identity(NAME, *runs.ACTOR, "cause", "first_call"),
            wasted_tokens=pl.col("again_tokens").round().cast(pl.Int64),
            avoidable=pl.when(carried).then("late_tokens").otherwise(pl.col("again_tokens") * part),
            wasted_usd_low=pl.when(carried).then("late_usd").otherwise(pl.col("again_usd") * part),
        )
        .with_columns(
            tier=pl.when(acts).then(pl.lit("waste")).otherwise(pl.lit("warn")),
            wasted_usd_low=pl.when(pl.col("priced") > 0).then(pl.col("wasted_usd_low").round(12).cast(MONEY)),
            wasted_usd_high=pl.when(pl.col("unpriced") == 0).then(pl.col("again_usd").round(12).cast(MONEY)),
        )
        .with_columns(confidence=context_bloat.confidence())
        .with_columns(evidence=context_bloat.evidence(), fix=context_bloat.fix())
        .select(pl.col(name).cast(kind) for name, kind in FINDINGS.items())
        .sort("partition", "first_at", "finding_id")
    )


DETECTOR: Final = Detector(name=NAME, find=find_context_bloat, needs=runs.NEEDS, version=2)
