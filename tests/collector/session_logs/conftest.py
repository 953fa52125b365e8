"""What do the tests of session logs share? An import into a ledger of their own, and what it has then."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from otel_burn_collector.importing import Imported, Wanted, import_wanted
from otel_burn_collector.reader import open_ledger
from otel_burn_collector.session_logs.calls import LoggedCall, Problem
from otel_burn_collector.session_logs.reading import calls_in
from otel_burn_collector.session_logs.spans import request
from otel_burn_collector.session_logs.telling import tell

SUMS = """
    SELECT count(*) AS calls, coalesce(sum(uncached_input_tokens), 0)::BIGINT AS input_uncached,
           coalesce(sum(cache_read_tokens), 0)::BIGINT AS cache_read,
           coalesce(sum(cache_write_tokens), 0)::BIGINT AS cache_creation,
           coalesce(sum(output_tokens), 0)::BIGINT AS output,
           coalesce(sum(reasoning_tokens), 0)::BIGINT AS reasoning
    FROM llm_calls
"""
Row = dict[str, Any]


class Book:
    """A ledger that files are imported into."""

    def __init__(self, db: Path) -> None:
        self.db = db

    def take(self, *paths: Path, **options: Any) -> Imported:
        """Import the files at *paths*, as the command does."""
        return import_wanted(self.db, Wanted(paths=paths, **options))

    def rows(self, sql: str) -> list[Row]:
        """The answer to one SELECT."""
        with open_ledger(self.db) as ledger:
            found: list[Row] = ledger.query(sql).to_pylist()
        return found

    def sums(self) -> Row:
        """Calls and tokens."""
        (found,) = self.rows(SUMS)
        return found

    def calls(self) -> list[Row]:
        """All calls, in the order of their start."""
        return self.rows("FROM llm_calls ORDER BY started_at, call_id")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """A new ledger."""
    return Book(tmp_path / "ledger" / "burn.duckdb")


@pytest.fixture
def make_book(tmp_path: Path) -> Callable[[str], Book]:
    """Makes ledgers, by name."""
    return lambda name: Book(tmp_path / name / "burn.duckdb")


@pytest.fixture
def write_rows(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file of JSON lines below the test's own folder."""

    def write(name: str, rows: Sequence[Row | str]) -> Path:
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = (row if isinstance(row, str) else json.dumps(row, separators=(",", ":")) for row in rows)
        path.write_text("".join(f"{text}\n" for text in texts))
        return path

    return write


@pytest.fixture
def read() -> Callable[[Path], tuple[list[LoggedCall], list[Problem]]]:
    """Reads the calls in a log, as far as a span of each, and what is wrong with it."""

    def reading(path: Path) -> tuple[list[LoggedCall], list[Problem]]:
        log = tell(path)
        assert log is not None, f"{path} is not recognised"
        problems: list[Problem] = []
        calls = []
        for call in calls_in(log, problems.append):
            assert request(call)
            calls.append(call)
        return calls, problems

    return reading
