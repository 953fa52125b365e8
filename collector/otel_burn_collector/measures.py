"""What does a process of a collector count, and how does Prometheus read it?"""

import os
import threading
from collections.abc import Iterable, Mapping
from typing import NamedTuple

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Measure(NamedTuple):
    """One number of this moment."""

    name: str
    value: float
    labels: Mapping[str, str] = {}


HELP: dict[str, tuple[str, str]] = {
    "otel_burn_requests_total": (
        "counter",
        "OTLP requests by signal, protocol and HTTP status (also of gRPC)",
    ),
    "otel_burn_received_bytes_total": ("counter", "Bytes of the OTLP requests that were acknowledged"),
    "otel_burn_journal_waiting_bytes": ("gauge", "Bytes of the journal that are not loaded yet"),
    "otel_burn_load_lag_seconds": (
        "gauge",
        "Age of the oldest request that is not loaded yet; 0: everything is",
    ),
    "otel_burn_rows": ("gauge", "Rows by table: spans, logs, metrics, reports, calls, tool calls, sessions"),
    "otel_burn_damage": ("gauge", "Records of the journal that could not be loaded (see journal.damage)"),
    "otel_burn_queries_total": ("counter", "SQL queries by outcome: answered, refused (400), busy (429)"),
    "otel_burn_queries_running": ("gauge", "SQL queries under way"),
    "otel_burn_queries_waiting": ("gauge", "SQL queries that wait for their turn"),
    "otel_burn_database_bytes": ("gauge", "Bytes of the database file and of its write-ahead log"),
    "otel_burn_duckdb_memory_bytes": ("gauge", "Memory that DuckDB counts"),
    "otel_burn_memory_bytes": ("gauge", "Resident memory by process"),
}
"""Everything that is measured: its type and what it says. A rise of `reports` over `calls` is what was merged."""


class Counters:
    """Numbers that only grow, by name and labels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}

    def add(self, name: str, value: float = 1, **labels: str) -> None:
        """Count *value* more."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            self._values[key] = self._values.get(key, 0) + value

    def measures(self) -> list[Measure]:
        """All of them now."""
        with self._lock:
            return [
                Measure(name, value, dict(labels)) for (name, labels), value in sorted(self._values.items())
            ]


def exposition(measures: Iterable[Measure]) -> str:
    """*measures* in Prometheus' text format."""
    lines, said = [], ""
    for one in sorted(measures, key=lambda measure: measure.name):
        if one.name != said:
            kind, about = HELP[one.name]
            lines += [f"# HELP {one.name} {about}", f"# TYPE {one.name} {kind}"]
            said = one.name
        labels = ",".join(f'{name}="{_escaped(value)}"' for name, value in one.labels.items())
        lines.append(f"{one.name}{{{labels}}} {one.value:.15g}" if labels else f"{one.name} {one.value:.15g}")
    return "\n".join([*lines, ""])


def memory_of(process: str) -> list[Measure]:
    """The resident memory of this process; nothing where the system doesn't tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return []
    return [Measure("otel_burn_memory_bytes", pages * os.sysconf("SC_PAGE_SIZE"), {"process": process})]


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
