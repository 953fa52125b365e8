"""What did each process of a run see? A small file that it leaves for the report."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from otel_burn import emitters, locations, unseen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def write(
    run_id: str,
    *,
    taps: Sequence[str] = (),
    hosts: Mapping[str, int] | None = None,
    llm_calls: int = 0,
    connections: Sequence[str] = (),
    ended: bool,
) -> None:
    """Leave this process's note in the folder of the run *run_id*, replacing an earlier one at once.

    Fields: `argv` (the program's name alone: arguments may hold secrets), `executable`, `instrumented`, `taps`,
    `hosts` (requests by `host:port`), `llm_calls`, `unseen` (what may have called a model without a tap: *connections*
    to providers, and libraries that were imported), `emitters` (who else made spans of the same calls), and `ended`:
    whether the process came to its own end. One that was killed, or left by `os._exit`, has false there, and its last
    calls may be missing.
    """
    folder = locations.run_folder(run_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = {
        "argv": sys.argv[:1],
        "executable": sys.executable,
        "instrumented": True,
        "taps": list(taps),
        "hosts": dict(hosts or {}),
        "llm_calls": llm_calls,
        "unseen": [*connections, *unseen.imported_here()],
        "emitters": emitters.active_here(),
        "ended": ended,
    }
    path = folder / f"process-{os.getpid()}.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(note), encoding="utf-8")
    temporary.replace(path)


def of_run(run_id: str) -> Iterator[dict[str, Any]]:
    """The notes that the processes of *run_id* have left on this machine."""
    for path in sorted(locations.run_folder(run_id).glob("process-*.json")):
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # a process that was killed while it wrote; the others still tell
        if isinstance(note, dict):
            yield note
