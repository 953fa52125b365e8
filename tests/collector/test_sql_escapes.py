"""Can whoever has the token do anything through SQL but read the ledger? Tried on a collector under load."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from otel_burn.errors import BurnError
from otel_burn_collector.discovery import status
from otel_burn_collector.reader import open_ledger

Collector = Any
MakeSpans = Callable[..., bytes]
Asking = Callable[..., Any]

# Stands in files that nobody may read; nothing that a machine writes by itself looks like it.
CANARY = "what nobody may read\n"

STATEMENTS = [
    "INSERT INTO journal.bodies VALUES (uuid(), now())",
    "DELETE FROM journal.position",
    "DELETE FROM journal.position RETURNING 1",
    "UPDATE journal.position SET segment = 0",
    "MERGE INTO journal.bodies USING (SELECT 1) ON false WHEN NOT MATCHED THEN INSERT VALUES (uuid(), now())",
    "TRUNCATE journal.position",
    "DROP TABLE journal.position",
    "DROP VIEW spans",
    "ALTER TABLE journal.position RENAME TO gone",
    "CREATE TABLE t (i INT)",
    "CREATE TABLE t AS SELECT 1",
    "CREATE TEMP TABLE t (i INT)",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TEMP VIEW v AS SELECT 1",
    "CREATE OR REPLACE VIEW spans AS SELECT 1",
    "CREATE MACRO m() AS 1",
    "CREATE TEMP MACRO m() AS TABLE SELECT 1",
    "CREATE SEQUENCE s",
    "CREATE SCHEMA s",
    "CREATE TYPE t AS ENUM ('a')",
    "CREATE INDEX i ON journal.position (segment)",
    "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "COMMENT ON VIEW spans IS 'x'",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "EXPLAIN ANALYZE INSERT INTO journal.bodies VALUES (uuid(), now())",
    "EXPLAIN ANALYZE DELETE FROM journal.position",
    "PRAGMA database_list",
    "PRAGMA enable_profiling",
    "PRAGMA memory_limit='1TB'",
    "CALL force_checkpoint()",
    "CALL pragma_version()",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "ABORT",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "DEALLOCATE p",
    "USE memory",
    "SET threads = 1",
    "SET GLOBAL enable_external_access = true",
    "SET VARIABLE x = 1",
    "SET lock_configuration = false",
    "RESET threads",
    "RESET lock_configuration",
    "LOAD json",
    "INSTALL httpfs",
    "FORCE INSTALL httpfs FROM 'http://127.0.0.1:1'",
    "UPDATE EXTENSIONS",
    "ATTACH ':memory:' AS m",
    "ATTACH '{db}' AS again (READ_ONLY)",
    "DETACH burn",
    "CONNECT 'x'",
    "COPY journal.position TO '{folder}/stolen.csv'",
    "COPY journal.position FROM '{file}'",
    "COPY (SELECT 1) TO '/dev/stdout'",
    "COPY FROM DATABASE burn TO memory",
    "EXPORT DATABASE '{folder}/stolen'",
    "IMPORT DATABASE '{folder}'",
    "PIVOT spans ON name USING count(*)",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE journal.position",
    "SELECT 1) t; DELETE FROM journal.position; SELECT * FROM (SELECT 1",
    "COMMIT; DELETE FROM journal.position",
    "/* SELECT 1 */ DELETE FROM journal.position",
    "--\nDELETE FROM journal.position",
    "DELETE/**/FROM journal.position",
    "\ufeffDELETE FROM journal.position",
    "\u00a0DELETE FROM journal.position",
    "DELETE FROM journal.position -- SELECT 1",
    "SELECT 1 --\n; DELETE FROM journal.position",
    "SELECT 1;\u2028DELETE FROM journal.position",
    "",
    ";",
    "-- nothing",
    "/*",
    "not sql",
    "\x00",
    "SELECT 1\x00; DELETE FROM journal.position",
    "\ud800",
]
"""Anything that is not one SELECT."""

WRITING = [
    "WITH x AS (INSERT INTO journal.bodies VALUES (uuid(), now()) RETURNING 1) SELECT * FROM x",
    "WITH x AS (UPDATE journal.position SET segment = 1 RETURNING 1) SELECT * FROM x",
    "WITH x AS (DELETE FROM journal.position RETURNING 1) SELECT * FROM x",
    "WITH x AS (DELETE FROM journal.position RETURNING 1) SELECT 1",
    "WITH x AS MATERIALIZED (DELETE FROM journal.position RETURNING 1) SELECT 1",
    "WITH RECURSIVE x AS (SELECT 1 UNION ALL (WITH y AS (DELETE FROM journal.position RETURNING 1) FROM y)) FROM x",
    "WITH x AS (MERGE INTO journal.bodies USING (SELECT 1) ON false "
    "WHEN NOT MATCHED THEN INSERT VALUES (uuid(), now()) RETURNING 1) SELECT * FROM x",
    "SELECT 1 WHERE 1 IN (WITH x AS (DELETE FROM journal.position RETURNING 1 AS a) SELECT a FROM x)",
    "SELECT 1 LIMIT (WITH x AS (DELETE FROM journal.position RETURNING 1 AS a) SELECT a FROM x)",
    "SELECT 1 OFFSET (WITH x AS (DELETE FROM journal.position RETURNING 1 AS a) SELECT a FROM x)",
    "SELECT 1 ORDER BY (WITH x AS (DELETE FROM journal.position RETURNING 1 AS a) SELECT a FROM x)",
    "SELECT list_transform([1], lambda i: (WITH x AS (DELETE FROM journal.position RETURNING 1 AS a) FROM x))",
    "SELECT * FROM (WITH x AS (DELETE FROM journal.position RETURNING 1) FROM x) UNION ALL SELECT 1",
    "SELECT * FROM (DELETE FROM journal.position RETURNING 1)",
    "VALUES ((WITH x AS (DELETE FROM journal.position RETURNING 1 AS a) SELECT a FROM x))",
    "WITH x AS (COPY journal.position TO '{folder}/stolen.csv') SELECT 1",
    # Access to its own files is the one that DuckDB leaves open: this one overwrote the write-ahead log.
    "WITH x AS (COPY journal.position TO '{db}.wal') SELECT 1",
    "WITH x AS (EXPLAIN ANALYZE DELETE FROM journal.position) SELECT 1",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM Force_Checkpoint()",
    "SELECT * FROM system.main.checkpoint()",
    'SELECT * FROM "checkpoint"()',
    "SELECT * FROM enable_logging()",
    "SELECT * FROM disable_logging()",
    "SELECT * FROM truncate_duckdb_logs()",
    "SELECT * FROM enable_profiling()",
    "SELECT * FROM add_grammar_extension('x')",
    "SELECT * FROM create_external_resource('x')",
    "SELECT write_log('x')",
    "SELECT nextval('s')",
    "SELECT currval('s')",
    "SELECT setval('s', 1)",
]
"""SELECTs that would change something, here or on disk."""

LEAVING = [
    "SELECT * FROM read_text('{file}')",
    "SELECT * FROM READ_BLOB('{file}')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM '{file}'",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM '{staged}'",
    "SELECT * FROM read_csv('{staged}')",
    "WITH x AS (COPY journal.position TO '{staged}') SELECT 1",
    'SELECT * FROM "{file}"',
    "SELECT * FROM 'http://127.0.0.1:1/x.csv'",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM read_csv('{file}')",
    "SELECT * FROM read_csv_auto('{file}')",
    "SELECT * FROM sniff_csv('{file}')",
    "SELECT * FROM read_json('{file}')",
    "SELECT * FROM read_json_objects('{file}')",
    "SELECT * FROM read_ndjson('{file}')",
    "SELECT * FROM read_parquet('{file}')",
    "SELECT * FROM parquet_scan('{file}')",
    "SELECT * FROM parquet_metadata('{file}')",
    "SELECT * FROM parquet_schema('{file}')",
    "SELECT * FROM parquet_kv_metadata('{file}')",
    "SELECT * FROM parquet_bloom_probe('{file}', 'a', 1)",
    "SELECT * FROM read_duckdb('{db}')",
    "SELECT * FROM read_blob('{db}')",
    "SELECT * FROM read_text('{db}.wal')",
    "SELECT (SELECT content FROM read_text('{file}'))",
    "SELECT * FROM spans, LATERAL (SELECT * FROM read_text('{file}'))",
    "SELECT EXISTS (FROM read_text('{file}'))",
    "DESCRIBE SELECT * FROM read_csv('{file}')",
    "DESCRIBE '{file}'",
    "SUMMARIZE '{file}'",
    "SUMMARIZE SELECT * FROM read_text('{file}')",
    "SELECT * FROM query('SELECT * FROM read_text(''{file}'')')",
    "SELECT * FROM query_table('{file}')",
    "SELECT * FROM query_table(['spans', '{file}'])",
    "SELECT * FROM histogram_values('{file}', 'a')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT json_serialize_plan('SELECT * FROM read_text(''{file}'')')",
    "SELECT getenv('HOME')",
    "SELECT getenv('OTEL_BURN_TOKEN')",
    "SELECT GetEnv('HOME')",
    "SELECT list_transform(['HOME'], lambda x: getenv(x))",
    "SELECT 'HOME'.getenv()",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_logs()",
    "SELECT * FROM duckdb_logs_parsed('QueryLog')",
    "SELECT * FROM duckdb_temporary_files()",
    "SELECT * FROM duckdb_prepared_statements()",
    "SELECT * FROM duckdb_external_file_cache()",
    "SELECT * FROM duckdb_live_query_metrics()",
    "SELECT * FROM which_secret('s3://x', 's3')",
    "SELECT * FROM arrow_scan(1, 1, 1)",
    "SELECT * FROM arrow_scan_dumb(1, 1, 1)",
    "SELECT * FROM python_arrow_scan(1, 1, 1)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM python_map_function(1)",
    "SELECT * FROM seq_scan('spans')",
    "SELECT * FROM batch_spans",
    "SELECT * FROM settings",
    "SELECT * FROM con",
    "SELECT * FROM other.main.t",
    "SELECT __internal_decompress_string(1::HUGEINT)",
    "SELECT __internal_cast(1)",
]
"""SELECTs that would read a file, a variable of the process, or the inside of the engine."""

BOMBS = [
    "SELECT length(repeat('x', 10000000000))",
    "SELECT len(range(3000000000))",
    "SELECT len(list_resize([1], 3000000000, 2))",
    "SELECT count(*) FROM range(1000000000000)",
    "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range + b.range = -1",
    "WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x) SELECT count(*) FROM x",
    "WITH RECURSIVE x AS (SELECT 'x' AS a UNION ALL SELECT a || a FROM x) SELECT max(length(a)) FROM x",
    "SELECT len(array_agg(md5(i::VARCHAR))) FROM range(1000000000000) r(i)",
    "SELECT pg_sleep(100)",
    "SELECT sleep_ms(100000)",
    "SELECT " + "(" * 10_000 + "1" + ")" * 10_000,
    "SELECT " + "+".join(["1"] * 10_000),
    "SELECT " + "NOT " * 16_000 + "true",
    "SELECT " + "[" * 10_000 + "]" * 10_000,
    "SELECT " + "CASE WHEN true THEN " * 2_000 + "1" + " END" * 2_000,
    "SELECT 1" + "::INT" * 10_000,
    "SELECT NULL::INT" + "[]" * 10_000,
    "SELECT NULL::" + "STRUCT(a " * 3000 + "INT" + ")" * 3000,
    "SELECT a" + ".a" * 10_000,
    "SELECT * FROM " + "(SELECT * FROM " * 2000 + "range(1)" + ")" * 2000,
    "SELECT count(*) FROM range(1)" + "".join(f" a{i}, range(1)" for i in range(500)),
    "SELECT 1" + " UNION ALL SELECT 1" * 100_000,
    "SELECT (repeat('[', 100000) || repeat(']', 100000))::INT[]",
    "WITH x0 AS NOT MATERIALIZED (SELECT 1 AS q)"
    + "".join(f", x{i} AS NOT MATERIALIZED (SELECT a.* FROM x{i - 1} a, x{i - 1} b)" for i in range(1, 22))
    + " SELECT count(*) FROM x21",
    "SELECT regexp_matches('a', '((((a{{1,100}}){{1,100}}){{1,100}}){{1,100}})')",
]
"""SELECTs that want all the time, memory, stack or planning that there is."""

UNSTOPPABLE = "SELECT length(printf('%2000000000d', 1)) FROM range(100)"
SLOW_TO_STOP = "SELECT length(printf('%90000000d', i)) FROM range(17) t(i)"
"""Some four seconds of work on values, between which DuckDB does not look whether it shall end."""

HARMLESS = [
    "UNPIVOT (SELECT 1 AS a, 2 AS b) ON a, b",
    "SELECT current_setting('access_mode')",
    "SELECT regexp_matches(repeat('a', 10000), '(a*)*(a*)*(a*)*b')",
    "SELECT json_extract(repeat('[', 100000) || repeat(']', 100000), '$[0]')",
    "SELECT 'DROP TABLE x; COPY y TO ''z''' AS text",
    "SELECT * FROM store.schema_version, journal.damage",
]
"""SELECTs that look dangerous and are not."""


class Sender(threading.Thread):
    """Sends a span now and then, as agents do, until it is told to end."""

    def __init__(self, collector: Collector, make_spans: MakeSpans) -> None:
        super().__init__(daemon=True)
        self._collector = collector
        self._make_spans = make_spans
        self._stopping = threading.Event()
        self.sent = 0

    def run(self) -> None:
        """Send."""
        while not self._stopping.wait(0.5):
            self.sent += 1
            body = self._make_spans(self.sent, service="meanwhile", trace=99)
            assert self._collector.send(body).status == 200

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self.join()


@pytest.fixture(scope="module")
def attacked(
    tmp_path_factory: pytest.TempPathFactory,
    start_module_collector: Callable[..., Collector],
    make_spans: MakeSpans,
) -> Iterator[Collector]:
    """A collector that receives while it is attacked; at the end its store is the same one and has everything."""
    collector = start_module_collector(
        tmp_path_factory.mktemp("attacked") / "burn.duckdb", "--query-seconds", "1"
    )
    assert collector.send(make_spans(1, trace=98)).status == 200
    collector.ledger()
    store, sender = collector.child("store"), Sender(collector, make_spans)
    collector.catalogue = catalogue(collector)
    sender.start()
    yield collector
    sender.stop()
    with collector.ledger() as ledger:
        found = ledger.query("SELECT count(*) AS n FROM spans WHERE service_name = 'meanwhile'").to_pylist()
        damaged = ledger.query("SELECT count(*) AS n FROM journal.damage").to_pylist()
    assert (found, damaged) == ([{"n": sender.sent}], [{"n": 0}])
    assert collector.child("store") == store


def refused(collector: Collector, asking: Asking, sql: str) -> str:
    """The sentence with which *sql* is refused."""
    headers = {"Authorization": f"Bearer {collector.running.token}"}
    answer = asking(collector.running.sql_url, "/sql", json.dumps({"sql": sql}).encode(), headers)
    assert answer.status == 400, answer.body[:200]
    return str(answer.json["error"])


@pytest.mark.parametrize("sql", STATEMENTS + WRITING + LEAVING)
def test_nothing_but_a_select_of_the_ledger_runs(
    attacked: Collector, asking: Asking, tmp_path: Path, sql: str
) -> None:
    """It is refused, nothing is written anywhere, and the ledger's catalogue is as it was."""
    file, folder = tmp_path / "secret.csv", attacked.running.data_dir
    file.write_text(CANARY)
    # The one folder that DuckDB itself may read.
    staged = folder / "staging" / "staged.csv"
    staged.write_text(CANARY)
    fill = {
        "staged": staged,
        "file": file,
        "folder": tmp_path,
        "db": attacked.db,
        "secret": folder / "collector.json",
    }
    said = refused(attacked, asking, sql.format(**fill))
    assert CANARY.strip() not in said
    assert attacked.running.token not in said
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["secret.csv"]
    assert catalogue(attacked) == attacked.catalogue


