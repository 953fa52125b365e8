"""How do listed contexts become paths through one tree of blocks? SQL for the blocks, Python for a list's beginning."""

import duckdb

from otel_burn_collector.ledger.chains import (
    Listed,
    Part,
    all_parts,
    branch_nodes,
    branch_rows,
    path_rows,
    place,
    start_rows,
    stored_path,
)
from otel_burn_collector.ledger.statements import count, registered, rows, run


def store_lists(con: duckdb.DuckDBPyConnection) -> bool:
    """Store what the new reports list, and again what waited for it: `unblocked` has the latter, if there is any."""
    run(con, "find_lists")
    if not count(con, "listings"):
        return False
    run(con, "find_bases")
    lists = [Listed(**row) for row in rows(con, "read_lists")]
    stored = [stored_path(row) for row in rows(con, "read_bases")]
    cuts = {
        (row["chain_key"], row["position"]): (row["node_key"], row["bytes"]) for row in rows(con, "read_cuts")
    }
    placed = place(lists, stored, cuts)
    with registered(con, starts=start_rows(placed)):
        run(con, "place_blocks")
        nodes = [(row["node_key"], row["parent_key"], row["branch"]) for row in rows(con, "read_nodes")]
        (last,) = (row["branch"] for row in rows(con, "last_branch"))
        with registered(con, branched=branch_rows(branch_nodes(nodes, last))):
            own: dict[str, list[Part]] = {}
            for row in rows(con, "read_parts"):
                own.setdefault(row["report_id"], []).append(Part(row["branch"], row["first"], row["last"]))
            with registered(con, paths=path_rows(placed, all_parts(placed, own))):
                run(con, "insert_lists")
    return count(con, "unblocked") > 0
