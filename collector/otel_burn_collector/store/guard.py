"""May this SQL run? Exactly one SELECT that can neither write nor leave the database, told by its syntax tree.

A read-only transaction and external access switched off are not enough: DuckDB 2.0 lets
`WITH x AS (COPY t TO '<database>.wal') SELECT 1` overwrite its own log, `SELECT * FROM checkpoint()` stall the
writer, and `read_blob` read the database's file. So the tree may hold only what is listed here.
"""

import json
from collections.abc import Iterator
from typing import Any

import duckdb

_NODES = frozenset(
    {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE", "VALUES_NODE", "STATEMENT_NODE"}
)
_TABLES = frozenset({"BASE_TABLE", "TABLE_FUNCTION"})
_TABLE_FUNCTIONS = frozenset(
    {
        "duckdb_columns",
        "duckdb_constraints",
        "duckdb_databases",
        "duckdb_functions",
        "duckdb_keywords",
        "duckdb_schemas",
        "duckdb_tables",
        "duckdb_types",
        "duckdb_views",
        "generate_series",
        "json_each",
        "json_tree",
        "pragma_table_info",
        "pragma_version",
        "range",
        "repeat",
        "unnest",
    }
)
_FORBIDDEN_FUNCTIONS = frozenset(
    {
        "currval",
        "getenv",
        "json_execute_serialized_sql",
        "json_serialize_plan",  # binds SQL that nobody has checked
        "nextval",
        "pg_sleep",
        "query",
        "query_table",
        "setval",
        "sleep_ms",
        "write_log",
    }
)
_FORBIDDEN_PREFIX = "__internal"
"""What the planner calls: it trusts its arguments, and an error there invalidates the whole instance."""
MOST_CHARACTERS = 64 << 10
MOST_TABLES = 100
"""In one SELECT: planning 100 joins takes a second, 500 more than a minute, and planning cannot be interrupted."""
MOST_NAME_PARTS = 16
"""Of a dotted name: binding one of 4,000 parts takes five seconds."""


class RefusedSqlError(Exception):
    """SQL that may not run, and why."""


def check_sql(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Raise `RefusedSqlError` unless *sql* is one SELECT that only reads this database."""
    if not _is_text(sql):
        raise RefusedSqlError("The SQL cannot be read. It is no valid Unicode.")
    if len(sql) > MOST_CHARACTERS:
        raise RefusedSqlError(
            f"The SQL has {len(sql):,} characters; {MOST_CHARACTERS:,} can be read. Bind lists as parameters."
        )
    try:
        types = [statement.type for statement in con.extract_statements(sql)]
    except (duckdb.Error, ValueError) as error:  # ValueError: a type that duckdb's Python side does not know
        raise RefusedSqlError(f"The SQL cannot be read. {_first_line(error)}") from error
    if len(types) != 1:
        raise RefusedSqlError(f"Send exactly one SELECT; this is {len(types)} statements.")
    if types[0] != duckdb.StatementType.SELECT:
        raise RefusedSqlError(f"Only SELECT can run here, and this is {types[0].name}.")
    tables = 0
    for node in _nodes(_tree(con, sql)):
        _check_node(node)
        tables += node.get("type") in _TABLES
    if tables > MOST_TABLES:
        raise RefusedSqlError(f"The SELECT names {tables:,} tables; up to {MOST_TABLES} can be planned.")


def _tree(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    try:
        # Fetched to the end: an open result would keep the cursor from the question itself.
        rows = con.execute("SELECT json_serialize_sql($sql::VARCHAR)", {"sql": sql}).fetchall()
        tree = json.loads(rows[0][0])
    except (duckdb.Error, ValueError, RecursionError) as error:
        raise RefusedSqlError(f"The SQL cannot be read. {_first_line(error)}") from error
    if tree.get("error"):
        raise RefusedSqlError(f"Only SELECT can run here. {tree.get('error_message', '')}")
    return tree


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _check_node(node: dict[str, Any]) -> None:
    if node.get("materialized") == "CTE_MATERIALIZE_NEVER":
        # Bound anew wherever it is named: twenty that each name the one before twice take a minute, and all threads.
        raise RefusedSqlError("NOT MATERIALIZED is not available here. Leave it away.")
    kind = node.get("type")
    if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _NODES:
        raise RefusedSqlError(f"Only SELECT can run here, and this holds {kind.removesuffix('_QUERY_NODE')}.")
    if kind == "TABLE_FUNCTION":
        name = _function_name(node.get("function") or {})
        if name not in _TABLE_FUNCTIONS:
            raise RefusedSqlError(f"The table function {name!r} is not available here.")
    elif kind == "BASE_TABLE" and "/" in str(node.get("table_name")):
        raise RefusedSqlError(f"There is no table {node['table_name']!r}, and files are not available here.")
    elif kind == "FUNCTION" and _forbidden(_function_name(node)):
        raise RefusedSqlError(f"The function {_function_name(node)!r} is not available here.")
    elif kind == "COLUMN_REF" and len(node.get("column_names") or ()) > MOST_NAME_PARTS:
        raise RefusedSqlError(f"A name has more than {MOST_NAME_PARTS} parts.")


def _is_text(sql: str) -> bool:
    try:
        sql.encode()
    except UnicodeEncodeError:
        return False
    return True


def _forbidden(name: str) -> bool:
    return name in _FORBIDDEN_FUNCTIONS or name.startswith(_FORBIDDEN_PREFIX)


def _function_name(node: dict[str, Any]) -> str:
    return str(node.get("function_name") or "").lower()


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
