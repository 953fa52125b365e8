"""Can whatever a user selects be shown and downloaded?"""

import pytest

from otel_burn_collector.reader import Ledger
from otel_burn_dashboards import asking_sql, downloads

VALUES = {
    "max(started_at) - min(started_at)": "0:02:00",
    "INTERVAL '14 months 3 days'": "14 months 3 days, 0:00:00",
    "[INTERVAL 1 DAY]": "['1 day, 0:00:00']",
    "union_value(a := 1)": "1",
    "uuid()::VARCHAR IS NOT NULL": True,
    "'a'::BLOB": b"a",
    "1::HUGEINT": 1,
    "MAP {'a': 1}": None,
    "NULL": None,
    "'a'::ENUM ('a', 'b')": "a",
}


@pytest.mark.parametrize("sql", VALUES)
def test_any_type_is_shown_and_leaves_as_a_file(ledger: Ledger, sql: str) -> None:
    """An interval, a union, a map: nothing that DuckDB has breaks the page."""
    answer = asking_sql.select(
        ledger, sql=f"SELECT {sql} AS x FROM llm_calls WHERE session_id = 'looping' LIMIT 1"
    ).rows
    if VALUES[sql] is not None:
        assert answer.item() == VALUES[sql]
    assert downloads.csv(answer).startswith(b"x\n")
    assert downloads.parquet(answer)


def test_columns_of_one_name_are_numbered(ledger: Ledger) -> None:
    """A join of two views repeats names; both columns are shown."""
    answer = asking_sql.select(ledger, sql="SELECT 1 AS x, 2 AS x, 3 AS x_1").rows
    assert dict(zip(answer.columns, answer.row(0), strict=True)) == {"x": 1, "x_1": 2, "x_1_1": 3}
