"""Does recorded telemetry land as what was served? python scripts/replay_captures.py FOLDER…

A folder has `otlp/`, the bodies as they were received, and `truth.json`, what the model's server served (its form is
told in the README of the captures). Each is imported into a fresh database, and compared in total, by model and call by
call.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from otel_burn_collector.importing import Wanted, import_wanted
from otel_burn_collector.reader import open_ledger

TOKENS = {
    "input_uncached": "uncached_input_tokens",
    "cache_read": "cache_read_tokens",
    "cache_creation": "cache_write_tokens",
    "output": "output_tokens",
}
CALLS = "SELECT response_id, coalesce(response_model, request_model) AS model, status, " + ", ".join(
    f"coalesce({column}, 0) AS {name}" for name, column in TOKENS.items()
)
Call = Mapping[str, Any]


class Compared(NamedTuple):
    """A ledger beside the truth."""

    found: Counter[str]
    truth: Counter[str]
    missing: Sequence[str]
    """Calls that were served and are no row, each as its model and tokens."""
    extra: Sequence[str]
    """Rows that are no call that was served."""

    @property
    def exact(self) -> bool:
        """Whether every call landed once, with its tokens."""
        return not (self.missing or self.extra)


def served(truth: Mapping[str, Any]) -> list[Call]:
    """The calls in truth.json that were answered; one that was served without usage has none."""
    return [_served(call) for call in truth["calls"] if call["status"] == 200 and not call["dropped"]]


def _served(call: Mapping[str, Any]) -> Call:
    usage = call["usage_norm"] if call["usage_served"] else {}
    return {"model": call["model"], "response_id": call["response_id"]} | {
        name: usage.get(name, 0) for name in TOKENS
    }


def compare(rows: Iterable[Call], truth: Iterable[Call]) -> Compared:
    """*rows* of the ledger beside the calls of *truth*: by response id where both know it, by model and tokens else."""
    rows, truth = list(rows), list(truth)
    known = {row["response_id"] for row in rows} & {call["response_id"] for call in truth} - {None}
    found = Counter(_said(row, known) for row in rows)
    wanted = Counter(_said(call, known) for call in truth)
    return Compared(
        _sums(rows), _sums(truth), sorted((wanted - found).elements()), sorted((found - wanted).elements())
    )


def _said(call: Call, known: set[Any]) -> str:
    tokens = " ".join(f"{name} {call[name]}" for name in TOKENS)
    return f"{_model(call)}: {tokens}" + (f" ({call['response_id']})" if call["response_id"] in known else "")


def _model(call: Call) -> str:
    return str(call["model"] or "?").rpartition("/")[2]


def _sums(calls: Iterable[Call]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for call in calls:
        for scope in ("", f" {_model(call)}"):
            sums[f"calls{scope}"] += 1
            for name in TOKENS:
                sums[f"{name}{scope}"] += call[name]
    return sums


def replay(folder: Path) -> Compared:
    """Import what is in *folder* and compare."""
    with tempfile.TemporaryDirectory() as scratch:
        db = Path(scratch) / "burn.duckdb"
        import_wanted(db, Wanted(paths=[folder / "otlp"]))
        with open_ledger(db) as ledger:
            rows = ledger.query(f"{CALLS} FROM llm_calls WHERE status = 'ok'").to_pylist()
    return compare(rows, served(json.loads((folder / "truth.json").read_text())))


def main() -> int:
    """Print a line a capture, and what differs below it; 1 when anything does."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--calls", action="store_true", help="print each call that is missing or too many")
    options = parser.parse_args()
    folders = [path for each in options.folders for path in _captures(each)]
    results = {folder.name: replay(folder) for folder in folders}
    for name, compared in results.items():
        sys.stdout.write(_lines(name, compared, calls=options.calls))
    return int(not all(compared.exact for compared in results.values()))


def _captures(path: Path) -> list[Path]:
    found = [path] if (path / "truth.json").is_file() else sorted(path.iterdir())
    return [each for each in found if (each / "otlp").is_dir()]


def _lines(name: str, compared: Compared, *, calls: bool) -> str:
    totals = "  ".join(f"{key} {compared.found[key]:,}/{compared.truth[key]:,}" for key in ("calls", *TOKENS))
    lines = [f"{'exact ' if compared.exact else 'DIFFERS'} {name:48} {totals}"]
    by_model = sorted(key for key in compared.found | compared.truth if " " in key)
    lines += [
        f"        {key}: {compared.found[key]:,} instead of {compared.truth[key]:,}"
        for key in by_model
        if compared.found[key] != compared.truth[key]
    ]
    if calls:
        lines += [f"        missing {each}" for each in compared.missing]
        lines += [f"        extra   {each}" for each in compared.extra]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
