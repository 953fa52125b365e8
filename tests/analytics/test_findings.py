"""Do detectors and ledger meet without loss: in chunks, and where nothing can be stored?"""

import shutil
from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from polars.testing import assert_frame_equal

from otel_burn.cli import dispatch
from otel_burn.errors import BurnError
from otel_burn_analytics import findings
from otel_burn_analytics.detectors import loops
from otel_burn_analytics.finding import FINDINGS
from otel_burn_analytics.following import follow
from otel_burn_analytics.queries import sql
from otel_burn_analytics.registry import DETECTORS
from otel_burn_collector import ledger as storage
from otel_burn_collector.reader import Ledger, open_ledger


def test_a_finding_has_the_columns_that_the_ledger_stores() -> None:
    """In the same types; the order is the ledger's own."""
    stored = FINDINGS.to_frame().to_arrow().select(storage.FINDINGS.names).cast(storage.FINDINGS)
    assert set(FINDINGS) == set(stored.column_names)


def test_chunks_change_nothing(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session at a time finds what all at once finds."""
    with open_ledger(db) as ledger:
        monkeypatch.setattr(findings, "_rules", lambda _: "judged by no other test")
        whole = findings.judge(ledger, store=False)
        monkeypatch.setattr(findings, "CHUNK_CALLS", 1)
        parts = findings.judge(ledger)
    assert_frame_equal(whole.findings, parts.findings, check_row_order=False)
    assert (whole.calls, whole.calls_with_context) == (parts.calls, parts.calls_with_context) == (16, 14)
    assert {"loops", "context_bloat"} <= set(whole.findings["detector"])


def test_only_what_changed_is_judged_again(
    db: Path, tmp_path: Path, one_more: Callable[[Path], None]
) -> None:
    """The rest is as it was found, and what changed is replaced as a whole."""
    copy = Path(shutil.copy(db, tmp_path / "burn.duckdb"))
    with open_ledger(copy) as ledger:
        session = [each for each in DETECTORS if each.partition == "session"]
        first = findings.judge(ledger, detectors=session)
        again = findings.judge(ledger, detectors=session)
        assert again.judged == 0
        assert_frame_equal(first.findings, again.findings, check_row_order=False)
        one_more(copy)
        after = findings.judge(ledger, detectors=session)
    assert after.judged == 1
    loops = [frame.filter(pl.col("detector") == "loops") for frame in (first.findings, after.findings)]
    assert loops[0]["finding_id"].to_list() == loops[1]["finding_id"].to_list()


def test_judging_again_replaces(db: Path) -> None:
    """A partition's findings are replaced as a whole: what is no longer found is gone."""
    with open_ledger(db) as ledger:
        findings.judge(ledger)
        nothing = FINDINGS.to_frame().to_arrow().select(storage.FINDINGS.names).cast(storage.FINDINGS)
        ledger.replace_findings(detectors=["loops"], partitions={"fixer-session": None}, findings=nothing)
        left = ledger.query("SELECT detector FROM findings")["detector"].to_pylist()
        findings.judge(ledger)
        again = ledger.query("SELECT detector FROM findings ORDER BY ALL")["detector"].to_pylist()
    assert "context_bloat" in left
    assert "loops" not in left
    assert set(again) == {*left, "loops"}


def test_a_report_does_without_storing(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A database that cannot be written to is no reason to say nothing; the reader is told."""

    def refuse(self: Ledger, **_: Any) -> None:
        raise BurnError("the disk is full; make room.")

    monkeypatch.setattr(Ledger, "replace_findings", refuse)
    monkeypatch.setattr(findings, "_rules", lambda _: "other rules, by which nothing was judged yet")
    assert dispatch(["report", "--db", str(db)]) == 0
    said = capsys.readouterr().out
    assert "NOTE  The findings could not be stored: the disk is full; make room." in said
    assert "run_tests was called 5 times" in said


def test_following_tells_what_is_new(recent: Path, one_more_failure: Callable[[Path, int], None]) -> None:
    """A warning when the third equal call is made, a loop when it has failed too, and nothing while it goes on."""
    numbers = count(1)
    with open_ledger(recent) as ledger:
        looks = follow(
            ledger, detectors=[loops.DETECTOR], pause=lambda: one_more_failure(recent, next(numbers))
        )
        told = [next(looks)["tier"].to_list() for _ in range(6)]
    assert told == [[], [], [], ["warn"], ["loop"], []]


def test_the_last_context_of_a_session_is_as_the_view_has_it(db: Path) -> None:
    """Read from the branches as they are stored, which takes a hundredth of unfolding the view."""
    long = {"from": datetime(2026, 1, 1), "to": datetime(2027, 1, 1)}  # noqa: DTZ001 - the ledger's times are UTC
    newest = (
        "SELECT arg_max(call_id, started_at) FROM llm_calls WHERE context_status = 'full' GROUP BY session_id"
    )
    with open_ledger(db) as ledger:
        sessions = ledger.query("SELECT DISTINCT session_id FROM llm_calls")["session_id"].to_pylist()
        params = {**long, "partition": "session", "keys": sessions}
        found = ledger.query(sql("last_contexts"), params).to_pylist()
        columns = ", ".join(found[0])
        told = ledger.query(f"SELECT {columns} FROM context_blocks WHERE call_id IN ({newest})").to_pylist()
    assert sorted(map(str, found)) == sorted(map(str, told))
    assert len({row["session_id"] for row in found}) == 2


def test_findings_of_sessions_that_are_gone_go(db: Path, tmp_path: Path) -> None:
    """Two sessions that turn out to be one leave nothing behind."""
    copy = Path(shutil.copy(db, tmp_path / "burn.duckdb"))
    lost = FINDINGS.to_frame().to_arrow().select(storage.FINDINGS.names).cast(storage.FINDINGS)
    row = {
        **dict.fromkeys(storage.FINDINGS.names),
        "finding_id": "f",
        "partition": "no more",
        "detector": "loops",
    }
    with open_ledger(copy) as ledger:
        ledger.replace_findings(
            detectors=["loops"],
            partitions={"no more": "state"},
            findings=pa.concat_tables([lost, pa.Table.from_pylist([row], schema=storage.FINDINGS)]),
        )
        findings.judge(ledger)
        left = ledger.query("SELECT partition FROM findings UNION SELECT partition FROM judgements")
    assert "no more" not in left["partition"].to_pylist()


def test_content_and_a_second_instrumentation_change_nothing(
    loop_spans: list[dict[str, Any]], arrived: Callable[[str, list[dict[str, Any]]], Path]
) -> None:
    """The same calls with their words, or reported by another library as well, are the same findings."""
    words = ("gen_ai.input.messages", '[{"role": "user", "parts": [{"type": "text", "content": "fix it"}]}]')
    told = [one | {"attributes": [*one["attributes"], words]} for one in loop_spans]
    usage = (
        "gen_ai.operation.name",
        "gen_ai.provider.name",
        "gen_ai.request.model",
        "gen_ai.usage.input_tokens",
    )
    others = [
        one
        | {
            "span_id": f"{0xFFFF - number:016x}",
            "parent_span_id": one["span_id"],
            "scope_name": "opentelemetry.instrumentation.anthropic",
            "attributes": [pair for pair in one["attributes"] if pair[0] in usage],
        }
        for number, one in enumerate(loop_spans)
    ]
    sets = {"plain": loop_spans, "with words": told, "twice": [*loop_spans, *others]}
    found = []
    for name, spans in sets.items():
        with open_ledger(arrived(name, spans)) as ledger:
            judged = findings.judge(ledger, store=False).findings
        found.append(
            judged.select("finding_id", "detector", "tier", "call_ids", "wasted_tokens", "wasted_usd_high")
        )
    assert found[0].height > 0
    assert_frame_equal(found[0], found[1], check_row_order=False)
    assert_frame_equal(found[0], found[2], check_row_order=False)
