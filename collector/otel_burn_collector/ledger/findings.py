"""How do findings get into the ledger? Detectors replace their partitions as a whole; what people say of them stays."""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from otel_burn_collector.ledger.statements import registered, statement

FINDINGS = pa.schema(
    {
        "finding_id": pa.string(),
        "partition": pa.string(),
        "detector": pa.string(),
        "tier": pa.string(),
        "session_id": pa.string(),
        "trace_id": pa.string(),
        "agent": pa.string(),
        "work_id": pa.string(),
        "call_ids": pa.list_(pa.string()),
        "span_ids": pa.list_(pa.string()),
        "first_at": pa.timestamp("ns"),
        "last_at": pa.timestamp("ns"),
        "first_detectable_call_id": pa.string(),
        "wasted_tokens": pa.int64(),
        "wasted_usd_low": pa.decimal128(38, 12),
        "wasted_usd_high": pa.decimal128(38, 12),
        "confidence": pa.float64(),
        "evidence": pa.string(),
        "fix": pa.string(),
    }
)


JUDGED = pa.schema({"partition": pa.string(), "state": pa.string()})


def replace_findings(
    con: duckdb.DuckDBPyConnection,
    *,
    detectors: Sequence[str],
    partitions: Mapping[str, str | None],
    findings: pa.Table,
) -> None:
    """Put *findings* in the place of all that *detectors* found in *partitions* (with their states) before."""
    rows = findings.select(FINDINGS.names).cast(FINDINGS)
    judged = pa.table([list(partitions), list(partitions.values())], schema=JUDGED)
    with registered(con, new_findings=rows, new_states=judged):
        for step in ("delete_findings", "insert_findings", "delete_judgements", "insert_judgements"):
            names = {"detectors": list(detectors)} if "$detectors" in statement(f"steps/{step}") else None
            con.execute(statement(f"steps/{step}"), names)


def mark(
    con: duckdb.DuckDBPyConnection, *, finding_id: str, expected: bool, note: str | None, marked_at: int
) -> None:
    """Say of a finding whether it is expected, as of *marked_at* (ns), in the place of what was said before."""
    con.execute(statement("steps/delete_mark"), {"finding_id": finding_id})
    said = {"finding_id": finding_id, "expected": expected, "note": note, "marked_at": marked_at}
    con.execute(statement("steps/insert_mark"), said)