@pytest.mark.parametrize("sql", BOMBS, ids=lambda sql: sql[:60])
def test_a_bomb_is_refused_or_stopped(attacked: Collector, asking: Asking, sql: str) -> None:
    """With a sentence, soon, and the next query runs."""
    assert refused(attacked, asking, sql.format())
    with attacked.ledger() as ledger:
        assert ledger.query("SELECT 1 AS n").to_pylist() == [{"n": 1}]


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_only_looks_dangerous_runs(attacked: Collector, sql: str) -> None:
    """The guard reads the syntax tree, not the text."""
    with attacked.ledger() as ledger:
        ledger.query(sql)


def test_the_token_is_nowhere_to_be_read(attacked: Collector) -> None:
    """Every table, view and setting that can be read is, and none has it."""
    with attacked.ledger() as ledger:
        tables = ledger.query(
            "SELECT schema_name AS s, table_name AS t FROM duckdb_tables() "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views()"
        ).to_pylist()
        read = 0
        for table in tables:
            try:
                rows = ledger.query(f'SELECT * FROM "{table["s"]}"."{table["t"]}"')
            except Exception as error:  # noqa: BLE001 - some of DuckDB's own views are refused
                rows = str(error)
            read += isinstance(rows, pa.Table)
            assert attacked.running.token not in str(rows)
    assert read > 40


