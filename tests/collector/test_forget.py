"""Is what is forgotten gone from every file, and nothing else with it?"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_burn.errors import BurnError
from otel_burn_collector import safekeeping
from otel_burn_collector.journal import archive
from otel_burn_collector.journal.records import Encoding, Kind
from otel_burn_collector.offline import Offline
from otel_burn_collector.reader import open_ledger
from otel_burn_collector.settings import data_dir_of

StartCollector = Callable[..., Any]
CANARIES = (b"canary-user-7f3a", b"canary-session-51c2", b"/canary/project", b"canary prompt 9c1d")
SUBJECT = {"user": "canary-user-7f3a", "session": "canary-session-51c2", "project": "/canary/project"}


def request(trace: int, user: str, session: str, project: str, words: str) -> bytes:
    """A trace of a root that names the subject, a call below it, and a tool that only has words."""
    export = ExportTraceServiceRequest()
    resource = export.resource_spans.add()
    resource.resource.attributes.add(key="burn.project").value.string_value = project
    scope = resource.scope_spans.add()
    scope.scope.name = "otel_burn"
    for number, said in enumerate(
        (
            {"user.id": user, "gen_ai.conversation.id": session},
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-5",
            },
            {"tool.words": words},
        )
    ):
        span = scope.spans.add(
            trace_id=trace.to_bytes(16, "big"),
            span_id=(trace * 10 + number).to_bytes(8, "big"),
            parent_span_id=(trace * 10).to_bytes(8, "big") if number else b"",
            name=f"span {number}",
            kind=3,
            start_time_unix_nano=1_790_000_000_000_000_000 + number,
            end_time_unix_nano=1_790_000_001_000_000_000 + number,
        )
        for key, value in said.items():
            span.attributes.add(key=key).value.string_value = value
        if number == 1:
            span.attributes.add(key="gen_ai.usage.input_tokens").value.int_value = 1000
            span.attributes.add(key="gen_ai.usage.output_tokens").value.int_value = 10
    return export.SerializeToString()


MINE = request(1, *SUBJECT.values(), "canary prompt 9c1d")
OTHERS = request(2, "ada", "s-ada", "/ada", "other words")


def files_with(folder: Path, words: bytes) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and words in path.read_bytes():
            yield path


def rows_with(db: Path, words: str) -> list[str]:
    """The tables with a row that holds *words* anywhere."""
    found = []
    with duckdb.connect(db, read_only=True) as con:
        tables = con.sql(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
        for (table,) in tables:
            sql = f"SELECT count(*) FROM {table} AS one WHERE contains(one::VARCHAR, ?)"
            if con.execute(sql, [words]).fetchall() != [(0,)]:
                found.append(table)
    return found


@pytest.mark.parametrize("field", SUBJECT)
def test_a_forgotten_subject_is_in_no_file(tmp_path: Path, field: str) -> None:
    """Rows, free blocks, log, segments plain and archived, backups, what was put aside; others are untouched."""
    db = tmp_path / "burn.duckdb"
    for body in (MINE, OTHERS):
        with Offline(db) as offline:
            offline.put(Kind.TRACES, Encoding.PLAIN, body)
    archive.compress(data_dir_of(db) / "journal", 2)
    backup = safekeeping.back_up(db, None)
    (data_dir_of(db) / "damaged").mkdir()
    (data_dir_of(db) / "damaged" / "old").write_bytes(CANARIES[0])
    assert all(list(files_with(tmp_path, words)) for words in CANARIES)
    assert rows_with(db, CANARIES[3].decode())

    found = safekeeping.forget(db, field, SUBJECT[field])
    assert (found["traces"], found["calls"]) == (1, 1)
    assert {words: list(files_with(tmp_path, words)) for words in CANARIES} == {
        words: [] for words in CANARIES
    }
    assert {words: rows_with(db, words.decode()) for words in CANARIES} == {words: [] for words in CANARIES}
    assert not backup.path.exists()

    with Offline(db) as offline:  # sent again, in another body
        offline.put(Kind.TRACES, Encoding.PLAIN, MINE + MINE)
    with open_ledger(db) as ledger:
        spans = ledger.query("SELECT DISTINCT trace_id FROM spans")["trace_id"].to_pylist()
        calls = ledger.query("SELECT user_id, session_id, project FROM llm_calls").to_pylist()
        assert ledger.query("SELECT reason FROM journal.damage").num_rows == 0
    assert spans == [f"{2:032x}"]
    assert calls == [{"user_id": "ada", "session_id": "s-ada", "project": "/ada"}]


@pytest.mark.parametrize("killed", [False, True])
def test_a_collector_forgets_while_it_takes_in(start_collector: StartCollector, killed: bool) -> None:
    """What arrives meanwhile is acknowledged and there, killed or not; no file has what was forgotten."""
    collector = start_collector()
    folder = collector.db.parent
    for body in (MINE, OTHERS):
        assert collector.send(body).status == 200
    collector.ledger().close()
    safekeeping.back_up(collector.db, None)
    acknowledged, erased = [2], threading.Event()
    store = collector.child("store")

    def send() -> None:
        for trace in range(100, 10_000):
            if erased.wait(0.02):
                return
            if collector.send(request(trace, "ada", f"s-{trace}", "/ada", "other words")).status == 200:
                acknowledged.append(trace)
            if killed and trace == 120:
                os.kill(store, signal.SIGKILL)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        found = safekeeping.forget(collector.db, "user", SUBJECT["user"])
    finally:
        erased.set()
        sender.join()
    assert (found["traces"], found["calls"]) == (1, 1)
    with collector.ledger() as ledger:
        traces = ledger.query("SELECT DISTINCT trace_id FROM spans")["trace_id"].to_pylist()
        assert ledger.query("SELECT reason FROM journal.damage").num_rows == 0
    assert sorted(traces) == [f"{trace:032x}" for trace in acknowledged]
    assert len(acknowledged) > 3
    collector.stop()
    assert {words: list(files_with(folder, words)) for words in CANARIES} == {words: [] for words in CANARIES}

    again = start_collector()
    assert again.send(MINE + MINE).status == 200  # in another body
    with again.ledger() as ledger:
        assert ledger.query("SELECT reason FROM journal.damage").num_rows == 0
        assert ledger.query("SELECT DISTINCT user_id FROM llm_calls").to_pylist() == [{"user_id": "ada"}]


def test_nothing_is_forgotten_without_a_subject_or_a_database(tmp_path: Path) -> None:
    """A name that nobody has changes no row; no database is a sentence."""
    db = tmp_path / "burn.duckdb"
    with pytest.raises(BurnError, match="There is no database"):
        safekeeping.forget(db, "user", "nobody")
    with Offline(db) as offline:
        offline.put(Kind.TRACES, Encoding.PLAIN, OTHERS)
    assert set(safekeeping.forget(db, "user", "nobody").values()) == {0}
    with open_ledger(db) as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": 3}]
