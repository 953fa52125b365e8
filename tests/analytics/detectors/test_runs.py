"""Do sums over runs of blocks equal what the ledger says of each block of each call?"""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from otel_burn_analytics import runs
from otel_burn_analytics.carried import carried_by_calls
from otel_burn_analytics.frames import read_frames
from otel_burn_analytics.queries import sql
from otel_burn_collector.reader import open_ledger

SHARES = ("sent", "tokens", "usd")


def block_by_block(world: dict[str, pl.LazyFrame]) -> pl.DataFrame:
    """The same sums, made the long way: every block of every call."""
    held = world["context_parts"].join(world["interned_blocks"], on="branch")
    shares = (
        held.filter(pl.col("position").is_between("first", "last"))
        .join(world["context_calls"], on="call_id")
        .select(*runs.PLACE, tokens=runs.share_tokens(), usd=runs.share_usd())
    )
    return (
        shares.group_by(runs.PLACE)
        .agg(pl.len().cast(pl.Int64).alias("sent"), pl.col("tokens", "usd").sum())
        .collect()
    )


def some_calls(call: Any, block: Any, data: st.DataObject) -> list[Any]:
    """Calls whose contexts begin alike here and there, and hold some contents more than once."""
    pieces = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 400)), min_size=1, max_size=6)
    calls = []
    for context in data.draw(st.lists(pieces, min_size=1, max_size=8)):
        blocks = [block("user", f"{name}{size}", size) for name, size in context]
        total = sum(size for _, size in context)
        read = data.draw(st.integers(0, total))
        calls.append(call(blocks, read=read, write=data.draw(st.integers(0, total - read))))
    return calls


@settings(max_examples=15)
@given(data=st.data())
def test_a_run_costs_what_its_blocks_cost(world: Any, call: Any, block: Any, data: st.DataObject) -> None:
    """Whatever the cache served or stored, whichever beginnings the contexts share."""
    made = world(*some_calls(call, block, data))
    found = made["block_runs"].select(*runs.PLACE, *SHARES).collect()
    long = block_by_block(made)
    assert_frame_equal(
        found, long.fill_null(0).select(found.columns), check_row_order=False, abs_tol=1e-9, rel_tol=1e-9
    )


@settings(max_examples=15)
@given(data=st.data())
def test_a_call_pays_for_some_blocks_what_it_pays_for_each(
    world: Any, call: Any, block: Any, data: st.DataObject
) -> None:
    """Wherever they stand, as often as they stand there."""
    made = world(*some_calls(call, block, data))
    some = made["block_runs"].filter(pl.col("hash").str.contains("^a"), pl.col("bytes") > 0)
    found = carried_by_calls(
        some, made["context_calls"], made["context_parts"], made["block_runs"], by="actor"
    )
    each = (
        some.select(*runs.PLACE, "bytes", "upto")
        .join(made["context_parts"].join(made["context_calls"], on="call_id"), on=runs.BRANCH)
        .filter(pl.col("position").is_between("first", "last"), pl.col("density").is_not_null())
        .select("actor", "call_id", "bytes", tokens=runs.share_tokens(), usd=runs.share_usd())
    )
    long = each.group_by("actor", "call_id").agg(
        pl.col("bytes").sum().cast(pl.Float64), pl.col("tokens", "usd").sum()
    )
    assert_frame_equal(found, long, check_row_order=False, abs_tol=1e-9, rel_tol=1e-9)


def test_the_sums_are_the_ledgers(db: Path) -> None:
    """Tokens and dollars of `context_blocks`, to the rounding of single shares."""
    with open_ledger(db) as ledger:
        ids = ledger.query("SELECT session_id FROM sessions")["session_id"].to_pylist()
        scope = {"partition": "session", "keys": ids, "from": "2000-01-01", "to": "2100-01-01"}

        def query(name: str) -> pl.DataFrame:
            frame = pl.from_arrow(ledger.query(sql(name), scope))
            assert isinstance(frame, pl.DataFrame)
            return frame

        frames = read_frames(["block_runs", "context_blocks"], query)
    shares = frames["context_blocks"].select(
        "hash", pl.col("tokens").cast(pl.Float64), usd=pl.col("cost_usd").cast(pl.Float64)
    )
    by_block = shares.group_by("hash").agg(
        pl.len().cast(pl.Int64).alias("sent"), pl.col("tokens", "usd").sum()
    )
    by_run = frames["block_runs"].group_by("hash").agg(pl.col(SHARES).sum())
    assert by_run.collect().height > 3
    assert_frame_equal(by_run, by_block, check_row_order=False, check_column_order=False, abs_tol=8)
    assert_frame_equal(
        by_run.select("hash", "usd"), by_block.select("hash", "usd"), check_row_order=False, rel_tol=1e-3
    )


@pytest.mark.parametrize("empty", ["context_parts", "interned_blocks", "llm_calls"])
def test_without_contexts_there_are_no_runs(world: Any, call: Any, block: Any, empty: str) -> None:
    """An empty frame is no error."""
    made = world(call([block("system", "s", 10)]))
    made[empty] = made[empty].limit(0)
    known = runs.numbered(made["llm_calls"], made["context_parts"])
    assert runs.block_runs(known, made["context_parts"], made["interned_blocks"]).collect().is_empty()
