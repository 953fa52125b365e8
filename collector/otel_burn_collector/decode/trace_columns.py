"""Which span rows do ExportTraceServiceRequests say? All requests at once, column by column."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from ptars import HandlerPool

from otel_burn import names
from otel_burn_collector.batch import SPANS
from otel_burn_collector.decode.any_values import has_two, pairs, parts, texts
from otel_burn_collector.decode.span_rows import KINDS, STATUSES
from otel_burn_collector.decode.values import json_text
from otel_burn_collector.otlp.signals import MAX_TIME

_REQUESTS: Final = HandlerPool([ExportTraceServiceRequest.DESCRIPTOR.file]).get_for_message(
    ExportTraceServiceRequest.DESCRIPTOR
)
_HEX: Final = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint16)

Numbers = np.ndarray[Any, Any]


class _Level(NamedTuple):
    """What is in the lists of one level, and of which list each is."""

    items: pa.StructArray
    parents: Numbers


class TwoMembersError(ValueError):
    """A value says two members of its oneof: only a parser that goes byte by byte knows which was the last."""


def span_table(bodies: Sequence[bytes], received_at: Sequence[int]) -> pa.Table:
    """The spans of *bodies* that can be kept, in their order; ValueError when one of them is no request."""
    if not bodies:
        return SPANS.empty_table()
    resources = _level(_parsed(bodies).column("resource_spans"))
    scopes = _level(resources.items.field("scope_spans"))
    spans = _keepable(_level(scopes.items.field("spans")))
    of_resource = scopes.parents[spans.parents]
    arrived = np.array(received_at, np.uint64)[resources.parents[of_resource]]
    columns = (
        _own_columns(spans.items, arrived)
        | _scope_columns(scopes.items, spans.parents)
        | _resource_columns(resources.items, of_resource)
    )
    return pa.table([columns[name] for name in SPANS.names], schema=SPANS)


def _parsed(bodies: Sequence[bytes]) -> pa.RecordBatch:
    try:
        return _REQUESTS.list_to_record_batch(list(bodies))
    except BaseException as error:
        if (
            type(error).__name__ != "PanicException"
        ):  # how Rust's panics arrive, past every `except Exception`
            raise
        raise ValueError(f"ptars does not survive it: {error}") from error


def _level(lists: pa.ListArray) -> _Level:
    parents = pc.list_parent_indices(lists).to_numpy()
    return _Level(lists.flatten(), parents)


def _keepable(spans: _Level) -> _Level:
    """Without the spans for which `signals.bad_span` has a reason."""
    is_good = _is_id(spans.items.field("trace_id"), 16) & _is_id(spans.items.field("span_id"), 8)
    for name in ("start_time_unix_nano", "end_time_unix_nano"):
        is_good &= spans.items.field(name).to_numpy() <= MAX_TIME
    return spans if is_good.all() else _Level(spans.items.filter(pa.array(is_good)), spans.parents[is_good])


def _own_columns(spans: pa.StructArray, arrived: Numbers) -> dict[str, pa.Array]:
    ended = spans.field("end_time_unix_nano").to_numpy()
    started = spans.field("start_time_unix_nano").to_numpy()
    undated = (started == 0) & (ended == 0)
    started = np.where(started > 0, started, np.where(ended > 0, ended, arrived))
    parent = spans.field("parent_span_id")
    has_parent = _is_id(parent, 8)
    status = spans.field("status")
    return {
        "trace_id": _hex(spans.field("trace_id"), 16),
        "span_id": _hex(spans.field("span_id"), 8),
        "parent_span_id": _sparse_hex(parent, has_parent),
        "name": spans.field("name"),
        "kind": _named(KINDS, spans.field("kind")),
        "started_at": _times(started),
        "ended_at": _times(np.where(ended > 0, ended, started)),
        "status": _named(STATUSES, pc.fill_null(pc.struct_field(status, "code"), 0)),
        "status_message": _not_empty(pc.struct_field(status, "message")),
        "attributes": _maps(spans.field("attributes")),
        "events": _json_lists(spans.field("events"), _event_objects),
        "links": _json_lists(spans.field("links"), _link_objects),
        "undated": pa.array(undated),
    }


def _scope_columns(scopes: pa.StructArray, of_scope: Numbers) -> dict[str, pa.Array]:
    scope = scopes.field("scope")
    at = pa.array(of_scope)
    return {
        f"scope_{name}": _not_empty(pc.struct_field(scope, name)).take(at) for name in ("name", "version")
    }


def _resource_columns(resources: pa.StructArray, of_resource: Numbers) -> dict[str, pa.Array]:
    attributes = pc.struct_field(resources.field("resource"), "attributes")
    maps = _maps(attributes)
    found = [dict(each or ()).get(names.SERVICE_NAME) for each in maps.to_pylist()]
    at = pa.array(of_resource)
    return {"resource": maps.take(at), "service_name": pa.array(found, pa.string()).take(at)}


def _maps(attributes: pa.ListArray) -> pa.MapArray:
    """Attributes as string maps. Of two with one key the last counts."""
    flat = attributes.flatten()
    keys, values = flat.field("key"), flat.field("value")
    if len(values) and has_two(values):
        raise TwoMembersError("a value has two members")
    lengths = pc.fill_null(pc.list_value_length(attributes), 0).to_numpy()
    shown = texts(values)
    last = _last_of_equal(keys, lengths)
    if last is not None:
        at = pa.array(last)
        keys, shown = keys.take(at), shown.take(at)
        lengths = np.bincount(np.repeat(np.arange(len(lengths)), lengths)[last], minlength=len(lengths))
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    return pa.MapArray.from_arrays(pa.array(offsets), keys, shown)


def _last_of_equal(keys: pa.Array, lengths: Numbers) -> Numbers | None:
    """The places of the last of equal keys in each row; None when no row has two equal ones."""
    coded = keys.dictionary_encode()
    rows = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    pairs_of = rows * max(1, len(coded.dictionary)) + coded.indices.to_numpy()
    distinct, backwards = np.unique(pairs_of[::-1], return_index=True)
    return None if len(distinct) == len(pairs_of) else np.sort(len(pairs_of) - 1 - backwards)


def _json_lists(lists: pa.ListArray, objects: Any) -> pa.StringArray:
    """JSON texts of *lists*, NULL for an empty one."""
    lengths = lists.value_lengths().to_numpy()
    if not lengths.any():
        return pa.nulls(len(lists), pa.string())
    told = parts(objects(lists.flatten()), lists)
    return pa.array([json_text(each) if each else None for each in told], pa.string())


def _event_objects(events: pa.StructArray) -> list[dict[str, Any]]:
    times = np.minimum(events.field("time_unix_nano").to_numpy(), MAX_TIME).tolist()
    said = zip(events.field("name").to_pylist(), times, _pairs(events), strict=True)
    return [{"name": name, "at": at, "attributes": attributes} for name, at, attributes in said]


def _link_objects(links: pa.StructArray) -> list[dict[str, Any]]:
    ids = [[each.hex() for each in links.field(name).to_pylist()] for name in ("trace_id", "span_id")]
    said = zip(*ids, _pairs(links), strict=True)
    return [
        {"trace_id": trace, "span_id": span, "attributes": attributes} for trace, span, attributes in said
    ]


def _pairs(items: pa.StructArray) -> list[dict[str, Any]]:
    attributes = items.field("attributes")
    values = attributes.flatten().field("value")
    if len(values) and has_two(values):
        raise TwoMembersError("a value has two members")
    return pairs(attributes)


def _is_id(ids: pa.BinaryArray, length: int) -> Numbers:
    is_id = (pc.binary_length(ids).to_numpy() == length) & pc.not_equal(ids, bytes(length)).to_numpy(
        zero_copy_only=False
    )
    return np.asarray(is_id)


def _hex(ids: pa.BinaryArray, length: int) -> pa.StringArray:
    """Ids of *length* bytes as lower-case hexadecimal digits."""
    raw = np.frombuffer(ids.cast(pa.binary(length)).buffers()[1], np.uint8, len(ids) * length)
    digits = _HEX[raw]
    offsets = np.arange(0, (len(ids) + 1) * 2 * length, 2 * length, dtype=np.int32)
    return pa.StringArray.from_buffers(len(ids), pa.py_buffer(offsets), pa.py_buffer(digits))


def _sparse_hex(ids: pa.BinaryArray, is_id: Numbers) -> pa.StringArray:
    zeros = pa.scalar(bytes(8), pa.binary())
    return pc.if_else(pa.array(is_id), _hex(pc.if_else(pa.array(is_id), ids, zeros), 8), None)


def _times(nanoseconds: Numbers) -> pa.Array:
    return pa.array(nanoseconds.astype(np.int64)).cast(pa.timestamp("ns"))


def _named(names_of: tuple[str, ...], numbers: pa.Array) -> pa.Array:
    said = numbers.to_numpy(zero_copy_only=False)
    return pa.array(names_of).take(pa.array(np.where((said >= 0) & (said < len(names_of)), said, 0)))


def _not_empty(strings: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(strings, ""), None, strings)
