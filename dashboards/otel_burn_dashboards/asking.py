"""How is the ledger asked? SQL from `sql/` in, frames out."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import polars as pl

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards.scope import Scope


def ask(ledger: Ledger, name: str, params: Mapping[str, object]) -> pl.DataFrame:
    """The answer to the query *name*."""
    return frame(ledger, statement(name), params)


def ask_spent(
    ledger: Ledger, name: str, scope: Scope, *, fine: bool = False, named: Mapping[str, str] | None = None,
    **params: object,
) -> pl.DataFrame:  # fmt: skip
    """The answer to the query *name* over what was burned in *scope*, with dimensions under the names given."""
    return frame(
        ledger, scope.spent(fine=fine, **(named or {})) + statement(name), {**scope.params, **params}
    )


def frame(ledger: Ledger, sql: str, params: Mapping[str, object]) -> pl.DataFrame:
    """The answer to *sql* as a frame."""
    return pl.DataFrame(ledger.query(sql, params))


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return files("otel_burn_dashboards").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
