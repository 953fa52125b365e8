"""How do the dialects get into the database? As the rows of the tables in sql/tables/dialects.sql."""

from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa

from otel_burn_collector.ledger.attributes import ANCESTOR, Source
from otel_burn_collector.ledger.dialects import DIALECTS

FIELD_ROWS: Final = pa.schema(
    {
        "dialect": pa.string(),
        "field": pa.string(),
        "attribute": pa.string(),
        "pattern": pa.string(),
        "position": pa.int32(),
    }
)


def dialect_tables() -> Mapping[str, pa.Table]:
    """The dialects as the rows of the tables in `sql/tables/dialects.sql`, by table."""
    return {
        "dialect_fields": pa.Table.from_pylist(list(_field_rows()), schema=FIELD_ROWS),
    }


def _field_rows() -> Iterator[dict[str, object]]:
    by_dialect = {each.name: each.fields for each in DIALECTS} | {"*": ANCESTOR}
    for dialect, fields in by_dialect.items():
        for name, sources in fields.items():
            for position, source in enumerate(sources):
                attribute, pattern = source[:2] if isinstance(source, Source) else (source, None)
                yield {
                    "dialect": dialect,
                    "field": name,
                    "attribute": attribute,
                    "pattern": pattern,
                    "position": position,
                }
