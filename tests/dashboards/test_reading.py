"""Does a run of a page open the file once, and let go of it?"""

import subprocess
import sys
from pathlib import Path

import pytest

from otel_burn_dashboards import reading

WRITER = "import duckdb, sys; duckdb.connect(sys.argv[1]).close()"


def can_be_written(db: Path) -> bool:
    """Whether another process may open *db* for writing."""
    return (
        subprocess.run([sys.executable, "-c", WRITER, db], capture_output=True, check=False).returncode == 0
    )


def test_a_run_opens_the_file_once(db: Path) -> None:
    """Every question of a run gets the same ledger; outside of a run each gets its own."""
    with reading.once(), reading.ledger(db) as first, reading.ledger(db) as second:
        assert first is second
    with reading.ledger(db) as first, reading.ledger(db) as second:
        assert first is not second


def test_a_run_lets_go_of_the_file(db: Path) -> None:
    """When it has ended, also by an error, and when it asks to write: so a collector can start."""
    with reading.once(), reading.ledger(db):
        assert not can_be_written(db)
        reading.release()
        assert can_be_written(db)
    with pytest.raises(ZeroDivisionError), reading.once(), reading.ledger(db):
        _ = 1 / 0
    assert can_be_written(db)
