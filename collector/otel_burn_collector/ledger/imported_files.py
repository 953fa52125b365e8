"""Which session logs are imported already, and how far? Kept in the ledger, so that the two never disagree."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from otel_burn_collector.ledger.statements import registered, run

IMPORTED_FILES: Final = pa.schema(
    {
        "path": pa.string(),
        "size": pa.uint64(),
        "mtime_ns": pa.int64(),
        "position": pa.uint64(),
        "head": pa.string(),
        "since_ns": pa.int64(),
        "reader": pa.int32(),
    }
)


def imported_files(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """*rows* as a table; `ValueError` where they are none."""
    try:
        return pa.Table.from_pylist([dict(row) for row in rows], schema=IMPORTED_FILES)
    except (pa.ArrowException, TypeError, OverflowError) as error:
        raise ValueError(f"imported needs `files`, rows of {IMPORTED_FILES.names} ({error})") from error


def replace_imported_files(con: duckdb.DuckDBPyConnection, files: pa.Table) -> None:
    """Remember *files* as they are now, inside the caller's transaction."""
    with registered(con, newly_imported=files):
        run(con, "replace_imported_files")
