"""What would it cost at today's rates? Prices a copy of the ledger again, and compares."""

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from otel_burn_collector import safekeeping
from otel_burn_collector.ledger import periods
from otel_burn_collector.store.database import open_store

BEFORE = """
    CREATE TEMP TABLE before AS SELECT call_id, cost_usd, cost_status FROM llm_calls WHERE started_at >= $since
"""
DIFFERENCE = """
    SELECT now.started_at::DATE AS day, now.provider, coalesce(now.response_model, now.request_model) AS model,
           count(*) AS calls, sum(before.cost_usd)::DECIMAL(38, 12) AS before_usd,
           sum(now.cost_usd)::DECIMAL(38, 12) AS after_usd,
           (coalesce(sum(now.cost_usd), 0) - coalesce(sum(before.cost_usd), 0))::DECIMAL(38, 12) AS difference_usd,
           count(*) FILTER (before.cost_usd IS NULL AND now.cost_usd IS NOT NULL) AS newly_priced,
           count(*) FILTER (before.cost_usd IS NOT NULL AND now.cost_usd IS NULL) AS no_longer_priced
    FROM llm_calls AS now JOIN before USING (call_id)
    WHERE before.cost_usd IS DISTINCT FROM now.cost_usd OR before.cost_status <> now.cost_status
    GROUP BY ALL ORDER BY day, abs(difference_usd) DESC, provider, model
"""


def preview(db: Path, since: datetime) -> pa.Table:
    """What pricing all calls since then again would change, by day and model; the ledger stays as it is."""

    def compare(con: duckdb.DuckDBPyConnection) -> pa.Table:
        con.execute(BEFORE, {"since": since.replace(tzinfo=None)})
        con.begin()
        periods.reprice(con, int(since.timestamp()) * 10**9)
        found: pa.Table = con.sql(DIFFERENCE).to_arrow_table()
        con.rollback()
        return found

    return on_a_copy(db, compare)


def on_a_copy(db: Path, question: Callable[[duckdb.DuckDBPyConnection], Any]) -> Any:
    """The answer of a verified copy, which may be written to, and is gone afterwards.

    It stands beside the database, where there is room for it and nobody else reads it.
    """
    with tempfile.TemporaryDirectory(dir=db.parent, prefix=f".{db.name}.copy-") as folder:
        copy = Path(folder) / "copy.duckdb"
        safekeeping.back_up(db, copy)
        con = open_store(copy)
        try:
            return question(con)
        finally:
            con.close()
