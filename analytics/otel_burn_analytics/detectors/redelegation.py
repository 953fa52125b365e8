"""Which work is given out twice? The same task to a second sub-agent, or two sub-agents that do the same things.

Rule, within a run (or a trace): *the same task*: a tool that hands work on (its name says task, agent, delegate,
handoff or spawn) is called with the same arguments at least twice; three times are a *loop*, two a *warning*. *The same
work*: of at least five tool calls of an actor, half or more had been made before by another actor of the run, with the
same arguments and the same result; a *warning*.

Defaults: a task is handed on once; a second time may be a retry after a crash. Five, since every sub-agent looks at the
same two or three files first.

Needs: tool calls with hashes of arguments and results, and calls that say to which session or agent they belong.

Blind spots: the same task in other words. Templates ("review file A", "review file B") have nearly all of their words
in common, so likeness would accuse every honest fan-out.

Complexity: two sorts of the tool calls of a run, windows over equal requests.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import charged
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.evidence import redelegation
from otel_burn_analytics.finding import written
from otel_burn_analytics.steps import ACTOR, LLM_CALLS, REQUEST, STEPS

NAME: Final = "redelegation"
HANDS_ON: Final = (
    r"(?i)(?:^|[_.-]|run|call)(?:sub_?)?(?:agent|task)$|^(?:delegate|spawn|hand_?off|transfer_to)"
)
"""Names of tools that give work to another agent."""
TREE_CALLS: Final = pl.Schema({**LLM_CALLS, "run_id": pl.String()})


def find_redelegation(
    steps: pl.LazyFrame,
    llm_calls: pl.LazyFrame,
    *,
    min_tasks: int = 2,
    loop_tasks: int = 3,
    min_steps: int = 5,
    share: float = 0.5,
) -> pl.LazyFrame:
    """Findings: each task that was handed on again, and each actor that did what another had done."""
    tree = llm_calls.select("call_id", tree=pl.coalesce("run_id", "trace_id"))
    ordered = (
        steps.join(tree, on="call_id")
        .filter(pl.col("tree").is_not_null(), "known")
        .sort("started_at", "row")
        .with_columns(place=pl.int_range(pl.len()))
    )
    members = pl.concat([_tasks(ordered, min_tasks, loop_tasks), _work(ordered, min_steps, share)])
    found = charged(members, llm_calls, by=["twice"], **_told())
    return written(
        found,
        detector=NAME,
        tier=pl.when(pl.col("tasks") >= loop_tasks).then(pl.lit("loop")).otherwise(pl.lit("warn")),
        of=("tree", "twice"),
        words=redelegation,
        partition="tree",
    )


MEMBERS: Final = (
    "twice", "tree", *ACTOR, "tool_name", "call_id", "row", "part", "whole", "wasted", "tells", "avoidable", "tasks",
    "steps", "doubled",
)  # fmt: skip


def _tasks(ordered: pl.LazyFrame, min_tasks: int, loop_tasks: int) -> pl.LazyFrame:
    """The hand-overs of tasks that were handed on before. Parallel ones count: they are paid for alike."""
    key = ("tree", *REQUEST)
    nth = pl.int_range(1, pl.len() + 1).over(key)
    return (
        ordered.filter(pl.col("tool_name").str.contains(HANDS_ON))
        .with_columns(tasks=pl.len().over(key).cast(pl.Int64), nth=nth)
        .filter(pl.col("tasks") >= min_tasks)
        .with_columns(
            twice=pl.concat_str(pl.lit("task"), *key, separator=" "),
            wasted=pl.col("nth") > 1,
            tells=pl.col("nth") == pl.min_horizontal("tasks", pl.lit(loop_tasks)),
            steps=pl.lit(None, pl.Int64),
            doubled=pl.lit(None, pl.Int64),
        )
        .with_columns(avoidable=pl.col("nth") >= loop_tasks, row=pl.col("place"))
        .with_columns(part=pl.lit(1, pl.Int64), whole=pl.col("siblings"))
        .select(MEMBERS)
    )


def _work(ordered: pl.LazyFrame, min_steps: int, share: float) -> pl.LazyFrame:
    """The steps of actors most of which another actor had made before."""
    key = ("tree", *REQUEST, "result_hash")
    doubled = (pl.col("actor") != pl.col("actor").first().over(key)) & pl.col("result_hash").is_not_null()
    each = ("tree", "actor")
    return (
        ordered.with_columns(double=doubled.fill_null(False))
        .with_columns(
            steps=pl.len().over(each).cast(pl.Int64),
            doubled=pl.col("double").sum().over(each).cast(pl.Int64),
            nth=pl.col("double").cum_sum().over(each),
        )
        .filter(pl.col("steps") >= min_steps, pl.col("doubled") >= pl.col("steps") * share, pl.col("double"))
        .with_columns(
            twice=pl.concat_str(
                pl.lit("work"), "tree", *(pl.col(one).fill_null("") for one in ACTOR), separator=" "
            ),
            wasted=pl.lit(True),
            tells=pl.col("nth") >= min_steps,
            tasks=pl.lit(None, pl.Int64),
        )
        .with_columns(avoidable=pl.col("tells"), row=pl.col("place"))
        .with_columns(part=pl.lit(1, pl.Int64), whole=pl.col("siblings"))
        .select(MEMBERS)
    )


def _told() -> dict[str, pl.Expr]:
    return {name: pl.col(name).first() for name in ("tree", *ACTOR, "tool_name", "tasks", "steps", "doubled")}


DETECTOR: Final = Detector(
    name=NAME,
    find=find_redelegation,
    needs={"steps": STEPS, "llm_calls": TREE_CALLS},
    partition="tree",
)
