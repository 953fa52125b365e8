"""What does it cost to know that a span is new, as the ledger grows? The look-up alone, at 10^5, 10^6 and 10^7 spans.

    python benchmarks/ingest_lookups.py [--most 10000000] [--batch 10000]

Rows have ids at random and arrive in the order of their ends, a thousand a second, as from live agents; `old` is the
same with a span of any age in each hundred rows, which spoils the zone maps of all of them.
"""

import argparse
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import duckdb

from otel_burn_collector.store.database import open_store

LOOK = (
    files("otel_burn_collector.ledger")
    .joinpath("sql/steps/insert_spans.sql")
    .read_text()
    .partition("-- A view")[0]
)
ROWS = """
SELECT md5('t' || i // 32) AS trace_id, md5('s' || i)[:16] AS span_id,
       make_timestamp_ns($begin + age - 1_000_000) AS started_at, make_timestamp_ns($begin + age) AS ended_at
FROM (SELECT i, i * 1_000_000 - CASE WHEN $old AND i % 100 = 0 THEN hash(i) % 10_000_000 * 1_000_000 ELSE 0 END::BIGINT
                AS age
      FROM range($first, $last) AS t(i))
"""
BATCH = f"""CREATE OR REPLACE TEMP TABLE batch_spans AS
SELECT *, row_number() OVER ()::INTEGER AS row, false AS undated FROM ({ROWS})"""
KINDS = {
    "new": "UPDATE batch_spans SET span_id = reverse(span_id)",
    "sent again": "SELECT 1",
    "undated": "UPDATE batch_spans SET span_id = reverse(span_id), started_at = ended_at, undated = true",
}


def main() -> None:
    """Print a row for each size and kind of batch."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--most", type=int, default=10_000_000)
    parser.add_argument("--batch", type=int, default=10_000)
    given = parser.parse_args()
    print(
        "| spans | rows arrive | " + " | ".join(f"{kind}, µs" for kind in KINDS) + " |\n" + "|---" * 5 + "|"
    )
    for old in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            con = open_store(Path(folder) / "burn.duckdb")
            size = 0
            for wanted in (100_000, 1_000_000, 10_000_000):
                if wanted <= given.most:
                    fill(con, size, wanted, old=old)
                    size = wanted
                    show(con, size, given.batch, old=old)
            con.close()


def fill(con: duckdb.DuckDBPyConnection, first: int, last: int, *, old: bool) -> None:
    """Give the ledger the spans from *first* to *last*."""
    said = {"begin": 1_790_000_000_000_000_000, "first": first, "last": last, "old": old}
    con.execute(f"INSERT INTO store.otlp_spans BY NAME {ROWS}", said)
    con.execute("CHECKPOINT")


def show(con: duckdb.DuckDBPyConnection, size: int, batch: int, *, old: bool) -> None:
    """Print what looking up the last *batch* spans costs."""
    said = {"begin": 1_790_000_000_000_000_000, "first": size - batch, "last": size, "old": False}
    costs = []
    for change in KINDS.values():
        con.execute(BATCH, said)
        con.execute(change)
        costs.append(min(cost(con) for _ in range(5)) / batch * 1e6)
    print(
        f"| {size:,} | {'1% old' if old else 'in order'} | "
        + " | ".join(f"{each:.2f}" for each in costs)
        + " |"
    )


def cost(con: duckdb.DuckDBPyConnection) -> float:
    """Seconds of CPU, all threads, that one look-up takes."""
    begin = time.process_time()
    con.execute(LOOK)
    return time.process_time() - begin


if __name__ == "__main__":
    main()
