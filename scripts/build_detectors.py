"""Write docs/detectors/ from the detectors' docstrings and a run of each: python scripts/build_detectors.py"""

import inspect
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detector_examples import EXAMPLES

from otel_burn.cli import dispatch
from otel_burn_analytics import terminal
from otel_burn_analytics.detector import Detector
from otel_burn_analytics.findings import judge
from otel_burn_analytics.registry import DETECTORS
from otel_burn_collector.reader import open_ledger

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "detectors"
NOTE = "<!-- Written by scripts/build_detectors.py from the detector's docstring and a run of it. Do not edit. -->"
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
        (FOLDER / f"{detector.name}.md").write_text(
            page(detector, found.get(detector.name)), encoding="utf-8"
        )
    (FOLDER / "README.md").write_text(overview(), encoding="utf-8")


def page(detector: Detector, finding: Mapping[str, Any] | None) -> str:
    """The page of a *detector*, with the *finding* of its example."""
    question, *paragraphs = _docstring(detector).split("\n\n")
    parts = [f"# {detector.name}", NOTE, question, *map(_bold, paragraphs)]
    reads = ", ".join(f"`{view}`" for view in detector.needs)
    parts.append(f"It judges {SEES[detector.partition]} as a whole, and reads {reads}.")
    if finding is not None:
        steps = [
            f"{tool}({json.dumps(arguments)[1:-1][:90]}) -> {result.splitlines()[0][:50]}"
            for tool, arguments, result in EXAMPLES[detector.name]
        ]
        shown = terminal.findings_text([finding], 1)
        parts += ["## Example", _fenced("\n".join(steps)), "`otel-burn findings` says:", _fenced(shown)]
    return "\n\n".join(parts) + "\n"


def overview() -> str:
    """What each detector asks."""
    rows = [
        f"| [{each.name}]({each.name}.md) | {_docstring(each).splitlines()[0].split('? ')[0].rstrip('?')}? |"
        for each in DETECTORS
    ]
    return "\n".join(["# Detectors", "", NOTE, "", "| detector | asks |", "|---|---|", *rows]) + "\n"


def examples() -> dict[str, Mapping[str, Any]]:
    """The finding of each example: its steps become OTLP, are imported, and judged."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import trajectories  # noqa: PLC0415 - benchmarks are no package

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
    with tempfile.TemporaryDirectory() as folder:
        sent, db = Path(folder) / "examples.json", Path(folder) / "burn.duckdb"
        sent.write_text(json.dumps(trajectories.otlp(spans)), encoding="utf-8")
        dispatch(["import", str(sent), "--db", str(db)])
        with open_ledger(db) as ledger:
            rows = judge(ledger, store=False).findings.to_dicts()
    found = {row["detector"]: row for row in rows if row["session_id"] == f"example/{row['detector']}"}
    if missing := EXAMPLES.keys() - found:
        raise SystemExit(
            f"The examples of {', '.join(sorted(missing))} are no longer found by their detectors."
        )
    return found


def _docstring(detector: Detector) -> str:
    find = getattr(detector.find, "func", detector.find)  # one function may serve two partitions
    return inspect.getdoc(sys.modules[find.__module__]) or ""


def _bold(paragraph: str) -> str:
    """*Rule:* and its like stand out."""
    head, colon, rest = paragraph.partition(": ")
    titled = colon and "\n" not in head and len(head) < 20
    return f"**{head}.** {rest[:1].upper()}{rest[1:]}" if titled else paragraph


def _fenced(text: str) -> str:
    return f"```\n{text.rstrip()}\n```"


if __name__ == "__main__":
    main()
