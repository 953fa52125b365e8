"""How is content left out of what is stored? Attributes, event attributes and bodies that carry it are dropped."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from otel_burn_collector.ledger.content_names import (
    is_content,
    is_content_event,
    is_content_of,
    is_scoped,
    speaks,
)

_SAYS_MORE: Final = r'"(?:gen_ai\.|llm\.|content|message|ai\.|input|output|events|mlflow\.)'
"""Events in whose JSON this is not found are left as they are without a look inside."""


def without_content(table: pa.Table) -> pa.Table:
    """*table*, spans or log records, without what was said."""
    if not table.num_rows:
        return table
    table = _replaced(table, "attributes", _attributes(table))
    if "events" in table.schema.names:
        return _replaced(table, "events", _events(table["events"]))
    return _replaced(table, "body", _bodies(table))


def _replaced(table: pa.Table, name: str, column: pa.Array | None) -> pa.Table:
    if column is None:
        return table
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(place), column)


def _attributes(table: pa.Table) -> pa.MapArray | None:
    """The attributes that are no content; None when none is."""
    maps = table["attributes"].combine_chunks()
    offsets = maps.offsets.to_numpy()
    begin, end = int(offsets[0]), int(offsets[-1])
    keys = maps.keys.slice(begin, end - begin).dictionary_encode()
    names = keys.dictionary.to_pylist()
    dropped = np.array([is_content(name) for name in names], np.bool_)[keys.indices.to_numpy()]
    rows = np.repeat(np.arange(table.num_rows), np.diff(offsets))
    dropped |= _dropped_by_scope(table["scope_name"], names, keys.indices.to_numpy(), rows)
    if not dropped.any():
        return None
    kept = np.flatnonzero(~dropped)
    lengths = np.bincount(rows[kept], minlength=table.num_rows)
    places = pa.array(kept)
    return pa.MapArray.from_arrays(
        pa.array(np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)),
        keys.take(places).cast(pa.string()),
        maps.items.slice(begin, end - begin).take(places),
    )


def _dropped_by_scope(scopes: pa.ChunkedArray, names: list[str], keys: Any, rows: Any) -> Any:
    """Which attributes are content in the telemetry of their scope alone."""
    coded = scopes.combine_chunks().dictionary_encode()
    known = coded.dictionary.to_pylist()
    codes = pc.fill_null(coded.indices, -1).to_numpy()
    dropped = np.zeros(len(keys), np.bool_)
    for code, scope in enumerate(known):
        if is_scoped(scope):
            is_named = np.array([is_content_of(scope, name) for name in names], np.bool_)
            dropped |= (codes[rows] == code) & is_named[keys]
    return dropped


def _events(events: pa.ChunkedArray) -> pa.Array | None:
    """The events of each span without what they say of content; None when none says any."""
    suspicious = pc.fill_null(pc.match_substring_regex(events, _SAYS_MORE), fill_value=False)
    if not pc.any(suspicious).as_py():
        return None
    told, looked = events.to_pylist(), suspicious.to_pylist()
    return pa.array(
        [_bare(text) if look else text for text, look in zip(told, looked, strict=True)], pa.string()
    )


def _bare(text: str) -> str:
    """A list of events without content."""
    kept = [event | {"attributes": _bare_attributes(event)} for event in json.loads(text)]
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)


def _bare_attributes(event: dict[str, Any]) -> dict[str, Any]:
    is_said = is_content_event(str(event.get("name")))
    return {
        name: value
        for name, value in event.get("attributes", {}).items()
        if not is_content(name) and (not is_said or _IN_EVENTS.fullmatch(name))
    }


_IN_EVENTS: Final = re.compile(
    r"gen_ai\.(?!tool\.call\.(?:arguments|result)).+|event\.\w+|finish_reason|index|id|role|server\..+"
)
"""All that an event of content keeps."""


def _bodies(logs: pa.Table) -> pa.Array | None:
    """The bodies of log records that are no content; None when none is."""
    said = pc.or_(_fitting(logs["event_name"], is_content_event), _fitting(logs["scope_name"], speaks))
    return pc.if_else(said, None, logs["body"].combine_chunks()) if pc.any(said).as_py() else None


def _fitting(texts: pa.ChunkedArray, fits: Callable[[str], bool]) -> pa.Array:
    """Which of *texts* fit."""
    coded = texts.combine_chunks().dictionary_encode()
    fitting = pa.array([fits(text) for text in coded.dictionary.to_pylist()], pa.bool_())
    return pc.fill_null(fitting.take(coded.indices), fill_value=False)
