"""Which content stands more than once in one and the same context?

Rule: A block of at least 500 tokens whose content (hash) already stands before it in the same prompt. Every call that
carries the second copy pays for it. Reported by session and agent once the copies came to 20,000 tokens.

Defaults: 500 tokens: short answers (`ok`, an empty list) repeat by nature. 20,000 tokens: below that nobody has a
reason to act.

Dollars: Low and high: what the calls paid for all copies but the first, by the stretch of the prompt they lay in.

Needs: A manifest of the context (hashes and sizes) and usage; no content.

Blind spots: Copies that differ by a character, line numbers for example. A file that is read again after an edit and
back may be there twice for a reason.

Complexity: Linear in calls and different blocks, times the branches that a context is made of.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.carried import carried_by_calls
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import blocks as words
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import findings, summed

NAME: Final = "duplicate_blocks"


def find_duplicate_blocks(
    context_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    block_runs: pl.LazyFrame,
    *,
    min_block_tokens: int = 500,
    min_tokens: int = 20_000,
) -> pl.LazyFrame:
    """Findings: per session and agent, the copies that its calls carried."""
    copies = _copies(context_calls, context_parts, block_runs, min_block_tokens=min_block_tokens)
    enough = copies.group_by("actor").agg(pl.col("tokens").sum()).filter(pl.col("tokens") >= min_tokens)
    kept = copies.join(enough, on="actor", how="semi")
    told = context_calls.select(
        *runs.ACTOR, "call_id", "span_id", "trace_id", "work_id", "started_at", "number", "rest_usd"
    )
    members = (
        carried_by_calls(kept, context_calls, context_parts, block_runs, by="actor")
        .join(told, on="call_id")
        .with_columns(usd_high=pl.when(pl.col("rest_usd").is_not_null()).then("usd"))
        .sort("actor", "number")
        .with_columns(usd_low="usd_high", tells=pl.col("tokens").cum_sum().over("actor") >= min_tokens)
    )
    found = summed(members, by=("actor", *runs.ACTOR)).join(_dearest(kept), on="actor")
    return findings(
        found,
        name=NAME,
        key=(*runs.ACTOR, "first_call"),
        tier=pl.lit("waste"),
        confidence=pl.lit(0.9),
        evidence=pl.format(
            "{} carried content that stood in the same prompt already: {} tokens, {}. Most of it: {}.",
            numbers.plural(pl.col("members"), "call", "calls"),
            numbers.count(pl.col("wasted_tokens")),
            numbers.usd(pl.col("wasted_usd_high")),
            "dearest",
        ),
        fix=pl.lit(
            "Answer a second read of the same content with a note that it is above; let the agent's loop drop the "
            "older copy; do not paste what a tool has read already."
        ),
    )


def _copies(
    calls: pl.LazyFrame, context_parts: pl.LazyFrame, block_runs: pl.LazyFrame, *, min_block_tokens: int
) -> pl.LazyFrame:
    """The blocks before which, on the way to them, the same content stands already."""
    large = block_runs.filter(
        pl.col("places") > 1,
        pl.col("tokens") >= min_block_tokens * (pl.col("sent") - pl.col("unmetered")),
        pl.col("sent") > pl.col("unmetered"),
    )
    parts = context_parts.join(calls.select("call_id", "actor"), on="call_id")
    # Every context that reaches a branch came there by the same way.
    ways = parts.unique(runs.BRANCH).select(*runs.BRANCH, "call_id")
    passed = ways.join(parts.select("call_id", over="branch", until="last", begins="first"), on="call_id")
    before = large.select("actor", "hash", over="branch", earlier="position")
    stands = (
        large.select(*runs.PLACE, "hash")
        .join(passed.drop("call_id"), on=runs.BRANCH)
        .join(
            before.group_by("actor", "hash", "over").agg(pl.col("earlier").min()),
            on=("actor", "hash", "over"),
        )
        .filter(pl.col("earlier") < pl.col("position"), pl.col("begins") <= pl.col("position"))
        # On another branch only up to where this one left it.
        .filter((pl.col("over") == pl.col("branch")) | (pl.col("earlier") <= pl.col("until")))
        .select(runs.PLACE)
        .unique()
    )
    return large.join(stands, on=runs.PLACE, how="semi").select(
        *runs.PLACE, "hash", "kind", "tool_name", "bytes", "upto", "tokens", "sent", "unmetered"
    )


def _dearest(copies: pl.LazyFrame, *, named: int = 3) -> pl.LazyFrame:
    size = (pl.col("tokens") / (pl.col("sent") - pl.col("unmetered"))).round().cast(pl.Int64)
    return (
        copies.group_by("actor", "hash")
        .agg(
            pl.col("kind", "tool_name").sort_by("position", "branch").first(),
            size=size.max(),
            extra=pl.len().cast(pl.Int64),
            tokens=pl.col("tokens").sum(),
        )
        .sort("actor", "tokens", "hash", descending=[False, True, False])
        .group_by("actor", maintain_order=True)
        .agg(
            dearest=pl.format(
                "{} ({} tokens, {})",
                words.one(),
                numbers.count(pl.col("size")),
                numbers.plural(pl.col("extra"), "copy too many", "copies too many"),
            ).head(named).str.join("; ")
        )
    )  # fmt: skip


DETECTOR: Final = Detector(name=NAME, find=find_duplicate_blocks, needs=runs.NEEDS)
