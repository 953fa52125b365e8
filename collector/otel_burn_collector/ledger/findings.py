"""How do detectors' findings get into the ledger? A detector replaces its partitions as a whole."""

from collections.abc import Sequence

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


def replace_findings(
    con: duckdb.DuckDBPyConnection, *, detector: str, partitions: Sequence[str], findings: pa.Table
) -> None:
    """Put *findings* in the place of all that *detector* found in *partitions* before."""
    rows = findings.select(FINDINGS.names).cast(FINDINGS)
    with registered(con, new_findings=rows):
        con.execute(
            statement("steps/delete_findings"), {"detector": detector, "partitions": list(partitions)}
        )
        con.execute(statement("steps/insert_findings"))
