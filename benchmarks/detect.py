"""How long do all detectors take on a million calls with fifty million logical context blocks, and how much memory?

Run `python benchmarks/detect.py [DETECTOR …]` (default: all); it prints the table of the section "detect" in
RESULTS.md. Calls come in chunks, as `findings.judge` reads them, so that memory is a chunk's; each detector's CPU
seconds are summed over all chunks. The last columns are one session of so many calls, which no chunk can divide, and
one conversation, whose context grows all the time.
Frames are generated there. `python benchmarks/detect.py --ledger CALLS DB` judges a ledger of so many calls (filled as
by `explorer.py` when it is not there) as `otel-burn findings` does, reading included.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import explorer
import polars as pl
import pyarrow as pa

from otel_burn_analytics.detector import Detector
from otel_burn_analytics.finding import MONEY, TIME
from otel_burn_analytics.findings import CHUNK_CALLS, engine, judge
from otel_burn_analytics.frames import read_frames
from otel_burn_analytics.registry import DETECTORS
from otel_burn_collector.reader import Ledger, open_ledger

CALLS_PER_SESSION = (
    100  # a context grows from 1 to 100 blocks: 50 on average, of which 10 in 1,000 are stored
)
SIZES = (100_000, 1_000_000)
T = TypeVar("T")
SHARED, TOGETHER = "frames made once for all", "all detectors, as `judge` collects them"
CASES = {"sessions of 100 calls": CALLS_PER_SESSION, "one session": 0, "one conversation": 0}
"""Calls of a session; 0: all. A context ends with its session or after 100 calls, that of one conversation never: its
last call carries a block a call, all but ten of the large ones copies."""
GROWING = "one conversation"


def llm_calls(count: int, per_session: int, per_context: int = CALLS_PER_SESSION) -> pl.DataFrame:
    """*count* calls, ten seconds apart, most of whose input a cache served."""
    number = pl.int_range(count, eager=True)
    session, turn = number // per_session, number % per_session
    size = 1_200 * (turn % per_context + 1) + 14_800 * ((turn % per_context + 1) // 9)
    tokens = size // 4 + 2_500
    return pl.select(
        call_id=pl.format("call-{}", number),
        session_id=pl.format("session-{}", session),
        turn=turn,
        agent=pl.format("agent-{}", session % 7),
        **dict.fromkeys(("agent_id", "work_id", "run_id"), pl.lit(None, pl.String)),
        trace_id=pl.format("trace-{}", session),
        span_id=pl.format("span-{}", number),
        provider=pl.lit("anthropic"),
        request_model=pl.lit("claude-sonnet-4-5"),
        response_model=pl.lit("claude-sonnet-4-5"),
        status=pl.lit("ok"),
        context_status=pl.lit("full"),
        started_at=(number * 10_000_000_000).cast(TIME),
        duration_ms=pl.lit(4_000.0),
        input_tokens=tokens,
        uncached_input_tokens=tokens - tokens // 2 - 500,
        cache_read_tokens=tokens // 2,
        cache_write_tokens=pl.lit(500, pl.Int64),
        output_tokens=pl.lit(200, pl.Int64),
        read_usd=pl.lit(0.0006),
        write_usd=pl.lit(0.001875),
        rest_usd=pl.lit(0.0075),
        context_bytes=size,
        cost_usd=pl.lit("0.012345678901").cast(MONEY),
    )


def tool_calls(calls: pl.DataFrame) -> pl.DataFrame:
    """One an LLM call. One session in five repeats itself for half of its length, one call in eleven fails."""
    turn = pl.col("turn") % CALLS_PER_SESSION
    session = pl.int_range(pl.len()) // CALLS_PER_SESSION
    loops = (session % 5 == 0) & (turn >= CALLS_PER_SESSION // 2)
    what = pl.when(loops).then(pl.lit(-1)).otherwise(turn)
    failed = what % 11 == 5
    return calls.select(
        "call_id",
        "session_id",
        "agent_id",
        "turn",
        "started_at",
        seq="turn",
        effect=pl.when(what % 4 == 3).then(pl.lit("write")).otherwise(pl.lit("read")),
        tool_call_id=pl.format("tool-{}", "call_id"),
        tool_name=pl.format("tool_{}", what % 6),
        args_hash=pl.format("args-{}", what % 20),
        args_sketch=_sketch(what % 20),
        result_hash=pl.format("result-{}-{}", session, what),
        result_sketch=_sketch(what),
        result_bytes=pl.lit(1_200, pl.Int64),
        error_class=pl.when(failed).then(pl.lit("TimeoutError")),
    )


def _sketch(number: pl.Expr) -> pl.Expr:
    """Sixteen groups, of which neighbours have nearly all in common."""
    groups = [((number + at) % 4_096 + 4_096).cast(pl.String) for at in range(16)]
    return pl.concat_str(groups)


def frames_of(
    calls: pl.DataFrame, detectors: Sequence[Detector], per_context: int = CALLS_PER_SESSION
) -> Mapping[str, pl.LazyFrame]:
    """Every frame that one of *detectors* asks for."""
    position = pl.col("turn") % per_context + 1
    branch = pl.int_range(pl.len()) // per_context
    stored = calls.select(
        branch=branch,
        position=position,
        kind=pl.when(position == 1).then(pl.lit("system")).otherwise(pl.lit("tool_result")),
        hash=pl.format("{}-{}", branch, position if per_context == CALLS_PER_SESSION else position % 90),
        bytes=pl.when(position % 9 == 0).then(pl.lit(16_000)).otherwise(pl.lit(1_200)).cast(pl.Int64),
        upto="context_bytes",
        tool_name=pl.lit("read_file"),
        tool_call_id=pl.lit(None, pl.String),
    )
    tables = {
        "llm_calls": calls,
        "tool_calls": tool_calls(calls),
        "context_parts": calls.select("call_id", branch=branch, first=pl.lit(1, pl.Int64), last=position),
        "interned_blocks": stored,
        "last_contexts": stored.select(
            "position", "kind", "hash", "bytes", call_id=pl.format("last-{}", "branch"),
            session_id=pl.format("session-{}", "branch"),
        ),
    }  # fmt: skip
    asked = dict.fromkeys(view for detector in detectors for view in detector.needs)
    # What is rare (attempts that failed, levels of thinking) has no rows here.
    return read_frames(asked, lambda view: tables.get(view, calls.head(0)))


def measure(case: str, size: int, detectors: Sequence[Detector]) -> dict[str, object]:
    """CPU seconds of each detector and of making shared frames, findings, and the peak of memory in MB."""
    seconds: dict[str, float] = dict.fromkeys((SHARED, *(each.name for each in detectors), TOGETHER), 0.0)
    findings, per_session = 0, CASES[case] or size
    chunk = CHUNK_CALLS if CASES[case] else size
    context = size if case == GROWING else CALLS_PER_SESSION
    for _ in range(-(-size // chunk)):
        calls = llm_calls(min(chunk, size), per_session, context)
        frames = _timed(seconds, SHARED, lambda calls=calls: frames_of(calls, detectors, context))
        for detector in detectors:
            found = _timed(
                seconds, detector.name, lambda d=detector, f=frames: d.judge(f).collect(engine=engine(chunk))
            )
            findings += found.height
        _timed(
            seconds,
            TOGETHER,
            lambda f=frames: pl.collect_all([each.judge(f) for each in detectors], engine=engine(chunk)),
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "findings": findings, "peak": peak}


def _timed(seconds: dict[str, float], name: str, work: Callable[[], T]) -> T:
    started = time.process_time()
    made = work()
    seconds[name] += time.process_time() - started
    return made


def main(detectors: Sequence[Detector]) -> None:
    """Measure each case on each size, in a process of its own, and print a table."""
    got = {(case, size): _apart(case, size, detectors) for case in CASES for size in SIZES}
    rows = {
        name: [f"{one['seconds'][name]:.2f}" for one in got.values()]
        for name in next(iter(got.values()))["seconds"]
    }
    whole = [one["seconds"][SHARED] + one["seconds"][TOGETHER] for one in got.values()]
    rows["**all**"] = [f"**{seconds:.1f}**" for seconds in whole]
    rows["findings"] = [f"{one['findings']:,}" for one in got.values()]
    rows["peak MB"] = [f"{one['peak']:,.0f}" for one in got.values()]
    heads = " | ".join(f"{case}, {size:,} calls" for case, size in got)
    print(f"{len(detectors)} detectors; CPU seconds:\n\n| | {heads} |\n|---|{'---|' * len(got)}")
    for name, cells in rows.items():
        print(f"| {name} | {' | '.join(cells)} |")


class Reading:
    """A ledger that notes the CPU seconds spent in its answers."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.seconds: dict[str, float] = {}

    def query(self, sql: str, params: Mapping[str, object] | None = None) -> pa.Table:
        """The answer to *sql*."""
        name = "read"
        self.seconds.setdefault(name, 0.0)
        return _timed(self.seconds, name, lambda: self.ledger.query(sql, params))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ledger, name)


