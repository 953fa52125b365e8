"""How well are loops found in runs of real agents that people labelled, beside the rules of others?

Run `python benchmarks/loops.py`; it prints the section "loops" of RESULTS.md. The runs (../shared/data/trajectories)
become OTLP (`trajectories.py`), go through `otel-burn import` into a ledger, and the detectors judge that.
"""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import loop_rules
import polars as pl
import trajectories
from trajectories import Run

from otel_burn.cli import dispatch
from otel_burn.manifest import error_class
from otel_burn_analytics.findings import judge
from otel_burn_analytics.registry import DETECTORS
from otel_burn_collector.reader import open_ledger

FAMILY = ("loops", "cycles", "failed_retries", "no_progress", "requery", "rereads", "redelegation", "monologue",
          "compaction_churn")  # fmt: skip
FOLDS = 5
Flags = Mapping[str, set[int]]
"""Per run, the steps of its strict findings."""


def main() -> None:
    """Judge every set and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=trajectories.DATA, help="the folder with the runs")
    folder = parser.parse_args().data
    runs = trajectories.read("labelled", folder)
    findings = detect(runs)
    ours = strict(runs, findings)
    labelled_table(runs, ours)
    cross_validation(runs, ours)
    disagreements(runs, ours)
    pairs(trajectories.read("pairs", folder))
    for name in ("tau_unlabelled", "usage_sessions"):
        flags(name, trajectories.read(name, folder))


def detect(runs: Sequence[Run]) -> pl.DataFrame:
    """What the detectors find in *runs*, by way of OTLP, import and ledger, with the `steps` of each finding."""
    with tempfile.TemporaryDirectory() as folder:
        sent, db = Path(folder) / "runs.jsonl", Path(folder) / "burn.duckdb"
        spans = [span for number, run in enumerate(runs) for span in trajectories.spans(run, number=number)]
        batches = [spans[at : at + 2_000] for at in range(0, len(spans), 2_000)]
        sent.write_text(
            "\n".join(json.dumps(trajectories.otlp(batch)) for batch in batches), encoding="utf-8"
        )
        stdout, sys.stdout = sys.stdout, sys.stderr
        try:
            dispatch(["import", str(sent), "--db", str(db)])
        finally:
            sys.stdout = stdout
        with open_ledger(db) as ledger:
            family = [detector for detector in DETECTORS if detector.name in FAMILY]
            found = judge(ledger, detectors=family, store=False).findings
            turns = pl.from_arrow(ledger.query("SELECT call_id, turn - 1 AS step FROM llm_calls"))
    assert isinstance(turns, pl.DataFrame)
    steps = (
        found.lazy().select("finding_id", call_id="call_ids").explode("call_id").join(turns.lazy(), on="call_id")
        .group_by("finding_id").agg(steps="step").collect()
    )  # fmt: skip
    return found.join(steps, on="finding_id", how="left")


def strict(runs: Iterable[Run], findings: pl.DataFrame) -> Flags:
    """Per run, the steps that belong to a finding to act on."""
    flagged: dict[str, set[int]] = {run["id"]: set() for run in runs}
    for row in findings.filter(pl.col("tier") == "loop").iter_rows(named=True):
        flagged[row["session_id"]].update(row["steps"])
    return flagged


def ruled(runs: Iterable[Run], rule: loop_rules.Rule) -> Flags:
    """The same of another system's rule."""
    return {run["id"]: rule(steps_of(run)) for run in runs}


def steps_of(run: Run) -> list[loop_rules.Step]:
    """The steps of a *run*, with every word."""
    return [
        loop_rules.Step(
            step["tool"],
            str(step["args"]),
            str(step["obs"] or ""),
            bool(error_class(str(step["obs"] or ""), flagged=bool(step.get("is_error")))),
        )
        for step in run["steps"]
    ]


@dataclass(frozen=True)
class Score:
    """How flags compare with labels."""

    right: int
    wrong: int
    missed: int
    members: float
    member_precision: float

    @property
    def precision(self) -> float:
        """Of the flagged runs, those with a labelled loop."""
        return self.right / max(self.right + self.wrong, 1)

    @property
    def recall(self) -> float:
        """Of the runs with a labelled loop, those flagged."""
        return self.right / max(self.right + self.missed, 1)

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


def score(runs: Sequence[Run], flags: Flags) -> Score:
    """*flags* against the labels of *runs*."""
    looping = {
        run["id"]: set(run["hand_label"]["members"]) for run in runs if run["hand_label"]["label"] == "loop"
    }
    flagged = {run["id"] for run in runs if flags[run["id"]]}
    marked = [(run, step) for run in flagged for step in flags[run]]
    found = sum(len(flags[run] & members) for run, members in looping.items())
    return Score(
        right=len(flagged & looping.keys()),
        wrong=len(flagged - looping.keys()),
        missed=len(looping.keys() - flagged),
        members=found / max(sum(map(len, looping.values())), 1),
        member_precision=found / max(len(marked), 1),
    )


