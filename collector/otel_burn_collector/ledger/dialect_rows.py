"""How do the dialects get into the database? As the rows of the tables in sql/tables/dialects.sql."""

from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa

from otel_burn_collector.ledger.attributes import ANCESTOR, Source
from otel_burn_collector.ledger.dialects import DIALECTS, Dialect
from otel_burn_collector.ledger.providers import PROVIDER_NAMES


def dialect_tables() -> Mapping[str, pa.Table]:
    """The dialects as the rows of the tables in `sql/tables/dialects.sql`, by table."""
    return {
        "dialects": pa.Table.from_pylist(
            [_row(choice, each) for choice, each in enumerate(DIALECTS)], schema=ROWS
        ),
        "dialect_fields": pa.Table.from_pylist(list(_field_rows()), schema=FIELD_ROWS),
        "provider_names": pa.table(
            {"alias": list(PROVIDER_NAMES), "provider": list(PROVIDER_NAMES.values())},
        ),
    }


ROWS: Final = pa.schema(
    {
        "choice": pa.int32(),
        "dialect": pa.string(),
        "rank": pa.int32(),
        "signal": pa.string(),
        "scope": pa.string(),
        "event": pa.string(),
        "markers": pa.list_(pa.string()),
        "marker_values": pa.list_(pa.string()),
        "counts": pa.bool_(),
        "wire": pa.bool_(),
        "pairs_by_usage": pa.string(),
        "input_excludes": pa.bool_(),
        "output_excludes": pa.bool_(),
        "ttft_factor": pa.float64(),
        "provider": pa.string(),
    }
)

FIELD_ROWS: Final = pa.schema(
    {
        "dialect": pa.string(),
        "field": pa.string(),
        "attribute": pa.string(),
        "pattern": pa.string(),
        "position": pa.int32(),
    }
)


def _row(choice: int, dialect: Dialect) -> dict[str, object]:
    row = {name: getattr(dialect, name) for name in ROWS.names if name not in ("choice", "dialect")}
    return row | {"choice": choice, "dialect": dialect.name}


def _field_rows() -> Iterator[dict[str, object]]:
    by_dialect = {each.name: each.fields for each in DIALECTS} | {"*": ANCESTOR}
    for dialect, fields in by_dialect.items():
        for name, sources in fields.items():
            for position, source in enumerate(sources):
                attribute, pattern = source if isinstance(source, Source) else (source, None)
                yield {
                    "dialect": dialect,
                    "field": name,
                    "attribute": attribute,
                    "pattern": pattern,
                    "position": position,
                }
