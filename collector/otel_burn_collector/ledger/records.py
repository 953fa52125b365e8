"""Which rows of a batch may report a call? Those with an attribute that marks a report; only they become objects."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from otel_burn import names
from otel_burn_collector.batch import STRING_MAP
from otel_burn_collector.ledger.dialects import DIALECTS
from otel_burn_collector.ledger.membership import is_one_of

_COUNTING: Final = [each for each in DIALECTS if each.counts]
_MARKERS: Final = frozenset(
    name for each in _COUNTING if each.marker_values is None for name in each.needs or each.markers
)
_VALUED: Final = frozenset(
    marker for each in _COUNTING if each.marker_values is not None for marker in each.markers
)
_VALUES: Final = frozenset(value for each in _COUNTING for value in each.marker_values or ())
"""Attributes that mark a report whatever they say, and those that do with one of some values."""

FIRST_NS: Final = 0
LAST_NS: Final = int(np.datetime64("2250-01-01", "ns").astype(np.int64))
"""Times stay where five seconds more still fit."""

RECORDS: Final = pa.schema(
    {
        "row": pa.int32(),
        **dict.fromkeys(("signal", "report_id", "event", "scope_name", "scope_version"), pa.string()),
        **dict.fromkeys(("trace_id", "span_id", "parent_span_id", "status", "service_name"), pa.string()),
        "started_at": pa.int64(),
        "ended_at": pa.int64(),
        "resource": STRING_MAP,
    }
)
_OF_PROCESS: Final = {
    "service.instance.id": "instance_id",
    names.RUN_ID: "run_id",
    names.PROJECT: "project",
    "session.id": "session_id",
    names.CONVERSATION_ID: "conversation_id",
}
"""What the resource tells of each of its rows."""

Row = dict[str, Any]


def may_report(spans: pa.Table, logs: pa.Table, fields: pa.Table) -> pa.Table:
    """The rows that may report a call."""
    is_marked = pc.or_(
        is_one_of(fields["key"], _MARKERS),
        pc.and_(is_one_of(fields["key"], _VALUED), is_one_of(fields["value"], _VALUES)),
    )
    rows = np.unique(fields["row"].filter(is_marked).to_numpy())
    chosen = spans.take(pa.array(rows[rows < spans.num_rows]))
    told = logs.take(pa.array(rows[rows >= spans.num_rows] - spans.num_rows))
    span_id = pc.binary_join_element_wise(chosen["trace_id"], chosen["span_id"], ":")
    ended = told["at"]
    return pa.concat_tables(
        [
            _table(chosen, signal="span", report_id=span_id, event=chosen["name"]),
            _table(
                told,
                signal="log",
                report_id=told["log_id"],
                event=told["event_name"],
                started_at=ended,
                ended_at=ended,
            ),
        ]
    )


def _table(rows: pa.Table, signal: str, **columns: pa.ChunkedArray) -> pa.Table:
    found = {name: rows[name] for name in RECORDS.names if name in rows.schema.names} | columns
    found["signal"] = pa.repeat(signal, rows.num_rows)
    missing = {name: pa.nulls(rows.num_rows, RECORDS.field(name).type) for name in RECORDS.names}
    return pa.table({name: (missing | found)[name] for name in RECORDS.names}).cast(RECORDS)


def tool_records(logs: pa.Table, fields: pa.Table) -> pa.Table:
    """The log records that say that a tool ran, as they came."""
    named = fields.filter(pc.and_(pc.equal(fields["key"], "event.name"), _is_tool_event(fields["value"])))
    is_named = pc.is_in(logs["row"], named["row"].combine_chunks())
    return logs.filter(pc.or_(is_named, _is_tool_event(logs["event_name"]))).select(_TOOL_RECORD)


def spoken_records(logs: pa.Table) -> pa.Table:
    """The log records within a span that are a message of the conversation, as they came."""
    is_message = pc.fill_null(pc.match_substring_regex(logs["event_name"], SPOKEN_EVENT), fill_value=False)
    return logs.filter(pc.and_(is_message, pc.is_valid(logs["span_id"]))).select(_SPOKEN_RECORD)


SPOKEN_EVENT: Final = (
    r"^gen_ai\.((system|user|assistant|tool)\.message|choice|client\.inference\.operation\.details)$"
)
_SPOKEN_RECORD: Final = ["row", "log_id", "trace_id", "span_id", "at", "event_name", "body", "attributes"]


def _is_tool_event(names: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.match_substring_regex(names, TOOL_EVENT), fill_value=False)


TOOL_EVENT: Final = r"^((claude_code|codex)\.)?tool_result$"
_TOOL_RECORD: Final = ["row", "log_id", "scope_name", "at", "attributes"]


def records(candidates: pa.Table, fields: pa.Table, contents: pa.Table, known: Sequence[int]) -> list[Row]:
    """The rows of `may_report` as `reading.read` wants them, without those that are *known*."""
    fresh = pc.invert(pc.is_in(candidates["row"], pa.array(known, pa.int32())))
    chosen = candidates.filter(fresh)
    said, content = _said(fields, chosen["row"]), _said(contents, chosen["row"])
    return [_record(row, said[row["row"]]) | {"content": content[row["row"]]} for row in _rows(chosen)]


def _said(fields: pa.Table, rows: pa.ChunkedArray) -> Mapping[int, dict[str, str]]:
    mine = fields.filter(pc.is_in(fields["row"], rows.combine_chunks()))
    said: dict[int, dict[str, str]] = {row: {} for row in rows.to_pylist()}
    columns = (mine[name].to_pylist() for name in ("row", "key", "value"))
    for row, key, value in zip(*columns, strict=True):
        if value is not None:
            said[row][key] = value
    return said


def _rows(table: pa.Table) -> Iterator[Row]:
    """As columns for as long as possible: to make an object of each row's resource would be half of the cost."""
    names = [name for name in table.column_names if name != "resource"]
    told = _told(table["resource"].combine_chunks())
    columns = (*(table[name].to_pylist() for name in names), *told.values())
    return (dict(zip((*names, *told), row, strict=True)) for row in zip(*columns, strict=True))


def _told(resources: pa.MapArray) -> dict[str, list[str | None]]:
    """What each of *resources* tells of its rows, in columns."""
    told: dict[str, list[str | None]] = {name: [None] * len(resources) for name in _OF_PROCESS.values()}
    offsets = resources.offsets.to_numpy()
    entries = slice(int(offsets[0]), int(offsets[-1])) if len(offsets) else slice(0)
    places = np.repeat(np.arange(len(resources)), np.diff(offsets))
    is_wanted = pc.is_in(resources.keys[entries], pa.array(_OF_PROCESS, pa.string()))
    keys, values = (column[entries].filter(is_wanted) for column in (resources.keys, resources.items))
    rows = places[is_wanted.to_numpy(zero_copy_only=False)]
    for row, key, value in zip(rows.tolist(), keys.to_pylist(), values.to_pylist(), strict=True):
        told[_OF_PROCESS[key]][row] = value
    return told


def _record(row: Row, said: dict[str, str]) -> Row:
    times = [each for each in (row["started_at"], row["ended_at"]) if each is not None]
    return row | {
        "attributes": said,
        "event": said.get("event.name", row["event"]) if row["signal"] == "log" else row["event"],
        "started_at": min(times[0] if times else FIRST_NS, LAST_NS),
        "ended_at": min(max(FIRST_NS, *times), LAST_NS) if times else FIRST_NS,
        "run_id": said.get(names.RUN_ID, row["run_id"]),
        "session_id": row["conversation_id"] if row["session_id"] is None else row["session_id"],
    }
