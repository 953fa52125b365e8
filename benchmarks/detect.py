"""How long do the detectors take, and how much memory, on 10^5 and 10^6 rows?

Run `python benchmarks/detect.py`; it prints the table of the section "detect" in RESULTS.md. Each measurement is a
process of its own, so that the peak memory is one detector's.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import polars as pl

from otel_burn_analytics import runs
from otel_burn_analytics.detectors import context_bloat, heavy_blocks, loops
from otel_burn_analytics.finding import MONEY, TIME

CALLS_PER_SESSION = 50
BLOCKS_PER_CALL = 25  # on average: a context of 50 turns grows from 1 to 50 blocks
SIZES = (100_000, 1_000_000)


def llm_calls(count: int) -> pl.DataFrame:
    """*count* calls in sessions of 50, ten seconds apart."""
    number = pl.int_range(count, eager=True)
    return pl.select(
        call_id=pl.format("call-{}", number),
        session_id=pl.format("session-{}", number // CALLS_PER_SESSION),
        turn=number % CALLS_PER_SESSION,
        agent=pl.format("agent-{}", number // CALLS_PER_SESSION % 7),
        agent_id=pl.lit(None, pl.String),
        work_id=pl.lit(None, pl.String),
        trace_id=pl.format("trace-{}", number // CALLS_PER_SESSION),
        span_id=pl.format("span-{}", number),
        started_at=(number * 10_000_000_000).cast(TIME),
        input_tokens=pl.lit(5_000, pl.Int64),
        output_tokens=pl.lit(200, pl.Int64),
        cost_usd=pl.lit("0.012345678901").cast(MONEY),
    )


def tool_calls(count: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """*count* tool calls, one an LLM call; one session in five repeats itself for half of its length."""
    calls = llm_calls(count)
    turn, session = pl.col("turn"), pl.int_range(pl.len()) // CALLS_PER_SESSION
    what = pl.when((session % 5 == 0) & (turn >= CALLS_PER_SESSION // 2)).then(pl.lit(-1)).otherwise(turn)
    rows = calls.with_columns(
        seq=turn,
        effect=pl.when(what % 4 == 3).then(pl.lit("write")).otherwise(pl.lit("read")),
        tool_call_id=pl.format("tool-{}", "call_id"),
        tool_name=pl.format("tool_{}", what % 6),
        args_hash=pl.format("args-{}", what % 20),
        result_hash=pl.format("result-{}-{}", session, what),
        result_bytes=pl.lit(800, pl.Int64),
        error_class=pl.lit(None, pl.String),
    )
    return rows.select(loops.TOOL_CALLS.names()), calls


def contexts(count: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """The contexts of about *count* logical blocks: each call sends everything before it in its session again."""
    calls = llm_calls(count // BLOCKS_PER_CALL).with_columns(
        cache_read_tokens=pl.lit(2_000, pl.Int64),
        cache_write_tokens=pl.lit(500, pl.Int64),
        read_usd=pl.lit(0.0006),
        write_usd=pl.lit(0.001875),
        rest_usd=pl.lit(0.0075),
        context_bytes=1_200 * (pl.col("turn") + 1) + 14_800 * ((pl.col("turn") + 1) // 9),
    ).with_columns(input_tokens=pl.col("context_bytes") // 4 + 2_500)  # fmt: skip
    session = pl.int_range(pl.len()) // CALLS_PER_SESSION
    parts = calls.select("call_id", branch=session, first=pl.lit(1, pl.Int64), last=pl.col("turn") + 1)
    position = pl.col("turn") + 1
    blocks = calls.select(
        branch=session,
        position=position,
        kind=pl.when(position == 1).then(pl.lit("system")).otherwise(pl.lit("tool_result")),
        hash=pl.format("{}-{}", "session_id", position),
        bytes=pl.when(position % 9 == 0).then(pl.lit(16_000)).otherwise(pl.lit(1_200)).cast(pl.Int64),
        upto="context_bytes",
        tool_name=pl.lit("read_file"),
        tool_call_id=pl.lit(None, pl.String),
    )
    known = runs.numbered(calls.lazy(), parts.lazy()).collect()
    made = runs.block_runs(known.lazy(), parts.lazy(), blocks.lazy()).collect()
    return known, parts, made


Frames = Callable[[int], tuple[pl.DataFrame, ...]]
Detector = Callable[..., pl.LazyFrame]
CASES: dict[str, tuple[Frames, Detector]] = {
    "loops": (tool_calls, loops.find_loops),
    "context_bloat": (contexts, context_bloat.find_context_bloat),
    "heavy_blocks": (contexts, heavy_blocks.find_heavy_blocks),
}


def measure(name: str, size: int) -> dict[str, float]:
    """Rows, seconds, findings, and the peak memory in MB before and after."""
    frames, detector = CASES[name]
    given = [frame.lazy() for frame in frames(size)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.perf_counter()
    found = detector(*given).collect()
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "rows": size,
        "seconds": seconds,
        "findings": found.height,
        "before": before,
        "peak": after,
    }


def main() -> None:
    """Measure each detector on each size and print a table."""
    print("| detector | rows | seconds | rows/s | findings | peak MB (frames alone) |")
    print("|---|---|---|---|---|---|")
    for name in CASES:
        for size in SIZES:
            command = [sys.executable, __file__, name, str(size)]
            got = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
            speed = got["rows"] / got["seconds"]
            print(
                f"| {name} | {got['rows']:,} | {got['seconds']:.2f} | {speed:,.0f} | {got['findings']:,} "
                f"| {got['peak']:,.0f} ({got['before']:,.0f}) |"
            )


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
    else:
        main()
