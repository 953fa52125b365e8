"""What is a step of an agent? A tool call with its outcome, and how it compares with earlier ones of the same actor.

Every loop detector starts here, so that all agree on what is the same request, the same outcome and a change in
between. An *actor* is an agent within a session: sub-agents that share a session are told apart by `agent_id`.
"""

from typing import Final

import polars as pl

from otel_burn_analytics.charging import LLM_CALLS as CHARGED
from otel_burn_analytics.finding import TIME

TOOL_CALLS: Final = pl.Schema(
    {
        "call_id": pl.String(),
        "session_id": pl.String(),
        "agent_id": pl.String(),
        "turn": pl.Int64(),
        "seq": pl.Int64(),
        "effect": pl.String(),  # read, write, run, unknown
        "tool_call_id": pl.String(),
        "tool_name": pl.String(),
        "args_hash": pl.String(),
        "args_sketch": pl.String(),
        "result_hash": pl.String(),
        "result_bytes": pl.Int64(),
        "result_sketch": pl.String(),
        "error_class": pl.String(),
        "started_at": TIME,
    }
)
"""The columns of the view `tool_calls` that loop detectors read."""

LLM_CALLS: Final = pl.Schema(
    {**CHARGED, "agent": pl.String(), "session_id": pl.String(), "agent_id": pl.String()}
)
"""The columns of the view `llm_calls` that loop detectors read."""

ACTOR: Final = ("session_id", "agent", "agent_id")
REQUEST: Final = ("tool_name", "args_hash")
ORDER: Final = ("turn", "seq", "started_at", "call_id", "tool_call_id", *REQUEST, "result_hash")

WINDOW: Final = 10
"""Tool calls of an actor within which a step repeats another. Further apart, the first result has often left the
context, and people who label loops compare ten steps back as well."""

UNSPECIFIC: Final = r"^(error|exit_code_\d+)$"
"""Classes of error that say only that something failed: two of them are one outcome if the texts are alike, whatever
numbers are in them (`manifest.sketch`), or equal where they are too short for a sketch."""


STEPS: Final = pl.Schema(
    {
        **TOOL_CALLS,
        "agent": pl.String(),
        "row": pl.Int64(),
        "actor": pl.Int64(),
        "siblings": pl.Int64(),
        "failed": pl.Boolean(),
        "outcome": pl.String(),
        "known": pl.Boolean(),
        "spoken": pl.Int64(),
    }
)
"""The frame `steps`, made once for all detectors."""

COMPARED: Final = pl.Schema(
    {
        **STEPS,
        "same": pl.Int64(),
        "distance": pl.Int64(),
        "repeats": pl.Boolean(),
        "changed": pl.Boolean(),
        "works": pl.Boolean(),
        "worked": pl.Int64(),
        "puzzled": pl.Int64(),
        "fresh": pl.Boolean(),
    }
)
"""The frame `compared_steps`, made once for all detectors."""


def steps(tool_calls: pl.LazyFrame, llm_calls: pl.LazyFrame) -> pl.LazyFrame:
    """The tool calls in order, actor by actor: `row` counts them, `outcome` is what came back as a comparable word.

    `spoken` counts the answers without a tool that the actor gave before: after each, somebody may have said something
    new.
    """
    return (
        tool_calls.select(TOOL_CALLS.names())
        .join(_spoken(tool_calls, llm_calls), on="call_id", how="left")
        .with_columns(
            pl.col(
                "tool_name", "args_hash", "args_sketch", "result_hash", "result_sketch", "error_class"
            ).replace("", None)
        )
        .sort(*ACTOR, *ORDER)
        # A number: windows over texts take five times as long.
        .with_columns(row=pl.int_range(pl.len()), actor=pl.struct(ACTOR).rle_id().cast(pl.Int64))
        .with_columns(
            siblings=pl.len().over("call_id").cast(pl.Int64),
            failed=pl.col("error_class").is_not_null(),
            outcome=_outcome(),
            known=pl.all_horizontal(pl.col(REQUEST).is_not_null()),
        )
    )


def _spoken(tool_calls: pl.LazyFrame, llm_calls: pl.LazyFrame) -> pl.LazyFrame:
    """For each call its agent, and how many answers without a tool came before. A call that failed says nothing."""
    says = ~pl.col("asks") & (pl.col("output_tokens") > 0).fill_null(False)
    asking = tool_calls.select(pl.col("call_id").unique(), asks=True)
    return (
        llm_calls.select("call_id", *ACTOR, "started_at", "output_tokens")
        .join(asking, on="call_id", how="left")
        .with_columns(pl.col("asks").fill_null(False))
        .sort(*ACTOR, "started_at", "call_id")
        .with_columns(spoken=says.cast(pl.Int64).cum_sum())
        .select("call_id", "agent", "spoken")
    )


