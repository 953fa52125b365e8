"""What did each process of a run see? A small file that it leaves for the report."""

import json
import os
import sys

from otel_burn import locations
from otel_burn.taps.observer import Observer


def write(run_id: str, taps: list[str], observer: Observer) -> None:
    """Leave this process's note in the folder of the run *run_id*, replacing an earlier one at once."""
    folder = locations.run_folder(run_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    note = {
        "argv": [os.path.basename(argument) for argument in sys.argv[:1]],
        "executable": sys.executable,
        "instrumented": True,
        "taps": taps,
        "hosts": dict(observer.hosts),
        "llm_calls": observer.llm_calls,
    }
    path = folder / f"process-{os.getpid()}.json"
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(note), encoding="utf-8")
    temporary.replace(path)
