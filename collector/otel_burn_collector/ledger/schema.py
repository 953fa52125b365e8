"""Which tables and views does a ledger have, and can this version read the file it got?"""

import json

import duckdb
import pyarrow as pa

from otel_burn import prices
from otel_burn.errors import BurnError
from otel_burn_collector.ledger.dialect_rows import dialect_tables
from otel_burn_collector.ledger.statements import manifest, statement

SCHEMA_VERSION = 2
"""Raised by one whenever a table changes. No release has written an older one, so none is migrated."""

RATES = pa.schema(
    {
        "provider": pa.string(),
        "model": pa.string(),
        "unit": pa.string(),
        "conditions": pa.string(),
        "usd": pa.decimal128(38, 18),
        "valid_from": pa.string(),
        "valid_to": pa.string(),
        "source": pa.string(),
    }
)


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Give the database its tables and views, the dialects and the rates of this version; again is harmless."""
    refuse_other(con)
    con.begin()
    try:
        for name in manifest():
            con.execute(statement(name))
        con.execute(statement("steps/write_version"), {"version": SCHEMA_VERSION})
        load_dialects(con)
        load_rates(con)
        con.commit()
    except BaseException:
        con.rollback()
        raise


def refuse_other(con: duckdb.DuckDBPyConnection) -> None:
    """Raise `BurnError` when another version of otel-burn laid this database out."""
    if not con.sql(statement("steps/find_version_table")).fetchall():
        return
    ((found,),) = con.sql(statement("steps/read_version")).fetchall()
    if found is None or found == SCHEMA_VERSION:
        return
    who, remedy = (
        ("a newer", "Upgrade otel-burn") if found > SCHEMA_VERSION else ("an older", "Move it aside")
    )
    message = (
        f"this database has ledger schema {found}, and this otel-burn reads {SCHEMA_VERSION}: "
        f"{who} version wrote it. {remedy}, or name another database with --db."
    )
    raise BurnError(message)


def load_dialects(con: duckdb.DuckDBPyConnection) -> None:
    """Write the dialects of this version over whatever is there."""
    for table, rows in dialect_tables().items():
        con.register("dialect_rows", rows)
        con.execute(f"INSERT INTO store.{table} BY NAME SELECT * FROM dialect_rows")  # noqa: S608
        con.unregister("dialect_rows")


def load_rates(con: duckdb.DuckDBPyConnection) -> None:
    """Write the rates of this version, unless they are there."""
    if con.sql(statement("steps/read_rates_version")).fetchall() == [(prices.RATE_VERSION,)]:
        return
    rows = [
        {
            "provider": rate.provider,
            "model": rate.model,
            "unit": rate.unit,
            "conditions": json.dumps(dict(rate.conditions), sort_keys=True),
            "usd": round(rate.usd, 18),
            "valid_from": rate.valid_from,
            "valid_to": rate.valid_to,
            "source": rate.source,
        }
        for rate in prices.rates()
    ]
    con.register("new_rates", pa.Table.from_pylist(rows, schema=RATES))
    con.execute(statement("steps/replace_rates"), {"rate_version": prices.RATE_VERSION})
    con.unregister("new_rates")
