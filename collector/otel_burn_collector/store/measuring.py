"""What does the store know of itself, in numbers? Read when they are asked for."""

import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from otel_burn_collector.journal import segments
from otel_burn_collector.journal.reader import JournalReader
from otel_burn_collector.journal.records import Position, Record
from otel_burn_collector.measures import Measure

_ROWS = """
    SELECT 'spans', count(*) FROM store.otlp_spans UNION ALL SELECT 'logs', count(*) FROM store.otlp_logs
    UNION ALL SELECT 'metrics', count(*) FROM store.otlp_metrics UNION ALL SELECT 'reports', count(*) FROM store.reports
    UNION ALL SELECT 'calls', count(*) FROM store.calls UNION ALL SELECT 'tool_calls', count(*) FROM store.tool_calls
    UNION ALL SELECT 'sessions', count(*) FROM store.sessions
"""
_DAMAGE = "SELECT count(*) FROM journal.damage"
_MEMORY = "SELECT coalesce(sum(memory_usage_bytes), 0)::BIGINT FROM duckdb_memory()"
_HEAD_BYTES = 4096


def measure(con: duckdb.DuckDBPyConnection, db: Path, journal: Path, loaded: Position) -> list[Measure]:
    """How much there is, how much waits, and for how long."""
    with con.cursor() as cursor:
        rows = cursor.execute(_ROWS).fetchall()
        ((damage,),) = cursor.execute(_DAMAGE).fetchall()
        ((memory,),) = cursor.execute(_MEMORY).fetchall()
    return [
        *(Measure("otel_burn_rows", count, {"table": table}) for table, count in rows),
        Measure("otel_burn_damage", damage),
        Measure("otel_burn_duckdb_memory_bytes", memory),
        Measure("otel_burn_journal_waiting_bytes", segments.waiting_bytes(journal)),
        Measure("otel_burn_load_lag_seconds", lag(journal, loaded)),
        *_files(db),
    ]


def lag(journal: Path, loaded: Position) -> float:
    """How many seconds ago the oldest request after *loaded* was received; 0 when there is none."""
    found = JournalReader(journal, loaded).read(_HEAD_BYTES)
    received = next((one.received_at for one in found if isinstance(one, Record)), None)
    return 0.0 if received is None else max(0.0, (time.time_ns() - received) / 1e9)


def _files(db: Path) -> Iterator[Measure]:
    for what, path in (("database", db), ("log", db.with_name(f"{db.name}.wal"))):
        size = path.stat().st_size if path.exists() else 0
        yield Measure("otel_burn_database_bytes", size, {"file": what})
