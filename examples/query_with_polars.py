"""Ask the ledger with Polars: the most expensive blocks of context, and how often each was carried.

    python examples/query_with_polars.py [DATABASE]

Works beside a running collector (through its read-only endpoint) and without one (on the file).
"""

import sys
from pathlib import Path

import polars as pl

from otel_burn_collector.reader import open_ledger

BLOCKS = """
    SELECT calls.agent, blocks.kind, blocks.tool_name, blocks.hash, blocks.bytes, blocks.tokens, blocks.cost_usd
    FROM context_blocks AS blocks
    JOIN llm_calls AS calls USING (call_id)
"""


def main(db: Path | None) -> None:
    """Print the ten blocks that cost most."""
    with open_ledger(db) as ledger:
        blocks = pl.from_arrow(ledger.query(BLOCKS))
    assert isinstance(blocks, pl.DataFrame)
    dearest = (
        blocks.group_by("agent", "kind", "tool_name", "hash")
        .agg(
            carried=pl.len(),
            tokens=pl.col("tokens").max(),
            usd=pl.col("cost_usd").cast(pl.Float64).sum(),
        )
        .sort("usd", descending=True)
        .head(10)
    )
    with pl.Config(tbl_hide_dataframe_shape=True, fmt_str_lengths=24):
        print(dearest)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
