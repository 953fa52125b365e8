"""Does a ledger open as it should, and say what it has?"""

from typing import Any

import duckdb
import pyarrow as pa
import pytest

from otel_burn.errors import BurnError
from otel_burn_collector import ledger


def test_creating_again_changes_nothing(world: Any) -> None:
    """An existing ledger keeps its rows."""
    world.load(world.chat())
    ledger.create(world.con)
    assert len(world.calls()) == 1


@pytest.mark.parametrize(
    ("version", "remedy"), [(99, "newer.*Upgrade otel-burn"), (1, "older.*Move it aside")]
)
def test_another_layout_is_refused_with_a_remedy(version: int, remedy: str) -> None:
    """The message says what the file has, what we read, and what to do."""
    with duckdb.connect(":memory:") as con:
        ledger.create(con)
        con.execute("UPDATE store.schema_version SET version = ?", [version])
        with pytest.raises(BurnError, match=rf"schema {version},.*reads {ledger.SCHEMA_VERSION}: .*{remedy}"):
            ledger.create(con)


def test_every_view_says_what_a_row_is(world: Any) -> None:
    """`DESCRIBE` and catalogue browsers show a sentence for each view of ours."""
    views = world.rows(
        "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'"
    )
    assert {view["view_name"] for view in views} == {
        *("spans", "logs", "metrics", "llm_calls", "attempts", "context_blocks"),
        *("tool_calls", "sessions", "findings", "judgements", "rates", "daily", "quarters"),
        *("bookings", "periods", "reports", "usage_metrics"),
    }
    assert all(view["comment"] for view in views)


def test_the_rates_are_in_the_ledger(world: Any) -> None:
    """The dated price table can be joined with."""
    found = world.rows("SELECT usd FROM rates WHERE model LIKE 'claude-opus-4%' AND unit = 'input_tokens'")
    assert found
    assert all(rate["usd"] > 0 for rate in found)


def _finding(finding_id: str, partition: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(ledger.FINDINGS.names)
    return row | {"finding_id": finding_id, "partition": partition, "detector": "loops", "tier": "loop"}


def test_findings_replace_their_partitions_as_a_whole(world: Any) -> None:
    """What a detector found before in a partition goes; other partitions stay."""

    def replace(partitions: list[str], *findings: dict[str, Any]) -> list[str]:
        rows = pa.Table.from_pylist(list(findings), schema=ledger.FINDINGS)
        ledger.replace_findings(
            world.con, detectors=["loops"], partitions=dict.fromkeys(partitions, "state"), findings=rows
        )
        return [row["finding_id"] for row in world.rows("SELECT finding_id FROM findings ORDER BY ALL")]

    assert replace(["s1", "s2"], _finding("f1", "s1"), _finding("f2", "s2")) == ["f1", "f2"]
    assert replace(["s1"], _finding("f3", "s1")) == ["f2", "f3"]
    assert replace(["s1"]) == ["f2"]
    judged = world.rows("SELECT detector, partition, state FROM judgements ORDER BY partition")
    assert [tuple(row.values()) for row in judged] == [("loops", "s1", "state"), ("loops", "s2", "state")]