def _outcome() -> pl.Expr:
    """What came back, as one comparable word; NULL when nothing is known of it, which equals nothing."""
    error, text = pl.col("error_class"), pl.col("result_hash")
    return (
        pl.when(error.is_null())
        .then(text)
        .when(error.str.contains(UNSPECIFIC))
        .then(pl.concat_str(error, pl.coalesce("result_sketch", text), separator=" "))
        .otherwise(pl.concat_str(pl.lit("error"), error, separator=" "))
    )


def compared(ordered: pl.LazyFrame, *, window: int = WINDOW) -> pl.LazyFrame:
    """*ordered* steps, equal requests side by side (`same`), each with how it compares with the last equal one.

    `fresh` is a step that repeats nothing: its request is new or far, its outcome another, or work that could matter
    was done in between: a `write` or `run` that succeeded and is no repetition itself. Acting tools that answer next
    to nothing (a click, a sleep) are also excused when some other call saw the world change. `puzzled` counts the
    successful calls in between of which nobody knows whether they change anything.
    """
    counted = pl.col("works", "puzzles", "changed")
    return (
        _side_by_side(ordered, window=window)
        .sort("row")
        .with_columns(counted.cum_sum().cast(pl.Int64).name.prefix("all_"))
        .sort("same", "row")
        .with_columns(worked=_between("works"), puzzled=_between("puzzles"), moved=_between("changed"))
        .with_columns(fresh=_fresh(window))
    )


def _side_by_side(ordered: pl.LazyFrame, *, window: int) -> pl.LazyFrame:
    known, effect = pl.col("known"), pl.col("effect")
    new = ~pl.col("failed") & ~pl.col("repeats")
    return (
        ordered.with_columns(same=pl.col("row").first().over("actor", *REQUEST))
        .sort("same", "row")
        .with_columns(distance=pl.col("row") - last("row"))
        .with_columns(
            repeats=(
                known & (pl.col("distance") < window) & (pl.col("outcome") == last("outcome"))
            ).fill_null(False),
            changed=(known & (pl.col("outcome") != last("outcome"))).fill_null(False),
            carried=pl.col("outcome").forward_fill().over("same").fill_null(""),
        )
        .with_columns(
            works=new & effect.is_in(["write", "run"]).fill_null(False),
            puzzles=new & (~effect.is_in(["read", "write", "run"])).fill_null(True),
        )
    )


def _fresh(window: int) -> pl.Expr:
    acts = (pl.col("effect") != "read").fill_null(True) & ~pl.col("failed")
    alone = (pl.col("carried") != last("carried")).fill_null(True) | (pl.col("distance") >= window)
    return alone | (pl.col("worked") > 0) | (acts & (pl.col("moved") > 0))


def last(column: str, group: str = "same") -> pl.Expr:
    """The column's value in the row before, of the same *group*. A shift: windows over as many groups take five times
    as long."""
    return pl.when(pl.col(group) == pl.col(group).shift()).then(pl.col(column).shift())


def following(flag: str, group: str, steps: int = 1) -> pl.Expr:
    """Whether *flag* holds *steps* rows on in the same *group*."""
    return ((pl.col(group) == pl.col(group).shift(-steps)) & pl.col(flag).shift(-steps)).fill_null(False)


def _between(flag: str) -> pl.Expr:
    """How many calls with *flag* the actor made between the last equal call and this one."""
    return pl.col(f"all_{flag}") - pl.col(flag).cast(pl.Int64) - last(f"all_{flag}")


def groups(sketch: str) -> pl.Expr:
    """The groups of a sketched text: as many as two texts have in common, so much alike are they."""
    return pl.col(sketch).str.extract_all("[0-9a-f]{4}")


def alike(some: pl.Expr, other: pl.Expr) -> pl.Expr:
    """How much of two texts is equal, by their `groups`, 0 to 1; NULL where both are too short for a sketch."""
    whole = pl.max_horizontal(some.list.len(), other.list.len())
    common = some.list.set_intersection(other).list.len()
    return pl.when(whole > 0).then(common / whole)


def contained(some: pl.Expr, other: pl.Expr) -> pl.Expr:
    """How much of the shorter of two texts is in the longer one, by their `groups`, 0 to 1; NULL without a sketch."""
    whole = pl.min_horizontal(some.list.len(), other.list.len())
    return pl.when(whole > 0).then(some.list.set_intersection(other).list.len() / whole)


def cuts(llm_calls: pl.LazyFrame, *, kept: float, min_context: int = 0) -> pl.LazyFrame:
    """How often the context was cut before each call (`cut`): when a call had less than *kept* of the input of the call
    before it, which had *min_context* tokens. Calls without usage, aborted ones (0 tokens) say, are passed over."""
    tokens = pl.col("input_tokens")
    before = tokens.shift().over(ACTOR)
    shrank = ((before >= min_context) & (tokens < kept * before)).fill_null(False)
    return (
        llm_calls.filter(tokens > 0)
        .sort(*ACTOR, "started_at", "call_id")
        .with_columns(cut=shrank.cast(pl.Int64).cum_sum().over(ACTOR))
        .select("call_id", "cut")
    )
