"""What columns has a report? Those of sql/tables/reports.sql, and what a manifest says before it is stored."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

_TEXT, _COUNT, _NUMBER = pa.string(), pa.int64(), pa.float64()

REPORTS: Final = pa.schema(
    {
        "unit": pa.uint64(),
        "report_id": _TEXT,
        "dialect": _TEXT,
        "rank": pa.int32(),
        "wire": pa.bool_(),
        "pairing": _TEXT,
        "signal": _TEXT,
        "emitter": _TEXT,
        "source": _TEXT,
        "trace_id": _TEXT,
        "span_id": _TEXT,
        "parent_span_id": _TEXT,
        "started_at": pa.timestamp("ns"),
        "ended_at": pa.timestamp("ns"),
        **dict.fromkeys(
            (
                "service_name",
                "instance_id",
                "run_id",
                "project",
                "session_id",
                "agent",
                "agent_id",
                "user_id",
            ),
            _TEXT,
        ),
        **dict.fromkeys(("work_id", "provider", "server_address", "request_model", "response_model"), _TEXT),
        **dict.fromkeys(("response_id", "request_id", "operation"), _TEXT),
        "stream": pa.bool_(),
        "is_error": pa.bool_(),
        "error_type": _TEXT,
        "http_status": pa.int32(),
        **dict.fromkeys(("finish_reason", "service_tier", "region"), _TEXT),
        "ttft_ms": _NUMBER,
        **dict.fromkeys(("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"), _COUNT),
        **dict.fromkeys(("cache_write_5m_tokens", "cache_write_1h_tokens", "reasoning_tokens"), _COUNT),
        **dict.fromkeys(("audio_input_tokens", "audio_output_tokens"), _COUNT),
        "usage_status": _TEXT,
        "extras": _TEXT,
        "reported_usd": pa.decimal128(38, 12),
        "logical_call": _TEXT,
        "attempt": pa.int32(),
        "parent_session_id": _TEXT,
    }
)

MANIFESTS: Final = pa.schema(
    {
        "unit": pa.uint64(),
        "report_id": _TEXT,
        "started_at": pa.timestamp("ns"),
        "status": _TEXT,
        "chain_key": pa.uint64(),
        "base_key": pa.uint64(),
        "base_blocks": _COUNT,
        "blocks": _COUNT,
        **dict.fromkeys(("kinds", "hashes"), pa.list_(_TEXT)),
        "bytes": pa.list_(_COUNT),
        **dict.fromkeys(("tools", "tool_call_ids", "errors", "sketches"), pa.list_(_TEXT)),
        **dict.fromkeys(("output_kinds", "output_hashes"), pa.list_(_TEXT)),
        "output_bytes": pa.list_(_COUNT),
        **dict.fromkeys(("asked_ids", "asked_names", "asked_hashes", "asked_effects"), pa.list_(_TEXT)),
        "asked_sketches": pa.list_(_TEXT),
    }
)


CORRECTIONS: Final = pa.schema(
    {"unit": pa.uint64(), "report_id": _TEXT, "started_at": pa.timestamp("ns"), "correction": _TEXT}
)


UNREAD: Final = pa.schema(
    {
        **dict.fromkeys(("attribute", "scope_name", "scope_version"), _TEXT),
        "spans": _COUNT,
        "last_at": pa.timestamp("ns"),
        "example": _TEXT,
    }
)


def corrections(reports: Sequence[Mapping[str, Any]]) -> pa.Table:
    """What was corrected in *reports*."""
    rows = [
        {name: report[name] for name in ("unit", "report_id", "started_at")} | {"correction": said}
        for report in reports
        for said in report["corrections"]
    ]
    return pa.Table.from_pylist(rows, schema=CORRECTIONS)


def table(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """*rows* as a table; a column that no row has costs next to nothing, and most are such."""
    told = set().union(*rows)
    columns = [
        _column([row.get(field.name) for row in rows], field.type)
        if field.name in told
        else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _column(values: list[Any], kind: pa.DataType) -> pa.Array:
    return pa.nulls(len(values), kind) if values.count(None) == len(values) else pa.array(values, kind)
