"""What do the detectors of waste say of real runs that are mostly healthy, and is every cache miss among it?

Run `python benchmarks/waste.py [FOLDER]`, with the folder of `usage_sessions.jsonl.gz` and `tau_unlabelled.jsonl.gz`
(default `../shared/data/trajectories`). The runs become OTLP (`trajectories.py`), go through `otel-burn import` into a
ledger, and the detectors judge that. It prints the table of the section "waste" in RESULTS.md and every finding.
"""

import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import polars as pl
from trajectories import DATA, Run, otlp, read, spans

from otel_burn.cli import dispatch
from otel_burn_analytics.findings import judge
from otel_burn_analytics.registry import DETECTORS
from otel_burn_collector.reader import open_ledger

WASTE = (
    "context_bloat", "heavy_blocks", "duplicate_blocks", "unused_tools", "cache_misses", "cache_unused", "cache_unread",
    "heartbeats", "fan_out", "fan_out_sessions", "retry_storms", "thrown_away", "reasoning", "price_cliffs",
    "oversized_model", "anomalies", "workload",
)  # fmt: skip


def main() -> None:
    """Judge both sets."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    print("| set | runs | detector | act | look | runs with a flag |")
    print("|---|---|---|---|---|---|")
    for name in ("usage_sessions", "tau_unlabelled"):
        runs = read(name, folder)
        found = detect(runs)
        for detector in WASTE:
            mine = found.filter(pl.col("detector") == detector)
            if mine.height:
                acts = mine.filter(pl.col("tier") != "warn").height
                flagged = mine["session_id"].drop_nulls().n_unique()
                print(f"| {name} | {len(runs)} | {detector} | {acts} | {mine.height - acts} | {flagged} |")
        for row in found.sort("detector", "session_id").iter_rows(named=True):
            money = f"{row['wasted_usd_low'] or 0:.4f} to {row['wasted_usd_high'] or 0:.4f}"
            print(f"\n{row['detector']} {row['tier']} {row['session_id']} ${money}\n  {row['evidence']}")


def detect(runs: Sequence[Run]) -> pl.DataFrame:
    """What the detectors of waste find in *runs*, by way of OTLP, import and ledger."""
    with tempfile.TemporaryDirectory() as name:
        lines, db = Path(name) / "runs.jsonl", Path(name) / "burn.duckdb"
        made = [span for number, run in enumerate(runs) for span in spans(run, number=number)]
        batches = (otlp(made[at : at + 2_000]) for at in range(0, len(made), 2_000))
        lines.write_text("\n".join(map(json.dumps, batches)), encoding="utf-8")
        with redirect_stdout(sys.stderr):
            dispatch(["import", str(lines), "--db", str(db)])
        with open_ledger(db) as ledger:
            mine = [detector for detector in DETECTORS if detector.name in WASTE]
            return judge(ledger, detectors=mine, store=False).findings


if __name__ == "__main__":
    main()
