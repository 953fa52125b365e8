"""Can many read a file at once in one process, and do they all read UTC?"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from otel_burn_collector.offline import Offline
from otel_burn_collector.reader import open_ledger

ZONE = "SELECT current_setting('TimeZone') AS zone"


def test_readers_of_one_process_do_not_lock_each_other_out(tmp_path: Path) -> None:
    """Two pages of the explorer ask at the same moment."""
    db = tmp_path / "burn.duckdb"
    Offline(db).close()

    def read(_: int) -> str:
        with open_ledger(db) as ledger:
            return str(ledger.query(ZONE)["zone"][0])

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(64))) == {"UTC"}


def test_queries_run_in_utc_on_any_machine(tmp_path: Path) -> None:
    """`now()` of a query is the ledger's time, wherever the machine stands."""
    db = tmp_path / "burn.duckdb"
    Offline(db).close()
    code = (
        "import sys; from pathlib import Path; from otel_burn_collector.reader import open_ledger; "
        f'print(open_ledger(Path(sys.argv[1])).query("{ZONE}")["zone"][0])'
    )
    told = subprocess.run(
        [sys.executable, "-c", code, str(db)],
        env={**os.environ, "TZ": "Pacific/Auckland"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "UTC"
