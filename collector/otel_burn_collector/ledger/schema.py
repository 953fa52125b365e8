"""Which tables and views does a ledger have, and can this version read the file it got?

Whoever changes a table raises `SCHEMA_VERSION` by one and adds a step to `migrations.STEPS`, so that files of users
go along:

* A new table needs a step without SQL: `create` makes what is not there, and readers of the file alone see by the
  version that they have to have it made.
* A new or changed column: `ALTER TABLE …` in `sql/migrations/to_<version>_<what>.sql`, written so that it may meet a
  database without that table (`IF EXISTS`).
* A table whose rows are derived from `store.reports` (calls, sessions, tool calls …): `DROP TABLE IF EXISTS …` there,
  and `rebuild=True`; `create` makes it anew and everything is derived again.

Views are made anew at every opening. The file is backed up before (`store/database.py`), and all steps are one
transaction. `tests/collector/test_migrations.py` opens a file that version 2 wrote: it needs no change for a new step.
"""

import json
from functools import cache

import duckdb
import pyarrow as pa

from otel_burn import prices
from otel_burn.errors import BurnError
from otel_burn_collector.ledger import migrations
from otel_burn_collector.ledger.deriving import rebuild
from otel_burn_collector.ledger.dialect_rows import dialect_tables
from otel_burn_collector.ledger.statements import manifest, run, statement

SCHEMA_VERSION = migrations.STEPS[-1].to

RATES = pa.schema(
    {
        "id": pa.string(),
        "provider": pa.string(),
        "model": pa.string(),
        "unit": pa.string(),
        "conditions": pa.string(),
        "usd": pa.decimal128(38, 24),
        "valid_from": pa.string(),
        "valid_to": pa.string(),
        "source": pa.string(),
    }
)


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Give the database the tables, views, dialects and rates of this version, whatever older one it has; again is
    harmless."""
    refuse_other(con)
    found = version(con) or SCHEMA_VERSION
    con.begin()
    try:
        derive_again = migrations.migrate(con, found)
        for name in manifest():
            con.execute(statement(name))
        con.execute(statement("steps/forget_version"))
        con.execute(statement("steps/write_version"), {"version": SCHEMA_VERSION})
        load_dialects(con)
        load_rates(con)
        if derive_again:
            rebuild(con)
        elif con.sql(statement("steps/find_unsummed")).fetchall():
            run(con, "touch_sessions", "replace_quarters")
        con.commit()
    except BaseException:
        con.rollback()
        raise


def version(con: duckdb.DuckDBPyConnection) -> int | None:
    """Which schema this database has; `None` when it has no ledger yet."""
    if not con.sql(statement("steps/find_version_table")).fetchall():
        return None
    ((found,),) = con.sql(statement("steps/read_version")).fetchall()
    return None if found is None else int(found)


def refuse_other(con: duckdb.DuckDBPyConnection) -> None:
    """Raise `BurnError` when the database has a layout that no step leads from."""
    found = version(con)
    if found is None or migrations.OLDEST <= found <= SCHEMA_VERSION:
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
    columns = dict(zip(RATES.names, map(list, zip(*prices.rates(), strict=True)), strict=True))
    columns["conditions"] = [_conditions(tuple(each.items())) for each in columns["conditions"]]
    con.register("new_rates", pa.table(columns, schema=RATES))
    con.execute(statement("steps/replace_rates"), {"rate_version": prices.RATE_VERSION})
    con.unregister("new_rates")


@cache
def _conditions(items: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(dict(items), sort_keys=True)
