"""How do a million AnyValues read as text and as JSON at once? Member by member, as ptars lays them out in Arrow.

A value has one child per member of the oneof, and arrays and maps hold their items as bytes in protobuf: those are
decoded in a second pass, all of one depth at once.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from ptars import HandlerPool

from otel_burn_collector.decode.values import json_text, json_texts, number, plain, plain_attributes

MAX_DEPTH: Final = 50
"""Of values in each other: protobuf's own parsers stop at a hundred messages, two for each."""

_VALUES: Final = HandlerPool([AnyValue.DESCRIPTOR.file]).get_for_message(AnyValue.DESCRIPTOR)
_SIMPLE: Final = ("string_value", "int_value", "bool_value")
_NESTED: Final = ("double_value", "bytes_value", "array_value", "kvlist_value")
MEMBERS: Final = (*_SIMPLE, *_NESTED)


def texts(values: pa.StructArray) -> pa.StringArray:
    """What `values.text` says of each of *values*."""
    columns = [member(values, name) for name in _SIMPLE]
    columns = [column.cast(pa.string()) for column in columns if column.null_count < len(column)]
    for name in _NESTED:
        column = member(values, name)
        if column.null_count < len(column):
            places = np.flatnonzero(column.is_valid())
            columns.append(_sparse(_texts_of(name, column.drop_null()), places, len(column)))
    return pc.coalesce(*columns) if columns else pa.nulls(len(values), pa.string())


def plains(values: pa.StructArray, depth: int = 0) -> list[Any]:
    """What `values.plain` says of each of *values*."""
    if depth > MAX_DEPTH:
        raise ValueError(f"a value is nested deeper than {MAX_DEPTH} levels")
    found: list[Any] = [None] * len(values)
    for name in MEMBERS:
        column = member(values, name)
        if column.null_count < len(column):
            held = _PLAINS[name](column.drop_null(), depth)
            for place, each in zip(np.flatnonzero(column.is_valid()).tolist(), held, strict=True):
                found[place] = each
    return found


def pairs(attributes: pa.ListArray, depth: int = 0) -> list[dict[str, Any]]:
    """What `values.plain_attributes` says of each list of *attributes*."""
    flat = attributes.flatten()
    keys = flat.field("key").to_pylist()
    held = list(zip(keys, plains(flat.field("value"), depth), strict=True))
    return [dict(part) for part in parts(held, attributes)]


def parts(items: list[Any], lists: pa.ListArray) -> list[list[Any]]:
    """*items*, which are what is in *lists*, cut as these are."""
    ends = np.cumsum(pc.fill_null(pc.list_value_length(lists), 0).to_numpy()).tolist()
    return [items[begin:end] for begin, end in zip([0, *ends[:-1]], ends, strict=True)] if ends else []


def member(values: pa.StructArray, name: str) -> pa.Array:
    """One member of the oneof: NULL where it is another one, or none."""
    return pc.struct_field(values, name)


def has_two(values: pa.StructArray) -> bool:
    """Whether any value says two members at once: the last on the wire counts, and columns forget which that was."""
    said = [member(values, name).is_valid().to_numpy(zero_copy_only=False) for name in MEMBERS]
    return int(np.sum(said)) > int(np.count_nonzero(np.any(said, axis=0)))


def _texts_of(name: str, held: pa.Array) -> pa.StringArray:
    found = _PLAINS[name](held, 0)
    if name in ("array_value", "kvlist_value"):
        return pa.array(json_texts(found), pa.string())
    return pa.array([each if isinstance(each, str) else json_text(each) for each in found], pa.string())


def _sparse(items: pa.Array, places: np.ndarray[Any, Any], length: int) -> pa.Array:
    numbers = np.full(length, -1, np.int32)
    numbers[places] = np.arange(len(items), dtype=np.int32)
    return items.take(pa.array(numbers, mask=numbers < 0))


def _arrays(held: pa.StructArray, depth: int) -> list[Any]:
    lists = pc.struct_field(held, "values")
    batch = _VALUES.array_to_record_batch(lists.flatten())
    values = pa.StructArray.from_arrays(batch.columns, batch.schema.names)
    return list(parts(_settled(values, lists.flatten(), depth), lists))


def _settled(values: pa.StructArray, raw: pa.Array, depth: int) -> list[Any]:
    if len(values) and has_two(values):
        return [plain(AnyValue.FromString(one)) for one in raw.to_pylist()]
    return plains(values, depth + 1)


def _maps(held: pa.StructArray, depth: int) -> list[Any]:
    # One by one: ptars 0.0.25 panics at a KeyValue that holds another one, and maps in attributes are rare.
    pairs_of = pc.struct_field(held, "values").to_pylist()
    return [plain_attributes(_pair(one) for one in each) for each in pairs_of]


def _pair(held: bytes | dict[str, Any]) -> KeyValue:
    """Where ptars cuts the recursion depends on where it began: at the pair, or at the pair's value."""
    if isinstance(held, bytes):
        pair: KeyValue = KeyValue.FromString(held)
        return pair
    return KeyValue(key=held["key"], value=AnyValue.FromString(held["value"] or b""))


def _listed(held: pa.Array, _: int) -> list[Any]:
    return list(held.to_pylist())


_PLAINS: Final[dict[str, Callable[[Any, int], list[Any]]]] = {
    **dict.fromkeys(_SIMPLE, _listed),
    "double_value": lambda held, _: [number(each) for each in held.to_pylist()],
    "bytes_value": lambda held, _: [plain(AnyValue(bytes_value=each)) for each in held.to_pylist()],
    "array_value": _arrays,
    "kvlist_value": _maps,
}
