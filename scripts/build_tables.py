"""Write docs/tables.md from the comments that stand beside the views: python scripts/build_tables.py"""

import tempfile
from itertools import groupby
from pathlib import Path

from otel_burn_collector.reader import open_ledger
from otel_burn_collector.store.database import open_store

PAGE = Path(__file__).parents[1] / "docs" / "tables.md"
COLUMNS = """
    SELECT views.view_name AS view, views.comment AS about, columns.column_name AS name, columns.data_type AS type,
           columns.comment AS comment
    FROM duckdb_views() AS views
    JOIN duckdb_columns() AS columns ON columns.table_name = views.view_name AND columns.schema_name = 'main'
    WHERE views.schema_name = 'main' AND NOT views.internal
    ORDER BY views.view_name, columns.column_index
"""
HEAD = """\
# Tables

<!-- Written by scripts/build_tables.py from the comments beside the views (ledger/sql/views/). Do not edit. -->

What `otel-burn sql`, the explorer's SQL page and any DuckDB client can ask. These names are stable. `store.*` and
`journal.*` are how it is kept: they can be read when something has to be found out, and change between
versions. Times are UTC.
"""


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page as the views of this version want it."""
    with tempfile.TemporaryDirectory() as folder:
        db = Path(folder) / "burn.duckdb"
        open_store(db).close()
        with open_ledger(db) as ledger:
            rows = ledger.query(COLUMNS).to_pylist()
    parts = [HEAD]
    for (view, about), columns in groupby(rows, key=lambda row: (row["view"], row["about"])):
        lines = [f"| `{one['name']}` | {one['type']} | {_cell(one['comment'])} |" for one in columns]
        parts.append(
            "\n".join([f"## {view}", "", f"{about}.", "", "| column | type | |", "|---|---|---|", *lines, ""])
        )
    return "\n".join(parts)


def _cell(comment: str | None) -> str:
    return (comment or "").replace("|", "\\|")


if __name__ == "__main__":
    main()