def judge_ledger(count: int, db: Path) -> None:
    """Judge a ledger of *count* calls, and print what that took."""
    if not db.exists():
        explorer.fill(db, count, now=datetime.now(UTC))
    with open_ledger(db) as ledger:
        reading = Reading(ledger)
        wall, cpu = time.perf_counter(), time.process_time()
        judged = judge(reading, store=False)  # type: ignore[arg-type]
        spent, lasted = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{judged.calls:,} calls of {judged.judged:,} partitions, {judged.findings.height:,} findings: "
        f"{spent:.1f} CPU s, "
        f"{reading.seconds['read']:.1f} of them reading; {lasted:.0f} s by the clock; {peak:,.0f} MB at the peak"
    )


def _apart(case: str, size: int, detectors: Sequence[Detector]) -> dict[str, Any]:
    command = [sys.executable, __file__, case, str(size), *(each.name for each in detectors)]
    answer = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    measured: dict[str, Any] = json.loads(answer)
    return measured


if __name__ == "__main__":
    if sys.argv[1:2] == ["--ledger"]:
        judge_ledger(int(sys.argv[2]), Path(sys.argv[3]).absolute())
        raise SystemExit
    names = [each for each in sys.argv[1:] if each not in CASES and not each.isdecimal()]
    chosen = [each for each in DETECTORS if not names or each.name in names]
    if sys.argv[1:2] and sys.argv[1] in CASES:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), chosen)))
    else:
        main(chosen)