def labelled_table(runs: Sequence[Run], ours: Flags) -> None:
    """The headline: ours, theirs, and length alone at its best limit for this very set."""
    limit = max(range(2, 40), key=lambda most: score(runs, ruled(runs, loop_rules.length_only(most))).f1)
    systems: dict[str, Flags] = {"otel-burn, strict tier": ours}
    systems |= {name: ruled(runs, rule) for name, rule in loop_rules.RULES.items()}
    systems[f"length only (≥ {limit} steps, fitted here)"] = ruled(runs, loop_rules.length_only(limit))
    loops = sum(run["hand_label"]["label"] == "loop" for run in runs)
    print(f"\n{len(runs)} labelled runs, {loops} with a loop:\n")
    print(
        "| rule | precision | recall | F1 | runs flagged wrongly | steps of loops found | of the steps flagged, right |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, flags in systems.items():
        got = score(runs, flags)
        print(
            f"| {name} | {got.precision:.2f} | {got.recall:.2f} | {got.f1:.2f} | {got.wrong} | {got.members:.2f} "
            f"| {got.member_precision:.2f} |"
        )


def cross_validation(runs: Sequence[Run], ours: Flags) -> None:
    """Nothing is fitted, so a fold tells how much a small sample says; and each source is looked at alone."""
    shuffled = random.Random(20261129).sample(list(runs), len(runs))
    parts: dict[str, Sequence[Run]] = {f"fold {n + 1}": shuffled[n::FOLDS] for n in range(FOLDS)}
    for source in sorted({run["source"] for run in runs}):
        parts[source] = [run for run in runs if run["source"] == source]
    print("\n| part | runs | loops | precision | recall | steps of loops found |\n|---|---|---|---|---|---|")
    for name, part in parts.items():
        got = score(part, ours)
        print(
            f"| {name} | {len(part)} | {got.right + got.missed} | {got.precision:.2f} | {got.recall:.2f} "
            f"| {got.members:.2f} |"
        )


def disagreements(runs: Sequence[Run], ours: Flags) -> None:
    """Every run in which we and the annotator differ."""
    print("\nWhere we and the annotator differ:\n")
    for run in runs:
        label = run["hand_label"]
        if bool(ours[run["id"]]) != (label["label"] == "loop"):
            what = "flagged" if ours[run["id"]] else "missed"
            about = f"{label['type'] or label['label']}, confidence {label['confidence']}"
            print(f"* {what}: `{run['id']}` ({about}): {label['note']}")


def pairs(runs: Sequence[Run]) -> None:
    """Repetition by pair: is step j + 1 a repetition of j? And what was called one although the calls differ?"""
    labels = [(run, at + 1, label) for run in runs for at, label in enumerate(run["labels"]["action_action"])]
    pairs = [(run, at, label == "Repetition") for run, at, label in labels if at < len(run["steps"])]
    repeats = sum(repeated for *_, repeated in pairs)
    print(f"\n{len(runs)} runs with {len(pairs)} labelled pairs, {repeats} of them *Repetition*:\n")
    print("| what makes a repetition | precision | recall |\n|---|---|---|")
    for name, parts in {"same tool, arguments and outcome": 3, "same tool and arguments": 2}.items():
        said = [repeated for run, at, repeated in pairs if _key(run, at)[:parts] == _key(run, at - 1)[:parts]]
        print(f"| {name} | {sum(said) / max(len(said), 1):.2f} | {sum(said) / max(repeats, 1):.2f} |")
    others = Counter(
        f"{run['steps'][at - 1]['tool']}, then {run['steps'][at]['tool']}"
        for run, at, repeated in pairs
        if repeated and _key(run, at)[:2] != _key(run, at - 1)[:2]
    )
    print(
        f"\n{others.total()} pairs are labelled *Repetition* although the calls differ: {dict(others.most_common())}"
    )


def _key(run: Run, at: int) -> tuple[str, str, str]:
    step: dict[str, Any] = run["steps"][at]
    return step["tool"], str(step["args"]), str(step["obs"])


def flags(name: str, runs: Sequence[Run]) -> None:
    """Every flag on runs that nobody labelled, to be read."""
    found = detect(runs)
    acted = found.filter(pl.col("tier") == "loop")
    flagged = acted["session_id"].n_unique()
    print(f"\n`{name}`: {flagged} of {len(runs)} runs flagged ({100 * flagged / len(runs):.1f} %):\n")
    for row in found.sort("tier", "session_id", "detector").iter_rows(named=True):
        print(f"* {row['tier']} {row['detector']} `{row['session_id']}`: {row['evidence']}")


if __name__ == "__main__":
    main()
