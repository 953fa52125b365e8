"""Write docs/detectors/ from the detectors' docstrings and a run of each: python scripts/build_detectors.py

Examples are runs: `otel-burn demo` and the wasteful agents of benchmarks/, real SDKs against the bundled provider; else
the small runs of `detector_examples.py`, by way of OTLP and `otel-burn import`.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detector_examples import EXAMPLES
from detector_pictures import picture

from otel_burn import running_collector
from otel_burn.cli import dispatch
from otel_burn.demo.provider import ScriptedProvider
from otel_burn_analytics import terminal
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.detectors import retry_storms
from otel_burn_analytics.findings import judge
from otel_burn_analytics.registry import DETECTORS
from otel_burn_collector.reader import Ledger, open_ledger

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "detectors"
NOTE = "<!-- Written by scripts/build_detectors.py from the detector's docstring and a run of it. Do not edit. -->"
OTEL_BURN = (sys.executable, "-m", "otel_burn")
SEES = {
    "session": "a session",
    "tree": "a run (or a trace), with all sessions in it",
    "agent": "all calls of an agent",
}


def main() -> None:
    """Write a page a detector, and a list of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    found = examples()
    for detector in DETECTORS:
        example = found.get(detector.name)
        (FOLDER / f"{detector.name}.md").write_text(page(detector, example), encoding="utf-8")
        if example is not None:
            (FOLDER / f"{detector.name}.svg").write_text(_drawn(example), encoding="utf-8")
    (FOLDER / "README.md").write_text(overview(), encoding="utf-8")


@dataclass(frozen=True)
class Example:
    """A finding, the calls of the run that it is of, and how that run is made."""

    finding: Mapping[str, Any]
    calls: list[dict[str, Any]]
    made: str


def page(detector: Detector, example: Example | None) -> str:
    """The page of a *detector*, with its *example*."""
    question, *paragraphs = detector.page.split("\n\n")
    parts = [f"# {detector.name}", NOTE, question, *map(_bold, paragraphs)]
    reads = ", ".join(f"`{view}`" for view in detector.needs)
    parts.append(f"It judges {SEES[detector.partition]} as a whole, and reads {reads}.")
    if example is not None:
        command = f"$ otel-burn findings --detector {detector.name}\n"
        shown = command + terminal.findings_text([example.finding], 1)
        parts += [
            "## Example",
            _fenced(example.made),
            _fenced(shown),
            f"![The calls of this example]({detector.name}.svg)",
        ]
    return "\n\n".join(parts) + "\n"


def overview() -> str:
    """What each detector asks."""
    rows = [
        f"| [{each.name}]({each.name}.md) | {each.page.splitlines()[0].split('? ')[0].rstrip('?')}? |"
        for each in DETECTORS
    ]
    return "\n".join(["# Detectors", "", NOTE, "", "| detector | asks |", "|---|---|", *rows]) + "\n"


def examples() -> dict[str, Example]:
    """An example of each detector."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = {**of_agents(folder / "agents"), **of_steps(folder / "steps"), **of_demo(folder / "demo")}
    if missing := {detector.name for detector in DETECTORS} - found.keys():
        raise SystemExit(
            f"The examples of {', '.join(sorted(missing))} are no longer found by their detectors."
        )
    return found


def of_steps(folder: Path) -> dict[str, Example]:
    """The small runs of `detector_examples.py`: their steps become OTLP, are imported, and judged."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import trajectories  # noqa: PLC0415 - benchmarks are no package

    folder.mkdir()
    spans = []
    for number, (name, steps) in enumerate(EXAMPLES.items()):
        run = {
            "id": f"example/{name}",
            "source": "example",
            "steps": [
                {"thought": "", "tool": tool, "args": given, "obs": result} for tool, given, result in steps
            ],
        }
        spans += list(trajectories.spans(run, number=number))
    sent, db = folder / "examples.json", folder / "burn.duckdb"
    sent.write_text(json.dumps(trajectories.otlp(spans)), encoding="utf-8")
    dispatch(["import", str(sent), "--db", str(db)])
    made = {
        name: "\n".join(
            f"{tool}({json.dumps(arguments)[1:-1][:90]}) -> {result.splitlines()[0][:50]}"
            for tool, arguments, result in steps
        )
        for name, steps in EXAMPLES.items()
    }
    rows, calls = judged(db)
    mine = {row["detector"]: row for row in rows if row["session_id"] == f"example/{row['detector']}"}
    return {name: Example(row, calls, made[name]) for name, row in mine.items() if name in made}


