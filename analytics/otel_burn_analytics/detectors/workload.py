"""What kind of work is a session, and does it use far more tokens than such work does?

Rule: By its calls, agents and tools a session is an autonomous coding agent (20 tool calls or more that write or
run), a multi-agent system (two agents or more), a single agent (any tool call), retrieval (documents in the prompt,
no tool) or a chat. A finding is a session that used more than ten times the upper end of the published range of its
class, per call for chat and retrieval, per session for agents.

Defaults: The ranges are 500 to 1,000 tokens (chat), 2,000 to 5,000 (retrieval), 20,000 to 30,000 (single agent),
50,000 to 100,000 (multi-agent), 500,000 to 8,000,000 (autonomous coding). Ten times: ranges of others are a rough
guide.

Dollars: High: the part of the cost that lies above ten times the range. Low: nothing.

Needs: Usage and tool calls.

Blind spots: A class is a guess by form: a chat about a long document is no waste.

Complexity: Linear in calls.
"""

from typing import Final

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import numbers
from otel_burn_analytics.members import findings, summed

NAME: Final = "workload"
CALLS: Final = pl.Schema(
    {
        **dict.fromkeys(("work_id", "trace_id", "span_id"), pl.String()),
        **runs.LLM_CALLS,
        "output_tokens": pl.Int64(),
        "cost_usd": pl.Float64(),
    }
)
TOOL_CALLS: Final = pl.Schema({"session_id": pl.String(), "effect": pl.String()})
BLOCKS: Final = pl.Schema({"actor": pl.Int64(), "kind": pl.String()})
KNOWN: Final = pl.Schema({"actor": pl.Int64(), "session_id": pl.String()})
RANGES: Final = {
    "chat": (500, 1_000),
    "retrieval": (2_000, 5_000),
    "single agent": (20_000, 30_000),
    "multi-agent": (50_000, 100_000),
    "autonomous coding": (500_000, 8_000_000),
}
"""Published tokens of a task, by class."""
BY_CALL: Final = ("chat", "retrieval")


def find_workload(
    llm_calls: pl.LazyFrame,
    tool_calls: pl.LazyFrame,
    context_calls: pl.LazyFrame,
    block_runs: pl.LazyFrame,
    *,
    times: float = 10,
) -> pl.LazyFrame:
    """Findings: the sessions that are far above the range of their class."""
    classes = classify(llm_calls, tool_calls, context_calls, block_runs)
    limit = times * pl.col("most") * pl.when(pl.col("kind").is_in(BY_CALL)).then(pl.col("calls")).otherwise(1)
    above = classes.with_columns(limit=limit).filter(pl.col("tokens") > pl.col("limit"))
    used = pl.col("input_tokens").fill_null(0) + pl.col("output_tokens").fill_null(0)
    members = (
        llm_calls.join(above.rename({"tokens": "all"}), on="session_id")
        .sort("session_id", "started_at", "call_id", nulls_last=True)
        .with_columns(tokens=used, so_far=used.cum_sum().over("session_id"))
        .with_columns(
            usd_low=0.0,
            usd_high=pl.col("cost_usd") * (1 - pl.col("limit") / pl.col("all")),
            tells=pl.col("so_far") > pl.col("limit"),
        )
    )
    told = {name: pl.col(name).first() for name in ("kind", "all", "calls", "least", "most")}
    found = summed(members, by=("session_id",), agent=pl.col("agent").first(), **told)
    return findings(
        found,
        name=NAME,
        key=("session_id",),
        tier=pl.lit("warn"),
        confidence=pl.lit(0.4),
        evidence=pl.format(
            "By its calls and tools this is {}: published ranges are {} to {} tokens a {}. It used {} in {}.",
            "kind",
            numbers.count(pl.col("least")),
            numbers.count(pl.col("most")),
            pl.when(pl.col("kind").is_in(BY_CALL)).then(pl.lit("call")).otherwise(pl.lit("task")),
            numbers.count(pl.col("all")),
            numbers.plural(pl.col("calls"), "call", "calls"),
        ),
        fix=pl.lit("Look at what it carried and repeated: the other findings of this session say more."),
    )


def classify(
    llm_calls: pl.LazyFrame, tool_calls: pl.LazyFrame, context_calls: pl.LazyFrame, block_runs: pl.LazyFrame
) -> pl.LazyFrame:
    """Each session with its `kind`, `calls`, `tokens`, and the range of its kind (`least` to `most`)."""
    tools = tool_calls.group_by("session_id").agg(
        tools=pl.len(), acts=pl.col("effect").is_in(["write", "run"]).sum()
    )
    documents = (
        block_runs.filter(pl.col("kind") == "document")
        .join(context_calls, on="actor")
        .select("session_id")
        .unique()
    )
    used = pl.col("input_tokens").fill_null(0) + pl.col("output_tokens").fill_null(0)
    kind = (
        pl.when(pl.col("acts") >= 20).then(pl.lit("autonomous coding"))
        .when(pl.col("agents") > 1).then(pl.lit("multi-agent"))
        .when(pl.col("tools") > 0).then(pl.lit("single agent"))
        .when("documented").then(pl.lit("retrieval"))
        .otherwise(pl.lit("chat"))
    )  # fmt: skip
    return (
        llm_calls.group_by("session_id")
        .agg(
            calls=pl.len().cast(pl.Int64),
            tokens=used.sum(),
            agents=pl.struct("agent", "agent_id").n_unique(),
        )
        .join(tools, on="session_id", how="left")
        .join(documents.with_columns(documented=True), on="session_id", how="left")
        .with_columns(pl.col("tools", "acts").fill_null(0), pl.col("documented").fill_null(False))
        .with_columns(kind=kind)
        .with_columns(
            least=pl.col("kind").replace_strict(
                {name: ends[0] for name, ends in RANGES.items()}, return_dtype=pl.Int64
            ),
            most=pl.col("kind").replace_strict(
                {name: ends[1] for name, ends in RANGES.items()}, return_dtype=pl.Int64
            ),
        )
        .select("session_id", "kind", "calls", "tokens", "least", "most")
    )


DETECTOR: Final = Detector(
    name=NAME,
    find=find_workload,
    needs={"llm_calls": CALLS, "tool_calls": TOOL_CALLS, "context_calls": KNOWN, "block_runs": BLOCKS},
)
