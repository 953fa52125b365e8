"""Can the ledger be read with and without a collector, and does a reader follow its database?"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from otel_burn.errors import BurnError
from otel_burn_collector import ledger as tables
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.journal.writer import JournalWriter
from otel_burn_collector.offline import journal_folder
from otel_burn_collector.reader import Ledger, find_collector, open_ledger
from otel_burn_collector.store import commands

MakeSpans = Callable[..., bytes]
StartCollector = Callable[..., Any]


def finding(number: int, partition: str) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(tables.FINDINGS.names)
    given = {
        "finding_id": str(number),
        "partition": partition,
        "detector": "loops",
        "tier": "loop",
        "call_ids": ["a", "b"],
        "span_ids": [],
        "wasted_usd_low": Decimal("0.000000000001"),
    }
    return row | given


def replace(ledger: Ledger, partitions: list[str], *findings: dict[str, Any]) -> list[str]:
    found = pa.Table.from_pylist(list(findings), schema=tables.FINDINGS)
    ledger.replace_findings(detectors=["loops"], partitions=dict.fromkeys(partitions), findings=found)
    ids: list[str] = ledger.query("SELECT finding_id FROM findings ORDER BY 1")["finding_id"].to_pylist()
    return ids


def spans(ledger: Ledger) -> int:
    return int(ledger.query("SELECT count(*) AS n FROM spans")["n"][0].as_py())


def test_no_database_is_a_sentence_with_a_remedy(tmp_path: Path) -> None:
    """It says how to get one."""
    with pytest.raises(BurnError, match=r"There is no database at .*otel-burn run .*--db"):
        open_ledger(tmp_path / "none.duckdb")


def test_a_reader_follows_its_database(start_collector: StartCollector, make_spans: MakeSpans) -> None:
    """One ledger object lives through a collector's end and the next one's start, and never holds the file."""
    collector = start_collector()
    collector.send(make_spans(1))
    ledger = collector.ledger()
    assert (ledger.via, spans(ledger)) == ("collector", 1)
    assert collector.stop() == 0
    assert spans(ledger) == 1
    assert ledger.via == "file"
    again = start_collector(db=collector.db)
    again.send(make_spans(2))
    again.ledger()
    assert spans(ledger) == 2
    assert ledger.via == "collector"


def test_freshness_through_a_collector(start_collector: StartCollector, make_spans: MakeSpans) -> None:
    """When the newest telemetry arrived, once there is any."""
    collector = start_collector()
    with collector.ledger() as ledger:
        assert ledger.freshness().as_of is None
        assert ledger.freshness().sentence == "Nothing has been received yet (the collector)."
        collector.send(make_spans(1))
        assert ledger.wait_loaded(30)
        freshness = ledger.freshness()
    assert freshness.as_of is not None
    assert timedelta() <= datetime.now(UTC) - freshness.as_of < timedelta(minutes=1)
    assert not freshness.waiting
    assert freshness.sentence.startswith("As of 20")


def test_without_a_collector_a_waiting_journal_is_told(
    start_collector: StartCollector, make_spans: MakeSpans
) -> None:
    """What a killed collector had only journalled is not in the file, and the reader says so and what to do."""
    collector = start_collector()
    collector.send(make_spans(1))
    collector.ledger()
    assert collector.stop() == 0
    with open_ledger(collector.db) as ledger:
        assert not ledger.freshness().waiting
        assert ledger.wait_loaded(0)
        journal = JournalWriter(journal_folder(collector.db))
        journal.append(Kind.TRACES, Encoding.PLAIN, make_spans(2)).result(10)
        journal.close()
        assert not ledger.wait_loaded(0)
        freshness = ledger.freshness()
    assert freshness.waiting
    assert "waits in the journal: start `otel-burn collector`" in freshness.sentence
    with start_collector(db=collector.db).ledger() as ledger:
        assert spans(ledger) == 2


def test_findings_are_replaced_through_a_collector(start_collector: StartCollector) -> None:
    """A detector replaces its partitions as a whole; others stay; they can be read at once."""
    with start_collector().ledger() as ledger:
        assert replace(ledger, ["s1", "s2"], finding(1, "s1"), finding(2, "s2")) == ["1", "2"]
        assert replace(ledger, ["s1"], finding(3, "s1")) == ["2", "3"]
        assert replace(ledger, ["s2"]) == ["3"]


def test_findings_are_replaced_without_a_collector(start_collector: StartCollector) -> None:
    """The lock is taken, the same code runs, and the file is free again."""
    collector = start_collector()
    assert collector.stop() == 0
    with open_ledger(collector.db) as ledger:
        assert replace(ledger, ["s1"], finding(1, "s1")) == ["1"]
        assert ledger.via == "file"
    with start_collector(db=collector.db).ledger() as ledger:
        assert ledger.query("SELECT finding_id, call_ids FROM findings").to_pylist() == [
            {"finding_id": "1", "call_ids": ["a", "b"]}
        ]


def test_a_mark_survives_the_detector(start_collector: StartCollector) -> None:
    """What somebody said of a finding stays when the detector runs again, with a collector and without."""
    marked = "SELECT finding_id, expected, note FROM findings ORDER BY 1"
    collector = start_collector()
    with collector.ledger() as ledger:
        replace(ledger, ["s1"], finding(1, "s1"), finding(2, "s1"))
        ledger.mark("1", expected=True, note="a poller")
        replace(ledger, ["s1"], finding(1, "s1"), finding(2, "s1"))
        rows = [tuple(row.values()) for row in ledger.query(marked).to_pylist()]
    assert rows == [("1", True, "a poller"), ("2", False, None)]
    assert collector.stop() == 0
    with open_ledger(collector.db) as ledger:
        ledger.mark("1", expected=False)
        assert ledger.query(marked)["expected"].to_pylist() == [False, False]


@pytest.mark.parametrize("wrong", [{"expected": 1}, {"note": 2}, {"finding_id": None}, {"marked_at": True}])
def test_a_mark_that_says_something_else_is_refused(wrong: dict[str, Any]) -> None:
    """The write door takes a mark as it is defined, and names what it got."""
    good = json.loads(commands.mark(finding_id="1", expected=True, note=None, marked_at=0))
    commands.check(good)
    with pytest.raises(ValueError, match=f"mark needs `{next(iter(wrong))}`, got"):
        commands.check(good | wrong)


def test_a_stale_announcement_is_ignored(start_collector: StartCollector) -> None:
    """collector.json of a killed collector does not make a collector."""
    collector = start_collector()
    collector.process.kill()
    collector.process.wait()
    for _ in range(100):
        if find_collector(collector.db) is None:
            break
    with open_ledger(collector.db) as ledger:
        assert spans(ledger) == 0
