"""How does an answer look in a terminal, and in files that other programs read?"""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

_MAX_CELL = 60
_encode = msgspec.json.Encoder(decimal_format="number").encode


def as_json(table: pa.Table) -> bytes:
    """A list of objects, one a row."""
    rows = [dict(zip(table.column_names, row, strict=True)) for row in _rows(table)]
    return b"[" + b",\n ".join(_encode(row) for row in rows) + b"]\n"


def as_csv(table: pa.Table) -> bytes:
    """Comma-separated values; what is nested is JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.column_names)
    writer.writerows([_flat(value) for value in row] for row in _rows(table))
    return text.getvalue().encode()


def as_text(table: pa.Table) -> bytes:
    """Columns under their names, for eyes."""
    cells = [[_shown(value) for value in row] for row in _rows(table)]
    widths = [max(len(row[i]) for row in [table.column_names, *cells]) for i in range(table.num_columns)]
    right = [
        pa.types.is_integer(t) or pa.types.is_floating(t) or pa.types.is_decimal(t)
        for t in table.schema.types
    ]
    lines = [
        _line(table.column_names, widths, right),
        _line(["─" * width for width in widths], widths, right),
    ]
    lines += [_line(row, widths, right) for row in cells]
    count = f"({table.num_rows:,} row{'' if table.num_rows == 1 else 's'})"
    return "\n".join([*lines, count, ""]).encode()


def as_parquet(table: pa.Table) -> bytes:
    """A Parquet file."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue())


def as_arrow(table: pa.Table) -> bytes:
    """An Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


FORMATS: dict[str, Callable[[pa.Table], bytes]] = {
    "table": as_text,
    "json": as_json,
    "csv": as_csv,
    "parquet": as_parquet,
    "arrow": as_arrow,
}
BINARY = frozenset({"parquet", "arrow"})


def objects(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of *table*, times as text to the nanosecond: as Python's own, Arrow would want pandas for them."""
    return [dict(zip(table.column_names, row, strict=True)) for row in _rows(table)]


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    columns = [_values(column) for column in table.columns]
    return list(zip(*columns, strict=True)) if columns else []


def _values(column: pa.ChunkedArray) -> list[Any]:
    kind = column.type
    if pa.types.is_timestamp(kind):
        # Python's datetime has no nanoseconds.
        return [None if text is None else text.replace(" ", "T", 1) for text in _texts(column)]
    if pa.types.is_time(kind) or pa.types.is_interval(kind):
        return [None if value is None else str(value) for value in column.to_pylist()]
    if not pa.types.is_nested(kind):
        return list(column.to_pylist())
    return [_plain(value, kind) for value in column.cast(_microseconds(kind), safe=False).to_pylist()]


def _texts(column: pa.ChunkedArray) -> list[str | None]:
    texts: list[str | None] = column.cast(pa.string()).to_pylist()
    return texts


def _microseconds(kind: pa.DataType) -> pa.DataType:
    """*kind* with times that Python can hold."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_map(kind):
        return pa.map_(_microseconds(kind.key_type), _microseconds(kind.item_type))
    if pa.types.is_list(kind):
        return pa.list_(_microseconds(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(one.name, _microseconds(one.type)) for one in kind])
    return kind


def _plain(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if pa.types.is_map(kind):
        return {str(key): _plain(item, kind.item_type) for key, item in value}
    if pa.types.is_list(kind):
        return [_plain(item, kind.value_type) for item in value]
    if pa.types.is_struct(kind):
        return {one.name: _plain(value[one.name], one.type) for one in kind}
    return value


def _flat(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        return _encode(value).decode()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Decimal):
        return f"{value:f}"  # as text it may be 1E-12, which no spreadsheet adds up
    return value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    text = str(_flat(value)).replace("\n", "⏎")
    return text if len(text) <= _MAX_CELL else text[: _MAX_CELL - 1] + "…"


def _line(cells: list[str], widths: list[int], right: list[bool]) -> str:
    padded = [cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(cells, widths, right, strict=True)]
    return "  ".join(padded).rstrip()