def of_demo(folder: Path) -> dict[str, Example]:
    """What `otel-burn demo` shows."""
    subprocess.run([*OTEL_BURN, "demo", "--no-explorer", "--data-dir", str(folder)], check=True)
    return _dearest(*judged(folder / "burn.duckdb"), "$ otel-burn demo --no-explorer")


def of_agents(folder: Path) -> dict[str, Example]:
    """What the agents of benchmarks/wasteful_agents.py waste."""
    folder.mkdir()
    db, program = folder / "burn.duckdb", ROOT / "benchmarks" / "wasteful_agents.py"
    with ScriptedProvider(pace=0.05) as provider:
        environment = {**os.environ, **provider.environment, "OTEL_BURN_HOME": str(folder)}
        run = [*OTEL_BURN, "run", "--db", str(db), "--no-report", "--", sys.executable, str(program)]
        subprocess.run(run, env=environment, check=True)
    # The run has waited until everything of it was loaded; its collector would wait for more.
    os.kill(json.loads((db.parent / f"{db.name}.d" / "collector.json").read_text())["pid"], signal.SIGTERM)
    while running_collector.of_database(db) is not None:
        time.sleep(0.1)
    return _dearest(*judged(db), "$ otel-burn run -- python benchmarks/wasteful_agents.py")


def judged(db: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The findings of a ledger (of storms, with their attempts), and its calls in the order of time."""
    with open_ledger(db) as ledger:
        rows = judge(ledger, store=False).findings.to_dicts()
        rows = [row | _attempts(ledger, row) if row["detector"] == retry_storms.NAME else row for row in rows]
        calls = ledger.query(
            "SELECT call_id, session_id, agent, turn, input_tokens, output_tokens FROM llm_calls "
            "ORDER BY started_at, call_id"
        )
    return rows, calls.to_pylist()


def _attempts(ledger: Ledger, storm: Mapping[str, Any]) -> dict[str, Any]:
    """What a picture shows of a *storm*: its attempts, each a bar."""
    tries = ledger.query(
        "SELECT attempt_id AS call_id, session_id, agent, number AS turn, attempt.status, "
        "CASE attempt.status WHEN 'ok' THEN input_tokens END AS input_tokens, "
        "CASE attempt.status WHEN 'ok' THEN output_tokens END AS output_tokens "
        "FROM attempts AS attempt JOIN llm_calls USING (call_id) "
        "WHERE call_id IN (SELECT unnest($calls::VARCHAR[])) ORDER BY attempt.started_at",
        {"calls": storm["call_ids"]},
    ).to_pylist()
    failed = [one["call_id"] for one in tries if one["status"] == "error"]
    enough = retry_storms.find_retry_storms.__kwdefaults__["min_failures"]
    return {"tries": tries, "failed": failed, "enough": failed[enough - 1]}


def _drawn(example: Example) -> str:
    found = example.finding
    if found["detector"] != retry_storms.NAME:
        return picture(found, example.calls)
    known = {"call_ids": found["failed"], "first_detectable_call_id": found["enough"]}
    return picture({**found, **known}, found["tries"], what="attempt")


def _dearest(rows: list[dict[str, Any]], calls: list[dict[str, Any]], made: str) -> dict[str, Example]:
    """Of each detector the finding that cost most."""
    ordered = sorted(rows, key=lambda row: row["wasted_usd_high"] or 0)
    return {row["detector"]: Example(row, calls, made) for row in ordered}


def _bold(paragraph: str) -> str:
    """*Rule:* and its like stand out."""
    head, colon, rest = paragraph.partition(": ")
    titled = colon and "\n" not in head and len(head) < 20
    return f"**{head}.** {rest[:1].upper()}{rest[1:]}" if titled else paragraph


def _fenced(text: str) -> str:
    return f"```\n{text.rstrip()}\n```"


if __name__ == "__main__":
    main()
