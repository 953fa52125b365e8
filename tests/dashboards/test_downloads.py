"""Can an answer be read back from the file it leaves as?"""

import csv
import io
import json
from datetime import datetime
from decimal import Decimal

import polars as pl

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import asking_sql, downloads

NESTED = (
    "SELECT call_id, cost_usd, cost_lines, sources FROM llm_calls WHERE session_id = 'looping' AND turn = 1"
)


def test_nested_columns_are_json_in_csv(ledger: Ledger) -> None:
    """CSV has no lists; JSON inside it can be read."""
    answer = asking_sql.select(ledger, sql=NESTED).rows
    (row,) = csv.DictReader(io.StringIO(downloads.csv(answer).decode()))
    assert json.loads(row["sources"]) == ["otel_burn@0.1.0"]
    assert Decimal(json.loads(row["cost_lines"])[0]["usd"]) > 0


def test_parquet_keeps_types(ledger: Ledger) -> None:
    """Money stays exact, lists stay lists."""
    answer = asking_sql.select(ledger, sql=NESTED).rows
    back = pl.read_parquet(io.BytesIO(downloads.parquet(answer)))
    assert back.equals(answer)
    assert back.schema["cost_usd"] == pl.Decimal(38, 12)


def test_any_value_can_leave_as_csv() -> None:
    """Times, bytes and missing lists included."""
    nested = [[{"at": datetime(2026, 1, 2), "raw": b"\x00\xff"}], None]  # noqa: DTZ001
    frame = pl.DataFrame({"number": [1, 2], "nested": nested})
    rows = list(csv.DictReader(io.StringIO(downloads.csv(frame).decode())))
    assert json.loads(rows[0]["nested"]) == [{"at": "2026-01-02T00:00:00", "raw": "00ff"}]
    assert rows[1]["nested"] == ""
