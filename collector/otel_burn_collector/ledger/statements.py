"""Where is the SQL of the ledger, and how does it run? In files beside this one, read once."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return files("otel_burn_collector.ledger").joinpath(f"sql/{name}.sql").read_text(encoding="utf-8")


@cache
def manifest() -> tuple[str, ...]:
    """The names of the files that create tables and views, in their order."""
    text = files("otel_burn_collector.ledger").joinpath("sql/manifest").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    return tuple(line.removesuffix(".sql") for line in lines if line and not line.startswith("#"))


def run(con: duckdb.DuckDBPyConnection, *steps: str) -> None:
    """Run the files of these steps in their order."""
    for step in steps:
        con.execute(statement(f"steps/{step}"))


def rows(con: duckdb.DuckDBPyConnection, step: str) -> Sequence[Mapping[str, Any]]:
    """The rows of a step that reads."""
    return objects(frame(con, step))


def frame(con: duckdb.DuckDBPyConnection, step: str) -> pa.Table:
    """The same as columns."""
    return con.sql(statement(f"steps/{step}")).to_arrow_table()


def tuples(con: duckdb.DuckDBPyConnection, step: str) -> Iterator[tuple[Any, ...]]:
    """The same as tuples, which cost a third."""
    return zip(*(column.to_pylist() for column in _counted(frame(con, step)).columns), strict=True)


def objects(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of *table*, times in nanoseconds as numbers: Python's times have none, and Arrow would want pandas."""
    found: list[dict[str, Any]] = _counted(table).to_pylist()
    return found


def _counted(table: pa.Table) -> pa.Table:
    fields = [
        field.with_type(pa.int64()) if field.type == pa.timestamp("ns") else field for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """The number of rows in one of our temporary tables."""
    ((found,),) = con.table(table).count("*").fetchall()
    return int(found)


def drop_working_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Give back the memory of what the steps of the last batch worked with; the next one makes its own."""
    working = con.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
    for (name,) in working:
        con.execute(f'DROP TABLE temp."{name}"')


@contextmanager
def registered(con: duckdb.DuckDBPyConnection, **tables: pa.Table | Path) -> Iterator[None]:
    """Arrow tables, or Parquet files, that SQL sees under these names, within a `with`.

    Not a `finally`: after an error the transaction is aborted and refuses to forget them; the next batch takes
    the names over.
    """
    for name, table in tables.items():
        if isinstance(table, Path):
            path = str(table).replace("'", "''")
            con.execute(
                f"CREATE OR REPLACE TEMP VIEW {name} AS FROM read_parquet('{path}')"
            )  # DDL binds nothing
        else:
            con.register(name, table)
    yield
    for name, table in tables.items():
        if isinstance(table, Path):
            con.execute(f"DROP VIEW {name}")
        else:
            con.unregister(name)