def test_what_stops_late_is_refused_with_a_sentence(
    start_collector: Callable[..., Collector], asking: Asking
) -> None:
    """Also where the time of the answer itself is over before the query has noticed."""
    collector = start_collector("--query-seconds", "1")
    assert (
        refused(collector, asking, SLOW_TO_STOP) == "The query took longer than 1 s. Ask for less at a time."
    )


def test_what_cannot_be_stopped_ends_with_the_store(
    start_collector: Callable[..., Collector], make_spans: MakeSpans, wait_until: Any
) -> None:
    """DuckDB does not interrupt work on one value. The store starts again; nothing is lost or doubled."""
    collector = start_collector("--query-seconds", "1")
    store = collector.child("store")
    told: list[BurnError] = []

    def ask() -> None:
        with pytest.raises(BurnError, match="The collector ended before it had answered") as raised:
            open_ledger(collector.db).query(UNSTOPPABLE)
        told.append(raised.value)

    client = threading.Thread(target=ask)
    client.start()
    sent = 0
    while client.is_alive():
        sent += 1
        assert collector.send(make_spans(sent, trace=7)).status == 200
        client.join(0.5)
    wait_until(lambda: status(collector.running.sql_url))
    assert collector.child("store") != store
    assert collector.log.read_text().count("did not stop") == len(told) == 1
    with collector.ledger() as ledger:
        assert ledger.query("SELECT count(*) AS n FROM spans").to_pylist() == [{"n": sent}]


def catalogue(collector: Collector) -> Any:
    """Everything that the database has by name, and where its journal stands is one row."""
    with open_ledger(collector.db) as ledger:
        return ledger.query(
            "SELECT schema_name, table_name, comment FROM duckdb_tables() UNION ALL "
            "SELECT schema_name, view_name, comment FROM duckdb_views() UNION ALL "
            "SELECT 'journal', 'position', count(*)::VARCHAR FROM journal.position ORDER BY ALL"
        ).to_pylist()
