"""Does `otel-burn sql` say the same in every format, to the digit?"""

import csv
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from otel_burn_collector.formats import FORMATS
from otel_burn_collector.store.database import open_store

SELECT = """
    SELECT 1 AS n, 'a,"b' AS text, NULL AS nothing, 0.000000000001::DECIMAL(38, 12) AS usd,
           TIMESTAMP_NS '2026-11-23 10:00:00.123456789' AS at,
           MAP {'k': 'v'} AS attributes, [1, 2] AS ids, [{'unit': 'x', 'usd': 1.5::DECIMAL(38, 12)}] AS lines,
           true AS yes, 'é' AS accent, [TIMESTAMP_NS '2026-11-23 10:00:00.123456789'] AS times
"""


@pytest.fixture
def table() -> pa.Table:
    with duckdb.connect() as con:
        return con.sql(SELECT).to_arrow_table()


def test_json(table: pa.Table) -> None:
    """Numbers are numbers with all digits, nested is nested, times keep their nanoseconds."""
    text = FORMATS["json"](table).decode()
    (row,) = json.loads(text, parse_float=Decimal)
    assert row == {
        "n": 1,
        "text": 'a,"b',
        "nothing": None,
        "usd": Decimal("0.000000000001"),
        "at": "2026-11-23T10:00:00.123456789",
        "attributes": {"k": "v"},
        "ids": [1, 2],
        "lines": [{"unit": "x", "usd": Decimal("1.500000000000")}],
        "yes": True,
        "accent": "é",
        "times": ["2026-11-23T10:00:00.123456"],
    }


def test_csv_has_nested_columns_as_json(table: pa.Table) -> None:
    """A spreadsheet reads it, and the nested cells are valid JSON."""
    (row,) = csv.DictReader(io.StringIO(FORMATS["csv"](table).decode()))
    assert row["usd"] == "0.000000000001"
    assert row["text"] == 'a,"b'
    assert row["nothing"] == ""
    assert row["at"] == "2026-11-23T10:00:00.123456789"
    assert json.loads(row["attributes"]) == {"k": "v"}
    assert json.loads(row["lines"]) == [{"unit": "x", "usd": 1.5}]


def test_parquet_and_arrow_keep_the_table(table: pa.Table) -> None:
    """Both read back as what they were."""
    assert pq.read_table(io.BytesIO(FORMATS["parquet"](table))).equals(table)
    assert pa.ipc.open_stream(FORMATS["arrow"](table)).read_all().equals(table)


def test_a_table_is_for_eyes(table: pa.Table) -> None:
    """Columns stand under their names; money has no trailing zeros; the rows are counted."""
    lines = FORMATS["table"](table.select(["n", "usd", "text"])).decode().splitlines()
    assert lines == [
        "n             usd  text",
        "─  ──────────────  ────",
        '1  0.000000000001  a,"b',
        "(1 row)",
    ]


@pytest.mark.parametrize("name", list(FORMATS))
def test_no_rows_are_no_error(table: pa.Table, name: str) -> None:
    """An empty answer is valid in every format."""
    assert FORMATS[name](table.slice(0, 0))


def otel_burn_sql(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "otel_burn", "sql", *arguments]
    return subprocess.run(command, capture_output=True, timeout=60, env=os.environ)


def test_the_command_answers_from_the_file(tmp_path: Path) -> None:
    """To standard output and into a file; a wrong query and a missing database are one sentence."""
    db, output = tmp_path / "burn.duckdb", tmp_path / "out.parquet"
    open_store(db).close()
    done = otel_burn_sql("SELECT 1 AS n", "--db", str(db), "--format", "csv")
    assert (done.returncode, done.stdout) == (0, b"n\n1\n")
    done = otel_burn_sql("SELECT 1 AS n", "--db", str(db), "--format", "parquet", "--output", str(output))
    assert (done.returncode, done.stdout) == (0, b"")
    assert pq.read_table(output).to_pylist() == [{"n": 1}]
    done = otel_burn_sql("DROP VIEW spans", "--db", str(db))
    assert (done.returncode, done.stderr) == (1, b"otel-burn: Only SELECT can run here, and this is DROP.\n")
    done = otel_burn_sql("SELECT 1", "--db", str(tmp_path / "none.duckdb"))
    assert done.returncode == 1
    assert done.stderr.startswith(b"otel-burn: There is no database at ")
