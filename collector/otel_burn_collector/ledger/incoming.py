"""What does SQL see of a batch? Each row once and numbered, and the attributes that any dialect reads beside them."""

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from otel_burn import names
from otel_burn_collector.batch import Batch
from otel_burn_collector.ledger.attributes import ANCESTOR, Source
from otel_burn_collector.ledger.content_names import is_content, keeps_content
from otel_burn_collector.ledger.contents import EVENTS
from otel_burn_collector.ledger.dialects import DIALECTS
from otel_burn_collector.ledger.membership import is_one_of
from otel_burn_collector.ledger.records import may_report, spoken_records, tool_records
from otel_burn_collector.ledger.stripping import without_content
from otel_burn_collector.ledger.unknown_usage import are_unknown

READ: Final = frozenset(
    {name for each in DIALECTS for name in (*each.markers, *each.needs, *each.lacks)}
    | {"event.name", names.RUN_ID}
    | {
        source.attribute if isinstance(source, Source) else source
        for fields in (*(each.fields for each in DIALECTS), ANCESTOR)
        for sources in fields.values()
        for source in sources
    }
)
"""Every attribute that some dialect reads, or that a span tells the calls below it."""

STAGED_ROWS: Final = 512
"""A smaller table is handed over as it is: a file costs 3 ms whatever is in it."""

Incoming = Mapping[str, pa.Table | Path]
"""Tables and files by the names under which SQL sees them."""

_NUMBERS: Final = itertools.count(1)

FIELDS: Final = pa.schema({"row": pa.int32(), "key": pa.string(), "value": pa.string()})


def incoming(batch: Batch, staging: Path | None = None) -> Incoming:
    """The tables that the steps read, by name; the large ones as files in the folder *staging*, if there is one.

    `row` numbers spans, and log records after them. `batch_fields` has one row for each attribute in `READ`, so that
    no step has to look into the maps of all rows; `batch_records` has the rows that may report a call, `batch_contents`
    what those say of content, `batch_tool_records` the log records that say that a tool ran, `batch_spoken` those that
    are messages, and `batch_unknown` what speaks of usage in unknown names. What goes into the tables has no content,
    unless the user wants it kept.

    DuckDB 2.0 checks each key of a map that comes from Arrow, and none of a Parquet file's: 14 µs a span of 17
    attributes against 4, and 3 to write it.
    """
    spans = _numbered(_once(batch.spans, "trace_id", "span_id"), 0)
    logs = _numbered(_once(batch.logs, "log_id"), spans.num_rows)
    metrics = _once(batch.metrics, "point_id")
    fields = pa.concat_tables([_fields(spans, _is_read), _fields(logs, _is_read)])
    candidates = may_report(spans, logs, fields)
    small = {
        "batch_fields": fields,
        "batch_records": candidates,
        "batch_contents": pa.concat_tables([_contents(spans, candidates), _contents(logs, candidates)]),
        "batch_tool_records": tool_records(logs, fields),
        "batch_spoken": spoken_records(logs),
        "batch_unknown": pa.concat_tables([_fields(each, _is_unknown) for each in (spans, logs)]),
    }
    if not keeps_content():
        spans, logs = without_content(spans), without_content(logs)
    tables = {"batch_spans": spans, "batch_logs": logs, "batch_metrics": metrics}
    return {name: _staged(name, table, staging) for name, table in tables.items()} | small


def any_rows(table: pa.Table | Path) -> bool:
    """Whether there is anything in it: a small table is never a file."""
    return isinstance(table, Path) or table.num_rows > 0


def _staged(name: str, table: pa.Table, staging: Path | None) -> pa.Table | Path:
    if staging is None or table.num_rows < STAGED_ROWS:
        return table
    path = staging / f"{name}-{next(_NUMBERS)}.parquet"
    try:
        pq.write_table(table, path, compression="none", write_statistics=False, store_schema=False)
    except OSError:  # a full disk, for one: the slower way needs none
        path.unlink(missing_ok=True)
        return table
    return path


def _once(table: pa.Table, *identity: str) -> pa.Table:
    """The first row of each *identity*."""
    places = table.select(identity).append_column("place", pa.array(np.arange(table.num_rows)))
    firsts = places.group_by(list(identity)).aggregate([("place", "min")])["place_min"]
    return table if len(firsts) == table.num_rows else table.take(firsts.sort())


def _numbered(table: pa.Table, first: int) -> pa.Table:
    numbers = np.arange(first, first + table.num_rows, dtype=np.int32)
    return table.append_column(pa.field("row", pa.int32()), pa.array(numbers))


def _contents(table: pa.Table, candidates: pa.Table) -> pa.Table:
    """What the rows of *table* that may report a call say of content."""
    table = table.filter(pc.is_in(table["row"], candidates["row"].combine_chunks()))
    found = _fields(table, lambda names: np.array([is_content(name) for name in names.to_pylist()], np.bool_))
    return pa.concat_tables([found, _events(table)]) if "events" in table.schema.names else found


def _events(spans: pa.Table) -> pa.Table:
    """The events of *spans*, as far as they are those of the convention, as one more attribute."""
    told = spans.filter(
        pc.fill_null(pc.match_substring_regex(spans["events"], r'"name":\s*"gen_ai\.'), fill_value=False)
    )
    name = pa.repeat(EVENTS, told.num_rows)
    return pa.table([told["row"], name, told["events"]], schema=FIELDS)


def _is_unknown(names: pa.Array) -> Any:
    return are_unknown(names, READ)


def _is_read(names: pa.Array) -> Any:
    return is_one_of(names, READ).to_numpy(zero_copy_only=False)


def _fields(table: pa.Table, is_wanted: Callable[[pa.Array], Any]) -> pa.Table:
    """A row for each attribute of *table* whose name *is_wanted*."""
    if not table.num_rows:
        return FIELDS.empty_table()
    maps = table["attributes"].combine_chunks()
    offsets = maps.offsets.to_numpy()
    begin, end = int(offsets[0]), int(offsets[-1])
    keys = maps.keys.slice(begin, end - begin).dictionary_encode()
    places = np.flatnonzero(is_wanted(keys.dictionary)[keys.indices.to_numpy()])
    rows = np.repeat(table["row"].to_numpy(), np.diff(offsets))[places]
    values = maps.items.slice(begin, end - begin)
    columns = [pa.array(rows), keys.take(pa.array(places)).cast(pa.string()), values.take(pa.array(places))]
    return pa.table(columns, schema=FIELDS)
