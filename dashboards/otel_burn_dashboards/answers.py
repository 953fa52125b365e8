"""How does any answer of DuckDB become a frame? Polars has no intervals and no unions, and wants names once."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

import polars as pl
import pyarrow as pa

_FOREIGN: Final[tuple[Callable[[pa.DataType], bool], ...]] = (pa.types.is_interval, pa.types.is_union)


def readable(answer: pa.Table) -> pl.DataFrame:
    """*answer* as a frame: what Polars cannot hold is text, and a second `x` is `x_1`."""
    columns = [_text(column) if _foreign(column.type) else column for column in answer.columns]
    return pl.DataFrame(pa.table(columns, names=unique(answer.column_names)))


def unique(names: Iterable[str]) -> list[str]:
    """*names*, the repeated ones numbered, as DuckDB does it in a subquery."""
    told: list[str] = []
    for name in names:
        number, candidate = 0, name
        while candidate in told:
            number += 1
            candidate = f"{name}_{number}"
        told.append(candidate)
    return told


def _foreign(kind: pa.DataType) -> bool:
    """Whether *kind*, or something inside it, is a type that Polars does not have."""
    inner = [kind.field(place).type for place in range(kind.num_fields)]
    return any(is_foreign(kind) for is_foreign in _FOREIGN) or any(_foreign(one) for one in inner)


def _text(column: pa.ChunkedArray) -> pa.Array:
    return pa.array(
        [None if value is None else str(_plain(value)) for value in column.to_pylist()], pa.string()
    )


def _plain(value: Any) -> Any:
    """An interval without months as the time that it is; other values as they are, inside out."""
    if isinstance(value, pa.MonthDayNano):
        lasting = timedelta(days=value.days, microseconds=value.nanoseconds // 1000)
        return f"{value.months} months {lasting}" if value.months else str(lasting)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
