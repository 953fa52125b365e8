"""Which tool definitions does every call pay for, though no call of the session ever used the tool?

Rule: A tool that was defined in at least three calls of a session and agent, and that no call of the session asked
for, whichever agent. They are reported together, by session and agent, once they came to 10,000 tokens. MCP tools
(`mcp__server__tool`) are grouped by server, as a server is what one switches off.

Defaults: Three calls: a question and its answer tell nothing. 10,000 tokens: cents; definitions alone are often
20,000 a call where some MCP servers are connected.

Dollars: High: the definitions' share of every call, at what the stretch of the prompt cost in which they lay; they
stand in front, so that mostly is the price of cache reads. Low: only those of servers of which no tool at all was
used.

Needs: A manifest of the context with tool names, and tool calls. No content. Where no tool's call is known by name
though results are in the context, nothing is said.

Blind spots: A tool may be needed in the next session; the finding says how often it was offered, not that it is
useless. While a session runs, *unused* means so far.

Complexity: Linear in calls and different blocks.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import findings, money

NAME: Final = "unused_tools"
TOOL_CALLS: Final = pl.Schema({"session_id": pl.String(), "tool_name": pl.String()})
MCP: Final = r"^mcp__(.+?)__"


def find_unused_tools(
    context_calls: pl.LazyFrame,
    context_parts: pl.LazyFrame,
    block_runs: pl.LazyFrame,
    tool_calls: pl.LazyFrame,
    *,
    min_calls: int = 3,
    min_tokens: int = 10_000,
) -> pl.LazyFrame:
    """Findings: per session and agent, the tools that were defined again and again and never used."""
    actors = context_calls.group_by("actor").agg(pl.col(runs.ACTOR).first())
    used, opaque = _used(block_runs.join(actors, on="actor"), tool_calls)
    tools = (
        block_runs.filter(pl.col("kind") == "tool_definition", pl.col("tool_name").is_not_null())
        .join(actors, on="actor")
        .join(opaque, on="session_id", how="anti")
        .group_by("actor", "session_id", "tool_name")
        .agg(pl.col("tokens", "usd", "sent", "unpriced").sum(), pl.col("first_number").min())
        .join(used, on=("session_id", "tool_name"), how="left")
        .with_columns(server=pl.coalesce(pl.col("tool_name").str.extract(MCP), "tool_name"))
        .with_columns(idle=pl.col("used").is_null().all().over("actor", "server"))
    )
    unused = _summed(tools, min_calls=min_calls).filter(pl.col("wasted_tokens") >= min_tokens)
    members = _members(
        unused, context_calls, context_parts, block_runs, min_calls=min_calls, min_tokens=min_tokens
    )
    return findings(
        unused.join(members, on="actor"),
        name=NAME,
        key=(*runs.ACTOR, "first_call"),
        tier=pl.when(_mostly_idle()).then(pl.lit("waste")).otherwise(pl.lit("warn")),
        confidence=pl.when(pl.col("members") >= 10).then(0.9).otherwise(0.7),
        evidence=_evidence(),
        fix=_fix(),
    )  # fmt: skip


def _used(blocks: pl.LazyFrame, tool_calls: pl.LazyFrame) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    """The tools that each session used, by name, and the sessions that used some which nobody names."""
    shown = blocks.filter(pl.col("kind").is_in(["tool_call", "tool_result"]))
    names = pl.concat([tool_calls.select("session_id", "tool_name"), shown.select("session_id", "tool_name")])
    used = names.drop_nulls().unique().with_columns(used=True)
    opaque = shown.join(used, on="session_id", how="anti").select("session_id").unique()
    return used, opaque


def _summed(tools: pl.LazyFrame, *, min_calls: int) -> pl.LazyFrame:
    """One row a session and agent with tools that it never used."""
    unused = tools.filter(pl.col("used").is_null(), pl.col("sent") >= min_calls)
    defined = tools.group_by("actor").agg(defined=pl.len().cast(pl.Int64))
    by_server = (
        unused.group_by("actor", "server")
        .agg(pl.len().cast(pl.Int64).alias("of_server"), pl.col("tokens").sum())
        .sort("actor", "tokens", "server", descending=[False, True, False])
        .group_by("actor", maintain_order=True)
        .agg(
            dearest=pl.format(
                "{} ({}, {} tokens)",
                "server",
                numbers.plural(pl.col("of_server"), "tool", "tools"),
                numbers.count(pl.col("tokens").round().cast(pl.Int64)),
            ).head(3).str.join("; ")
        )
    )  # fmt: skip
    idle, priced = pl.col("idle"), (pl.col("sent") > pl.col("unpriced")).any()
    return (
        unused.group_by("actor")
        .agg(
            unused=pl.len().cast(pl.Int64),
            wasted_tokens=pl.col("tokens").sum().round().cast(pl.Int64),
            idle_tokens=pl.col("tokens").filter(idle).sum(),
            wasted_usd_low=pl.when(priced).then(money(pl.col("usd").filter(idle).sum())),
            wasted_usd_high=pl.when((pl.col("unpriced") == 0).all()).then(money(pl.col("usd").sum())),
        )
        .join(defined, on="actor")
        .join(by_server, on="actor")
    )  # fmt: skip


def _members(
    unused: pl.LazyFrame, calls: pl.LazyFrame, context_parts: pl.LazyFrame, block_runs: pl.LazyFrame,
    *, min_calls: int, min_tokens: int,
) -> pl.LazyFrame:  # fmt: skip
    """The calls that carried tool definitions, and the one at which their tokens were worth a word."""
    lowest = (
        block_runs.filter(pl.col("kind") == "tool_definition")
        .group_by(runs.BRANCH)
        .agg(pl.col("position").min())
    )
    carrying = (
        context_parts.join(calls, on="call_id")
        .join(unused.select("actor", "wasted_tokens"), on="actor")
        .join(lowest, on=runs.BRANCH)
        .filter(pl.col("last") >= pl.col("position"))
        .unique("call_id")
        .sort("actor", "number")
        .with_columns(nth=pl.int_range(pl.len()).over("actor"), members=pl.len().over("actor"))
    )
    # Definitions hardly change within a session: each call carries an equal part.
    so_far = pl.col("wasted_tokens") * (pl.col("nth") + 1) / pl.col("members")
    tells = (so_far >= min_tokens) & (pl.col("nth") >= min_calls - 1)
    return carrying.group_by("actor", maintain_order=True).agg(
        pl.col(*runs.ACTOR).first(),
        pl.col("trace_id", "work_id").drop_nulls().first(),
        call_ids=pl.col("call_id"),
        span_ids=pl.col("span_id").drop_nulls(),
        first_call=pl.col("call_id").first(),
        first_at=pl.col("started_at").min(),
        last_at=pl.col("started_at").max(),
        first_detectable_call_id=pl.col("call_id").filter(tells).first(),
        members=pl.len().cast(pl.Int64),
    )


def _mostly_idle() -> pl.Expr:
    """Whether most of it is of servers that nobody used at all: those can be switched off without a thought."""
    return pl.col("idle_tokens") * 2 >= pl.col("wasted_tokens")


def _evidence() -> pl.Expr:
    return pl.format(
        "{} of {} tool definitions were sent with {}, and no call of the session used one of them: {} tokens, {}. "
        "Most: {}.",
        numbers.count(pl.col("unused")),
        numbers.count(pl.col("defined")),
        numbers.plural(pl.col("members"), "call", "calls"),
        numbers.count(pl.col("wasted_tokens")),
        numbers.usd(pl.col("wasted_usd_high")),
        "dearest",
    )


def _fix() -> pl.Expr:
    return pl.lit(
        "Connect MCP servers and tools where they are needed, not everywhere; let a search tool load definitions on "
        "demand; shorten the descriptions of those that stay."
    )


DETECTOR: Final = Detector(name=NAME, find=find_unused_tools, needs={**runs.NEEDS, "tool_calls": TOOL_CALLS})
