"""Is everything in place, and does anything count twice? `otel-burn doctor` looks and says."""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path
from typing import Any, Final

from otel_burn import emitters, locations, process_note, running_collector, settings
from otel_burn.command import Command
from otel_burn.errors import BurnError
from otel_burn.spool import LARGEST
from otel_burn.taps import TAPS
from otel_burn.unseen import UNSEEN

_PARTS: Final = {"collector": "duckdb", "analytics": "polars", "dashboards": "streamlit"}
_SDKS: Final = (
    "openai",
    "anthropic",
    "google-genai",
    "mistralai",
    "cohere",
    "groq",
    "ollama",
    "litellm",
    "boto3",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: `ok`, `note` (know it) or `problem` (do something)."""

    level: str
    about: str
    said: str


def examine(db: Path) -> list[Finding]:
    """Everything that the doctor has to say about this interpreter and the collector of *db*."""
    here = [*_installed(), *_switches(), *_taps(), *_emitters(), *_unseen(), _collector(db), _spool()]
    return [*here, *_elsewhere(db)]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `otel-burn doctor`."""
    parser.add_argument(
        "--db", type=Path, help="the database whose collector is looked for (default: OTEL_BURN_DB)"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON list")


def run(options: argparse.Namespace) -> int:
    """Print the findings; exit code 1 when there is a problem."""
    findings = examine(Path(options.db or locations.database()).absolute())
    if options.json:
        sys.stdout.write(json.dumps([asdict(finding) for finding in findings], indent=2) + "\n")
    else:
        for finding in findings:
            sys.stdout.write(f"{finding.level:<8} {finding.about:<22} {finding.said}\n")
    return int(any(finding.level == "problem" for finding in findings))


COMMAND: Final = Command(
    "say what is installed, tapped and reachable, and what would count twice", configure, run
)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _installed() -> list[Finding]:
    found = [
        Finding("ok", "otel-burn", f"{version('otel-burn')}, Python {sys.version.split()[0]}, {sys.prefix}")
    ]
    for part, package in _PARTS.items():
        if number := _version(package):
            found.append(Finding("ok", part, f"installed ({package} {number})"))
        else:
            found.append(Finding("note", part, f"not installed; pip install 'otel-burn[{part}]'"))
    return found


def _switches() -> list[Finding]:
    if settings.disabled():
        return [
            Finding(
                "problem",
                "kill switch",
                "OTEL_SDK_DISABLED or OTEL_BURN_DISABLED is set: nothing is recorded",
            )
        ]
    try:
        settings.from_environment()
    except BurnError as error:
        return [Finding("problem", "settings", str(error))]
    return []


def _taps() -> list[Finding]:
    clients = [
        f"{library} {number}"
        for library in (name.partition(".")[0] for name in TAPS)
        if (number := _version(library))
    ]
    sdks = [f"{name} {number}" for name in _SDKS if (number := _version(name))]
    return [
        Finding(
            "ok" if clients else "note",
            "taps",
            ", ".join(clients) or "no HTTP client that we tap is installed",
        ),
        Finding("ok" if sdks else "note", "LLM SDKs", ", ".join(sdks) or "none is installed"),
    ]


def _emitters() -> list[Finding]:
    """Who else makes spans of the same calls. The ledger counts such a call once; other backends may not."""
    run_id, at_work = _last_run()
    found = []
    for emitter in emitters.installed():
        active = [one for one in at_work if one.startswith(emitter.name)]
        said = f"; at work in {run_id}: {', '.join(active)}" if active else ""
        found.append(
            Finding(
                "note",
                emitter.name,
                f"{', '.join(emitter.packages)}{said}. It reports the same calls: the ledger counts each once, a "
                f"backend that gets both reports twice. To switch it off, {emitter.off}",
            )
        )
    return found


def _last_run() -> tuple[str, set[str]]:
    """The last run on this machine and the emitters that were at work in its processes."""
    folders = [folder for folder in locations.run_folder("x").parent.glob("*") if folder.is_dir()]
    if not folders:
        return "", set()
    last = max(folders, key=lambda folder: folder.stat().st_mtime).name
    return last, {one for note in process_note.of_run(last) for one in note.get("emitters") or ()}


def _unseen() -> list[Finding]:
    return [
        Finding("note", one.package, f"{number} is installed and has no tap: {one.said} are not recorded")
        for one in UNSEEN
        if (number := _version(one.package))
    ]


def _collector(db: Path) -> Finding:
    where = locations.without_secrets(endpoint := locations.endpoint())
    if found := running_collector.of_database(db):
        return Finding("ok", "collector", f"answers at {found.http_url} for {found.db}")
    if found := running_collector.healthy(endpoint):
        return Finding("note", "collector", f"at {where} answers for {found.db}, not for {db}")
    if not running_collector.port_is_free(locations.DEFAULT_HTTP_PORT):
        return Finding(
            "note",
            "collector",
            f"none of {db}; a stranger listens on {where}, so ours will take another port",
        )
    return Finding(
        "note",
        "collector",
        f"none runs; `otel-burn run` starts one, or start it with: otel-burn collector --db {db}",
    )


def _elsewhere(db: Path) -> list[Finding]:
    """What other parts have to say: each registers a function from the database to such lines."""
    entries = entry_points(group="otel_burn.examinations")
    return [Finding(*said) for entry in entries for said in entry.load()(db)]


def _spool() -> Finding:
    waiting: list[Any] = list(locations.spool().glob("*.spool"))
    size = sum(path.stat().st_size for path in waiting)
    if not waiting:
        return Finding("ok", "spool", "empty: everything that was recorded has been delivered")
    level = "problem" if size > LARGEST else "note"
    return Finding(
        level, "spool", f"{len(waiting)} files, {size:,} bytes wait in {locations.spool()} for a collector"
    )
