"""Does a file that an older otel-burn wrote become one of this version, with everything that it held?"""

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from otel_burn.errors import BurnError
from otel_burn_collector import ledger
from otel_burn_collector.reader import open_ledger
from otel_burn_collector.settings import data_dir_of
from otel_burn_collector.store import backups
from otel_burn_collector.store.database import open_store

DATA = Path(__file__).parent / "data"
CALLS = (
    "SELECT call_id, session_id, user_id, turn, input_tokens, output_tokens, cost_usd::VARCHAR AS cost_usd, "
    "context_status FROM llm_calls ORDER BY ALL"
)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A database as version 2 wrote it (commit c3fa441): twenty calls in two sessions, and one damaged record."""
    db = tmp_path / "burn.duckdb"
    db.write_bytes(gzip.decompress((DATA / "schema_2.duckdb.gz").read_bytes()))
    return db


@pytest.fixture(scope="module")
def held() -> Any:
    """What version 2 said that file holds."""
    return json.loads((DATA / "schema_2.json").read_text())


def version_of(db: Path) -> int | None:
    with duckdb.connect(db, read_only=True) as con:
        return ledger.version(con)


def test_an_older_file_is_brought_along(old: Path, held: Any) -> None:
    """Calls, spans, contexts and damage are what they were; opening again changes nothing."""
    assert version_of(old) == 2
    open_store(old).close()
    con = open_store(old)
    assert ledger.version(con) == ledger.SCHEMA_VERSION
    assert con.sql(CALLS).to_arrow_table().to_pylist() == held["calls"]
    assert con.sql("SELECT count(*) FROM spans").fetchall() == [(held["spans"],)]
    assert con.sql("SELECT reason, kept_in FROM journal.damage").fetchall() == [(held["damage"], None)]
    blocks = con.sql("SELECT count(*), sum(tokens)::BIGINT FROM context_blocks").fetchall()
    assert blocks == [tuple(held["blocks"])]
    con.close()


def test_what_was_derived_can_be_derived_again(old: Path, held: Any) -> None:
    """The tables that a later step drops and makes anew come out the same."""
    con = open_store(old)
    con.begin()
    ledger.rebuild(con)
    con.commit()
    assert con.sql(CALLS).to_arrow_table().to_pylist() == held["calls"]
    con.close()


def test_it_is_kept_as_it_was(old: Path) -> None:
    """A verified backup of the older file is there before anything is changed."""
    open_store(old).close()
    (backup,) = backups.listed(backups.folder_of(data_dir_of(old)))
    assert version_of(backup.path) == 2
    assert backup.contents.rows['store."otlp_spans"'] == 20


def test_a_reader_brings_it_along_too(old: Path, held: Any) -> None:
    """Without a collector, `otel-burn sql` and the explorer need not be told what to do first."""
    with open_ledger(old) as reader:
        assert reader.query(CALLS).to_pylist() == held["calls"]


def test_a_step_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps are one transaction."""

    def fails(con: duckdb.DuckDBPyConnection) -> None:
        raise duckdb.IOException("no space")

    monkeypatch.setattr("otel_burn_collector.ledger.schema.load_rates", fails)
    with pytest.raises(duckdb.IOException):
        open_store(old)
    assert version_of(old) == 2
    monkeypatch.undo()
    open_store(old).close()
    assert version_of(old) == ledger.SCHEMA_VERSION


def test_without_room_for_a_backup_nothing_is_changed(old: Path) -> None:
    """The sentence says what could not be written."""
    data_dir_of(old).mkdir()
    backups.folder_of(data_dir_of(old)).write_text("in the way")
    with pytest.raises(BurnError, match="cannot be written"):
        open_store(old)
    assert version_of(old) == 2


def test_every_version_has_its_step() -> None:
    """From the oldest readable version on, without a gap; each step's SQL exists."""
    from otel_burn_collector.ledger.migrations import OLDEST, STEPS
    from otel_burn_collector.ledger.statements import statement

    assert [step.to for step in STEPS] == list(range(OLDEST + 1, ledger.SCHEMA_VERSION + 1))
    assert all(statement(f"migrations/{step.sql}") for step in STEPS if step.sql)
